"""Training segments: where they are centred, and how they are cut."""

from dataclasses import dataclass

import numpy as np

from training.data.augment import augmented, quarter_turn
from training.data.case import Case
from training.data.sampling import SamplingConfig
from training.network.config import HALO
from training.network.geometry import cut


@dataclass
class Segment:
    """What a network is shown at once. Float32, [k, j, i]; sizes in voxels for an output of edge n."""

    current: np.ndarray  # n + 18
    current_by3: np.ndarray  # ceil(n / 3) + 18
    current_by5: np.ndarray  # ceil(n / 5) + 18
    prior: np.ndarray  # n + 18
    label: np.ndarray  # n; 1 in a metastasis
    inside: np.ndarray  # n; 1 in the brain

    @property
    def inputs(self) -> tuple[np.ndarray, ...]:
        return self.current, self.current_by3, self.current_by5, self.prior


def choose_centre(
    case: Case, rng: np.random.Generator, tumour: bool, mistakes: list, config: SamplingConfig
) -> tuple[int, ...]:
    """A random voxel [k, j, i]: of a metastasis (`tumour`, where the case has one), or of the brain outside them.

    Of the metastases with at least `smallest_tumour` voxels each is equally likely when `sample_by` is "lesion", each
    voxel of theirs when it is "voxel". Of the others a share `mistake_fraction` is one of `mistakes`, and a share
    `bright_fraction` of the rest a bright voxel.
    """
    lesions = [one for one in case.lesion_centres if len(one) >= config.smallest_tumour] if tumour else []
    if lesions:
        by_lesion = config.sample_by == "lesion"
        centres = lesions[rng.integers(len(lesions))] if by_lesion else np.concatenate(lesions)
    elif mistakes and rng.random() < config.mistake_fraction:
        return tuple(int(x) for x in mistakes[rng.integers(len(mistakes))])
    elif rng.random() < config.bright_fraction and len(case.bright_centres):
        centres = case.bright_centres
    else:
        centres = case.ordinary_centres
    where = np.unravel_index(centres[rng.integers(len(centres))], case.label.shape)
    return tuple(int(x) for x in where)


def cut_segment(
    case: Case, centre: tuple[int, ...], rng: np.random.Generator, config: SamplingConfig
) -> tuple[Segment, np.ndarray]:
    """(segment around `centre`, changed by chance; caseFromSegment: 4 x 4, its output's voxels to the case's)."""
    size = config.segment
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
    label, inside = (
        (cut(volume, start, box, 1, flipped)[HALO:-HALO, HALO:-HALO, HALO:-HALO] > 0).astype(np.float32)
        for volume in (case.label, case.mask)
    )
    arrays = (*current, prior, label, inside)
    segment = Segment(*(np.ascontiguousarray(np.swapaxes(x, *turn)) for x in arrays) if turn else arrays)
    case_from_segment = np.eye(4)
    for axis in range(3):
        case_from_segment[axis, axis] = -1 if flipped[axis] else 1
        case_from_segment[axis, 3] = start[axis] + (size - 1 if flipped[axis] else 0)
    if turn:
        case_from_segment[:, list(turn)] = case_from_segment[:, list(turn)[::-1]]
    return segment, case_from_segment
