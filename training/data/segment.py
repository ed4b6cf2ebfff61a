"""Training segments: where they are centred, and how they are cut."""

from dataclasses import dataclass

import numpy as np

from training.data.augment import augmented, quarter_turn
from training.data.case import Case
from training.data.cases import Cases
from training.data.sampling import SamplingConfig
from training.network.config import HALO
from training.network.geometry import cut


@dataclass
class Segment:
    """What one training example was cut from, so that it can be cut again."""

    case: str
    centre: tuple[int, ...]  # [k, j, i] in the case's crop


def choose_segment(cases: Cases, rng: np.random.Generator, tumour: bool, config: SamplingConfig) -> Segment:
    """A random segment centred on a tumour voxel, or (not `tumour`) on a brain voxel outside tumours.

    Of the metastases with at least `smallest_tumour` voxels each is equally likely when `sample_by` is "lesion", each
    voxel of theirs when it is "voxel". A share `bright_fraction` of the segments without tumour at their centre is
    centred on bright voxels.
    """
    lesions = (
        {c.name: [one for one in c.lesion_centres if len(one) >= config.smallest_tumour] for c in cases}
        if tumour
        else {}
    )
    everyone = [c for c in cases if lesions[c.name]] if tumour else list(cases)
    if tumour and config.sample_by == "lesion":
        choices = [(c, lesion) for c in everyone for lesion in lesions[c.name]]
        case, centres = choices[rng.integers(len(choices))]
    else:
        case = everyone[rng.integers(len(everyone))]
        if tumour:
            centres = np.concatenate(lesions[case.name])
        elif rng.random() < config.bright_fraction and len(case.bright_centres):
            centres = case.bright_centres
        else:
            centres = case.ordinary_centres
    where = np.unravel_index(centres[rng.integers(len(centres))], case.label.shape)
    return Segment(case.name, tuple(int(x) for x in where))


def cut_segment(case: Case, centre: tuple, size: int, rng: np.random.Generator, config: SamplingConfig) -> tuple:
    """(current, current_by3, current_by5, prior, label), float32, augmented; `size` is the output's edge in voxels."""
    start = [c - size // 2 for c in centre]
    box = (size, size, size)
    flipped = [rng.random() < p for p in config.flip_probability]
    turn = quarter_turn(rng, config)
    if turn:
        # Two axes exchanged and one of them mirrored are a rotation.
        flipped[turn[0]] = not flipped[turn[0]]
    beyond, beyond_prior = case.background
    current = [cut(case.current, start, box, factor, flipped, beyond) for factor in (1, 3, 5)]
    current = augmented(current, [1, 3, 5], size, rng, config)
    absent = rng.random() < config.prior_dropout or not case.has_prior
    if absent:
        prior = np.zeros_like(current[0])
    else:
        moved = [s + int(d) for s, d in zip(start, rng.integers(-1, 2, 3) * (rng.random() < config.prior_shift))]
        (prior,) = augmented([cut(case.prior, moved, box, 1, flipped, beyond_prior)], [1], size, rng, config)
    label = cut(case.label, start, box, 1, flipped)[HALO:-HALO, HALO:-HALO, HALO:-HALO]
    arrays = (*current, prior, (label > 0).astype(np.float32))
    return tuple(np.swapaxes(x, *turn) for x in arrays) if turn else arrays


def batch_arrays(segments: list) -> tuple:
    """Stack segments: four inputs [B, 1, k, j, i] and the label [B, k, j, i]."""
    columns = [np.stack(column) for column in zip(*segments)]
    return [c[:, None] for c in columns[:4]], columns[4]
