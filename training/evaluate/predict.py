"""Probability maps of one network for the time points of a split, as NIfTI files on the template grid: what
`training.evaluate` scores.

    python3 -m training.evaluate.predict --checkpoint training/runs/m-sens/checkpoint.pt --split validation \
        --to training/runs/m-sens/validation
    ... --prior withheld | --prior 2      without the prior; with each prior moved by 2 mm in a direction of its own

It can be interrupted at any time: existing maps are kept, as long as the network is the same. For networks that have
the node's parts (`training.export.parts`), `npm run predict` is five times as fast.
"""

import argparse
import hashlib
import json
import os
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import nibabel
import numpy as np
import torch
from scipy import ndimage

from training.data.case import NORMALISATIONS, Case, normalise, read_array
from training.data.cases import Cases
from training.network.checkpoint import load_network
from training.network.heap import keep_freed_memory
from training.network.whole_volume import TILE, probability_volume

#: Probabilities below this are written as 0; the thresholds of curves start above it.
LEAST = 1e-3
SHAPE = (155, 240, 240)


def file_of(folder: Path, case: Case) -> Path:
    return Path(folder) / f"{case.name.replace('/', '-')}.nii.gz"


def write_map(file: Path, probability: np.ndarray, corner: tuple) -> None:
    """Write a probability [k, j, i] on the crop at `corner` onto the template grid; readers see all or nothing."""
    whole = np.zeros(SHAPE, np.float32)
    whole[tuple(slice(c, c + n) for c, n in zip(corner, probability.shape))] = np.where(
        probability < LEAST, 0, probability
    )
    partial = file.with_name(f"partial-{file.name}")
    nibabel.save(nibabel.Nifti1Image(whole.transpose(2, 1, 0), np.eye(4)), partial)
    os.replace(partial, file)


def read_map(folder: Path, case: Case) -> np.ndarray:
    """The probability [k, j, i] on the case's crop. Raises FileNotFoundError if it was not predicted."""
    whole = np.asarray(nibabel.load(file_of(folder, case)).dataobj).transpose(2, 1, 0)
    return whole[tuple(slice(c, c + n) for c, n in zip(case.corner, case.mask.shape))]


def claim(folder: Path, origin: dict) -> None:
    """Note in `folder` where its maps come from. Raises SystemExit if it holds maps of something else."""
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "origin.json"
    if note.exists() and json.loads(note.read_text()) != origin:
        raise SystemExit(f"{folder} holds maps of another network or with other options; remove it to predict anew")
    # Several processes may arrive at the same time.
    partial = folder / f"origin.json.{os.getpid()}"
    partial.write_text(json.dumps(origin, indent=1) + "\n")
    os.replace(partial, note)


def changed_prior(case: Case, folder: Path, prior: str, normalisation: str = NORMALISATIONS[0]) -> tuple:
    """(the prior [k, j, i] that the network is to see, its value outside the brain), for a case read from `folder`.

    `prior` is "withheld", or the millimetres by which it is moved before it is masked, as by an inaccurate
    registration, in a direction that follows from the name of the case. "0" is the prior as it is.
    """
    if prior == "withheld" or not case.has_prior:
        return np.zeros_like(case.prior), 0.0
    if float(prior) == 0:
        return case.prior, case.background[1]
    rng = np.random.default_rng(list(hashlib.sha256(case.name.encode()).digest()))
    direction = rng.normal(size=3)
    shift = direction / np.linalg.norm(direction) * float(prior)
    box = tuple(slice(c, c + n) for c, n in zip(case.corner, case.mask.shape))
    mask = np.zeros(SHAPE, bool)
    mask[box] = case.mask
    moved = ndimage.shift(read_array(folder / "prior.nii.gz").astype(np.float32), shift, order=1)
    values, beyond = normalise(moved, mask, normalisation)
    return values[box].astype(np.float16), beyond


@dataclass
class Maps:
    """Maps on disk."""

    folder: Path
    #: Any: maps are scored against labels, which no normalisation changes.
    normalisation: str | None = None

    @property
    def with_prior(self) -> bool:
        return json.loads((self.folder / "origin.json").read_text())["withPrior"]

    def has(self, case: Case) -> bool:
        return file_of(self.folder, case).exists()

    def probability(self, case: Case) -> np.ndarray:
        return read_map(self.folder, case)


@dataclass
class Checkpoint:
    """A trained network as a source of maps, on CUDA if torch has it: in single precision, as on a processor."""

    path: Path
    #: The folder of the patients.
    split: Path
    #: Of `changed_prior`.
    prior: str = "0"

    def __post_init__(self):
        torch.backends.cudnn.allow_tf32 = False
        network, state = load_network(self.path)
        self.network = network.to("cuda" if torch.cuda.is_available() else "cpu")
        self.normalisation = state["config"].get("normalisation", NORMALISATIONS[0])

    @property
    def with_prior(self) -> bool:
        return self.prior != "withheld"

    @property
    def origin(self) -> dict:
        """Where its maps come from."""
        return {
            "checkpoint": hashlib.sha256(self.path.read_bytes()).hexdigest(),
            "withPrior": self.with_prior,
            "prior": self.prior,
        }

    def has(self, case: Case) -> bool:
        return True

    def probability(self, case: Case) -> np.ndarray:
        """The map [k, j, i] on the case's crop."""
        prior, beyond = changed_prior(case, self.split / case.name, self.prior, self.normalisation)
        return probability_volume(self.network, case.current, prior, case.mask, TILE, (case.background[0], beyond))


def predict(cases, probability, folder: Path, say=print) -> None:
    """Write the maps of `cases` (case -> `probability`) that `folder` does not hold yet."""
    for number, case in enumerate(cases, start=1):
        file = file_of(folder, case)
        if file.exists():
            continue
        write_map(file, probability(case), case.corner)
        say(f"{case.name}: {number} of {len(cases)}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", required=True, type=Path)
    parser.add_argument("--to", required=True, type=Path, help="folder of the maps")
    parser.add_argument("--data", default="training/runs/data")
    parser.add_argument("--cache", default="training/runs/cache")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--cases", default="*", help="pattern of <patient>/<time point>, such as '*/t1'")
    parser.add_argument("--prior", default="0", help="withheld, or millimetres to move it by")
    parser.add_argument(
        "--share", default="1/1", metavar="K/N", help="every Nth time point, on as large a part of the processors"
    )
    options = parser.parse_args()
    keep_freed_memory()
    share, shares = map(int, options.share.split("/"))
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // shares))
    source = Checkpoint(options.checkpoint, Path(options.data, options.split), options.prior)
    claim(options.to, source.origin)
    everything = Cases(options.data, options.split, options.cache, source.normalisation)
    chosen = [case for case in everything if fnmatch(case.name, options.cases)]
    predict(chosen[share - 1 :: shares], source.probability, options.to)
