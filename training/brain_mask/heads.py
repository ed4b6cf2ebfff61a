"""Heads to learn the brain from: label maps (docs/phantoms.md), bent, and painted as no scanner and as any might.

What the images have in common is then the anatomy alone (Billot et al. 2023, SynthSeg; Hoopes et al. 2022, SynthStrip).
"""

from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from scipy import ndimage

#: Which heads make which images, for good (src/phantom/anatomies.ts).
TRAIN = ("02", "04", "06", "07", "08", "10", "12", "13", "15", "16", "17", "18", "19", "20")
VALIDATION = ("03", "11")
#: Voxels [k, j, i] of an image, and their size.
SHAPE = (96, 112, 96)
SPACING_MM = 2.0

#: FreeSurfer's labels of the brain itself.
BRAIN = (*range(2, 6), 7, 8, *range(10, 19), 25, 26, 28, 30, *range(41, 45), 46, 47, *range(49, 55))
BRAIN = (*BRAIN, 57, 58, 60, 62, 72, 85, 136, 137, 163, 164)
#: Label -> the one that has the same contrast: left and right, and structures that look alike.
SAME = {41: 2, 42: 3, 43: 4, 5: 4, 44: 4, 14: 4, 15: 4, 46: 7, 47: 8, 49: 10, 50: 11, 51: 12, 52: 13, 53: 17, 54: 18}
SAME = {**SAME, 57: 25, 58: 26, 60: 28, 62: 30, 72: 4, 136: 2, 137: 2, 163: 2, 164: 2}
#: Post-contrast T1 intensities; white matter is 1. What is not named lies at 0.6.
T1 = {0: 0.0, 2: 1.0, 3: 0.72, 4: 0.25, 7: 0.98, 8: 0.72, 13: 0.92, 16: 0.95, 24: 0.25, 28: 0.95, 502: 1.6, 514: 1.6}
T1 = {**T1, 506: 0.3, 509: 1.3, 511: 0.9, 512: 0.9, 515: 0.1, 516: 1.2, 530: 0.8}


@dataclass
class Head:
    """One person. [k, j, i] at 1 mm: up, to posterior, to the left."""

    labels: np.ndarray  # int16
    brain: np.ndarray  # bool; with its sulci


def read_head(folder: Path, name: str) -> Head:
    """The label map seg_<name>.nii.gz, whose axes run to the left, down and forward, and its brain.

    The brain is what lies within 4 mm of its labels without the outermost 3⅓ mm of that: closed over its sulci, as the
    phantoms' masks are (src/phantom/label-head.ts).
    """
    values = np.asarray(nibabel.load(folder / f"seg_{name}.nii.gz").dataobj).astype(np.int16)
    labels = np.ascontiguousarray(values[:, ::-1, ::-1].transpose(1, 2, 0))
    parts = np.isin(labels, BRAIN)
    occupied = [np.flatnonzero(parts.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    box = tuple(slice(max(0, int(o[0]) - 8), int(o[-1]) + 9) for o in occupied)
    near = ndimage.distance_transform_edt(~parts[box]) <= 4
    brain = parts.copy()
    brain[box] |= ndimage.distance_transform_edt(near) > 10 / 3
    return Head(labels, brain)


def bent_grid(head: Head, rng: np.random.Generator) -> np.ndarray:
    """Where the voxels of an image lie in the head, [3, k, j, i]: turned, stretched, warped and not quite centred."""
    occupied = np.argwhere(head.brain[::4, ::4, ::4]) * 4
    middle = (occupied.min(0) + occupied.max(0)) / 2 + rng.normal(0, 6, 3)
    linear = np.diag(np.exp(rng.normal(0, 0.08, 3))) + rng.normal(0, 0.03, (3, 3))
    for axis, angle in enumerate(np.radians(rng.normal(0, 8, 3))):
        turn = np.eye(3)
        a, b = (n for n in range(3) if n != axis)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        linear = linear @ turn
    if rng.random() < 0.5:
        linear[:, 2] *= -1
    axes = [(np.arange(n, dtype=np.float32) - (n - 1) / 2) * SPACING_MM for n in SHAPE]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"))
    places = np.tensordot(linear.astype(np.float32), grid, 1) + middle.astype(np.float32).reshape(3, 1, 1, 1)
    return places + smooth(rng, 3, cells=6) * rng.uniform(0, 4)


def smooth(rng: np.random.Generator, channels: int, cells: int) -> np.ndarray:
    """A random field [channel, k, j, i] of unit deviation that varies over a `cells`-th of the image."""
    coarse = rng.standard_normal((channels, cells, cells, cells)).astype(np.float32)
    return np.stack(
        [ndimage.zoom(c, [n / cells for n in SHAPE], order=1, grid_mode=True, mode="nearest") for c in coarse]
    )


def painted(labels: np.ndarray, brain: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An image [k, j, i] of a head's labels: a contrast, lesions, a scanner."""
    kinds = np.vectorize(lambda label: SAME.get(label, label), otypes=[int])(np.arange(labels.max() + 1))
    like_t1 = rng.random() < 0.6
    level = {k: T1.get(int(k), 0.6) + rng.normal(0, 0.12) if like_t1 else rng.uniform(0, 1.6) for k in np.unique(kinds)}
    level[0] = 0.0 if rng.random() < 0.8 else rng.uniform(0, 0.2)
    values = np.array([level[k] for k in kinds], np.float32)
    image = values[labels] * (1 + 0.06 * rng.standard_normal(labels.shape, dtype=np.float32))
    image = with_lesions(image, brain, rng)
    if rng.random() < 0.1:
        # Stripped of its skull already, more or less tightly.
        image = image * ndimage.binary_dilation(brain, iterations=int(rng.integers(1, 3)))
    spread = rng.uniform(0.2, 1.0, 3)
    if rng.random() < 0.3:
        spread[rng.integers(3)] = rng.uniform(1, 2.5)
    image = ndimage.gaussian_filter(image, spread) * np.exp(rng.uniform(0, 0.35) * smooth(rng, 1, cells=3)[0])
    noise = rng.uniform(0, 0.1) * rng.standard_normal((2, *labels.shape), dtype=np.float32)
    image = np.hypot(image + noise[0], noise[1])
    return image ** np.exp(rng.normal(0, 0.2))


def with_lesions(image: np.ndarray, brain: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Metastases, necrotic or solid, oedema and surgical cavities, of any brightness: brain all the same."""
    inside = np.argwhere(brain)
    for _ in range(int(rng.integers(0, 5))):
        centre, radii = inside[rng.integers(len(inside))], rng.uniform(1, 12, 3) * rng.uniform(0.3, 1)
        box = tuple(slice(max(0, int(c - r - 2)), int(c + r + 3)) for c, r in zip(centre, radii))
        grid = np.ogrid[box]
        distance = sum(((g - c) / r) ** 2 for g, c, r in zip(grid, centre, radii)) ** 0.5
        ring = distance > 0.7 if rng.random() < 0.4 else distance > 0
        part = (distance < 1) & brain[box]
        image[box] = np.where(part, np.where(ring, rng.uniform(0, 1.8), rng.uniform(0, 0.8)), image[box])
    return image


def normalised(image: np.ndarray) -> np.ndarray:
    """In parts of the 99th percentile of what is above zero, at most 1.5: what the network is shown."""
    above = image[image > 0]
    return (
        np.minimum(image / max(float(np.percentile(above, 99)), 1e-6), 1.5).astype(np.float32) if len(above) else image
    )


def example(heads: list[Head], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(image, brain), both [k, j, i] of SHAPE, float32."""
    head = heads[int(rng.integers(len(heads)))]
    places = bent_grid(head, rng)
    labels = ndimage.map_coordinates(head.labels, places, order=0, mode="constant")
    brain = ndimage.map_coordinates(head.brain.view(np.uint8), places, order=0, mode="constant") > 0
    image = painted(labels, brain, rng)
    if rng.random() < 0.3:
        # A field of view that ends below and above: what it does not show is no brain.
        seen = slice(int(rng.integers(0, 20)), len(image) - int(rng.integers(0, 12)))
        shown = np.zeros((len(image), 1, 1), bool)
        shown[seen] = True
        image, brain = image * shown, brain & shown
    return normalised(image), brain.astype(np.float32)
