"""A time point as another scanner, on another day, might have shown it: changed as a whole, before segments are cut."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from training.data.case import Case, segment_centres
from training.data.sampling import SamplingConfig


def varied(case: Case, rng: np.random.Generator, config: SamplingConfig) -> tuple[Case, np.ndarray]:
    """(changed case, originalFromChanged).

    Both scans are turned and stretched alike, and the prior drifts a little further. Then each, by itself, is seen
    through another point spread, other slices and other noise, and normalised anew. `originalFromChanged` is a 4 x 4
    matrix in voxels [k, j, i] of the case's crop. Without any option set, the case is returned as it is.
    """
    original_from_changed = turned_and_stretched(case.mask.shape, rng, config)
    moves = config.rotation_deviation > 0 or config.zoom_deviation > 0
    drift = np.eye(4)
    drift[:3, 3] = rng.normal(0, config.prior_drift, 3)
    if not (moves or config.prior_drift or config.thick_probability or config.widest_spread or config.strongest_noise):
        return case, original_from_changed

    def moved(volume: np.ndarray, matrix: np.ndarray, order: int, beyond: float = 0.0) -> np.ndarray:
        values = np.asarray(volume, np.float32 if order else volume.dtype)
        if np.array_equal(matrix, np.eye(4)):
            return values
        return ndimage.affine_transform(values, matrix[:3, :3], matrix[:3, 3], order=order, cval=beyond)

    mask = moved(np.asarray(case.mask, np.uint8), original_from_changed, 0) > 0
    label = moved(case.label, original_from_changed, 0)
    scans = {}
    for name, matrix, beyond in (
        ("current", original_from_changed, case.background[0]),
        ("prior", original_from_changed @ drift, case.background[1]),
    ):
        if name == "prior" and not case.has_prior:
            scans[name] = np.zeros(mask.shape, np.float32)
        else:
            scans[name] = rescanned(moved(getattr(case, name), matrix, 1, beyond), mask, beyond, rng, config)
    ordinary, bright, voxels, ends = segment_centres(scans["current"], label, mask, int(rng.integers(2**31)))
    changed = replace(
        case,
        current=scans["current"],
        prior=scans["prior"],
        label=label,
        mask=mask,
        ordinary_centres=ordinary,
        bright_centres=bright,
        lesion_voxels=voxels,
        lesion_ends=ends,
    )
    return changed, original_from_changed


def turned_and_stretched(shape: tuple, rng: np.random.Generator, config: SamplingConfig) -> np.ndarray:
    """A random rotation and stretch about the middle of a volume: 4 x 4, voxels [k, j, i] to voxels."""
    linear = np.diag(np.exp(rng.normal(0, config.zoom_deviation, 3)))
    for axis, angle in enumerate(np.radians(rng.normal(0, config.rotation_deviation, 3))):
        turn = np.eye(3)
        a, b = (n for n in range(3) if n != axis)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        linear = linear @ turn
    middle = (np.array(shape) - 1) / 2
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = linear, middle - linear @ middle
    return matrix


def rescanned(
    image: np.ndarray, mask: np.ndarray, beyond: float, rng: np.random.Generator, config: SamplingConfig
) -> np.ndarray:
    """A normalised scan through another point spread, thicker slices and more noise; `beyond` outside `mask`."""
    spread = [rng.uniform(0, config.widest_spread) if config.widest_spread else 0.0 for _ in range(3)]
    thick = rng.random() < config.thick_probability
    axis, thickness = int(rng.integers(3)), rng.uniform(1, config.thickest)
    if thick:
        # A slice's profile of that width, as a Gaussian.
        spread[axis] = 0.42 * thickness
    if any(spread):
        # Of the brain alone: what lies outside the mask is unknown and pulls nothing towards itself.
        weight = ndimage.gaussian_filter(mask.astype(np.float32), spread)
        image = ndimage.gaussian_filter(np.where(mask, image, 0), spread) / np.maximum(weight, 1e-3)
    noise = rng.uniform(0, config.strongest_noise) if config.strongest_noise else 0.0
    if noise:
        image = image + noise * rng.standard_normal(image.shape, dtype=np.float32)
    if thick:
        image = through_slices(image, axis, thickness, rng.uniform(0, 1))
    inside = image[mask]
    result = np.full(image.shape, beyond, np.float32)
    # As bright and as wide as before, whatever the changes did: z-score-in-mask stays one.
    result[mask] = (inside - inside.mean()) / max(float(inside.std()), 1e-6) if beyond == 0 else inside
    return result


def through_slices(image: np.ndarray, axis: int, thickness: float, offset: float) -> np.ndarray:
    """`image` read at slices `thickness` voxels apart along `axis`, and interpolated between them."""
    positions = np.arange(image.shape[axis], dtype=np.float32)
    slices = np.arange(offset * thickness - thickness, image.shape[axis] + thickness, thickness, dtype=np.float32)
    below = np.clip(np.searchsorted(slices, positions, side="right") - 1, 0, len(slices) - 2)
    share = ((positions - slices[below]) / thickness).astype(np.float32)
    values = np.moveaxis(image, axis, 0)
    read = values[np.clip(np.rint(slices).astype(int), 0, len(values) - 1)]
    shape = (-1, 1, 1)
    mixed = read[below] * (1 - share).reshape(shape) + read[below + 1] * share.reshape(shape)
    return np.moveaxis(mixed, 0, axis)
