"""Batches of training segments, prepared ahead by workers, and the same whoever prepares them.

Every batch holds one segment of each of `batch` time points. A time point is read and changed once (`data.vary`), gives
`segments_per_visit` segments, and then another takes its place; the places change in turn. What a visit holds follows
from the seed, its place, its number and the mistakes known when it is prepared, so that a run that goes on is given
what it would have been given.
"""

import shutil
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.data.case import cached_case
from training.data.cases import Cases
from training.data.segment import Segment, choose_centre, cut_segment
from training.data.vary import varied
from training.train.config import TrainConfig

#: Time points that are kept however often they were visited.
FEWEST = 8


def patient_of(name: str) -> str:
    """Of <patient>/<time point>."""
    return name.partition("/")[0]


@dataclass
class Mistake:
    """Where a network called something a metastasis that is none."""

    step: int
    case: str
    centre: tuple[int, ...]  # [k, j, i] in the case's crop, before any change


@dataclass
class Cut:
    """A segment, and where it was cut: 4 x 4, voxels of its output to voxels of the unchanged case's crop."""

    case: str
    segment: Segment
    original_from_segment: np.ndarray


@dataclass
class Batch:
    """Tensors on the configuration's device: inputs [B, 1, ...], label and inside [B, k, j, i]."""

    cuts: list[Cut]
    inputs: list[Tensor]
    label: Tensor
    inside: Tensor


def visit(folder: Path, mistakes: list[tuple[int, ...]], seed: list[int], config: TrainConfig) -> list[Cut]:
    """The segments of one visit of the time point in `folder`."""
    rng = np.random.default_rng(seed)
    case = cached_case(folder, Path(config.cache), config.normalisation)
    changed, original_from_changed = varied(case, rng, config)
    changed_from_original = np.linalg.inv(original_from_changed)
    shape = np.array(changed.mask.shape)
    moved = [np.rint((changed_from_original @ (*centre, 1))[:3]).astype(int) for centre in mistakes]
    known = [centre for centre in moved if ((centre >= 0) & (centre < shape)).all()]
    cuts = []
    for n in range(config.segments_per_visit):
        # Spread evenly, so that each batch has about its share.
        tumour = int((n + 1) * config.tumour_fraction) > int(n * config.tumour_fraction)
        centre = choose_centre(changed, rng, tumour, known, config)
        segment, changed_from_segment = cut_segment(changed, centre, rng, config)
        cuts.append(Cut(case.name, segment, original_from_changed @ changed_from_segment))
    return cuts


class Batches:
    """The batches of a run, by step."""

    def __init__(self, cases: Cases, config: TrainConfig):
        self.cases, self.config = cases, config
        # Threads of the parent do not survive a fork.
        context = get_context("spawn")
        self.pool = ProcessPoolExecutor(config.workers, context) if config.workers else None
        self.ready: dict[tuple[int, int], Future | list[Cut]] = {}
        #: Visits of each patient so far.
        self.visits: Counter[str] = Counter()

    def place(self, slot: int, step: int) -> tuple[int, int]:
        """(number of the visit, number of its segment) that a place of the batch has at a step."""
        length = self.config.segments_per_visit
        return divmod(step + slot * length // self.config.batch, length)

    def prepare(self, slot: int, number: int, mistakes: list[Mistake]) -> Future | list[Cut]:
        """Choose the time point of a visit and have it prepared."""
        length = self.config.segments_per_visit
        seed = [self.config.seed, slot, number]
        names = self.cases.names
        name = names[int(np.random.default_rng(seed).integers(len(names)))]
        self.visits[patient_of(name)] += 1
        # Known when the visit before began.
        until = (number - 1) * length - slot * length // self.config.batch
        recent = [m for m in mistakes if m.step <= until][-self.config.mistake_capacity :]
        arguments = (self.cases.folder(name), [m.centre for m in recent if m.case == name], seed, self.config)
        return self.pool.submit(visit, *arguments) if self.pool else visit(*arguments)

    def at(self, step: int, mistakes: list[Mistake]) -> Batch:
        """The batch that is learnt from at `step`, on the configuration's device."""
        cuts = []
        for slot in range(self.config.batch):
            number, n = self.place(slot, step)
            # With workers, the next visit is prepared while this one is learnt from.
            for wanted in (number, number + 1) if self.pool else (number,):
                if (slot, wanted) not in self.ready:
                    self.ready[slot, wanted] = self.prepare(slot, wanted, mistakes)
            self.ready.pop((slot, number - 1), None)
            found = self.ready[slot, number]
            if isinstance(found, Future):
                found = self.ready[slot, number] = self.result(found, slot, number, mistakes)
            cuts.append(found[n])
        return gathered(cuts, self.config.device)

    def result(self, future: Future, slot: int, number: int, mistakes: list[Mistake]) -> list[Cut]:
        """What a worker prepared; from another time point where an endless stream has taken the chosen one away."""
        while True:
            try:
                return future.result()
            except FileNotFoundError:
                self.cases.refresh()
                again = self.prepare(slot, number, mistakes)
                if not isinstance(again, Future):
                    return again
                future = again

    def use_up(self) -> None:
        """Remove synthetic patients that were visited often enough, but for the last few."""
        limit = self.config.visits_of_a_patient
        if not limit:
            return
        # Other runs that learn from the same stream remove patients, too.
        self.cases.refresh()
        patients: dict[str, list[str]] = {}
        for name in self.cases.names:
            patients.setdefault(patient_of(name), []).append(name)
        left = len(self.cases)
        # The newest may still be being written.
        for patient, names in sorted(patients.items())[:-1]:
            synthetic = self.cases.by_name[names[0]].details.get("patient") == patient
            if synthetic and self.visits[patient] >= limit and left > FEWEST:
                # Without its note a time point is none, for whoever looks meanwhile.
                for name in names:
                    (self.cases.folder(name) / "case.json").unlink(missing_ok=True)
                shutil.rmtree(self.cases.folder(patient), ignore_errors=True)
                shutil.rmtree(self.cases.store(patient), ignore_errors=True)
                left -= len(names)
        self.cases.refresh()

    def close(self) -> None:
        if self.pool:
            self.pool.shutdown(cancel_futures=True)


def gathered(cuts: list[Cut], device: str) -> Batch:
    """The tensors of a batch."""

    def tensor(arrays: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack(arrays)).to(device)

    inputs = [tensor(list(column))[:, None] for column in zip(*(cut.segment.inputs for cut in cuts))]
    label, inside = tensor([c.segment.label for c in cuts]), tensor([c.segment.inside for c in cuts])
    return Batch(cuts, inputs, label, inside)
