"""Metastasis-level scoring of one volume: which predicted components are which metastases."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

#: A finding has at least this many voxels: half of M_sens's false findings are single voxels, and on validation
#: patients no metastasis that it found had fewer than three.
MINIMUM_VOXELS = 3
#: Voxels that share a face, an edge or a corner belong together.
NEIGHBOURS = np.ones((3, 3, 3))
#: Classes of metastasis size: name and half-open range of the equivalent diameter in mm.
DIAMETER_CLASSES = {"<3 mm": (0, 3), "3-6 mm": (3, 6), "6-10 mm": (6, 10), ">=10 mm": (10, np.inf)}
TINY_MM3 = 100


@dataclass
class Matched:
    """The score of one volume. Volumes are in voxels, which are cubic millimetres."""

    lesion_volumes: dict  # metastasis number -> mm3
    found: dict  # metastasis number -> Dice coefficient with its component, true positives only
    false_volumes: list  # mm3 of every component that matches no metastasis
    false_centres: list  # their positions [k, j, i]
    false_peaks: list  # their highest probabilities


def findings(mask: np.ndarray, minimum_voxels: int = MINIMUM_VOXELS) -> tuple:
    """(the 26-connected components of a mask with at least `minimum_voxels` voxels, numbered from 1, 0 elsewhere; how
    many there are).
    """
    components, count = ndimage.label(mask, NEIGHBOURS)
    large = np.bincount(components.ravel(), minlength=count + 1) >= minimum_voxels
    large[0] = False
    return np.where(large, np.cumsum(large), 0)[components], int(large.sum())


def match_volume(
    probability: np.ndarray, label: np.ndarray, threshold=0.5, minimum_iou=0.0, minimum_voxels=MINIMUM_VOXELS
) -> Matched:
    """Match the `findings` of `probability` >= `threshold` one to one with the metastases of `label`.

    A pair may match if it overlaps at all (or has `minimum_iou`). As many pairs as possible are matched, and among
    those assignments the one with the most overlap is taken. Whatever remains unmatched is a miss or a false positive.
    """
    components, count = findings(probability >= threshold, minimum_voxels)
    numbers = [int(n) for n in np.unique(label) if n > 0]
    lesion_volumes = {n: int((label == n).sum()) for n in numbers}
    component_volumes = np.bincount(components.ravel(), minlength=count + 1)
    overlap = np.zeros((len(numbers), count))
    for row, n in enumerate(numbers):
        overlap[row] = np.bincount(components[label == n], minlength=count + 1)[1:]
    union = np.array([lesion_volumes[n] for n in numbers]).reshape(-1, 1) + component_volumes[None, 1:] - overlap
    allowed = (overlap > 0) & (overlap >= minimum_iou * union)
    # One more match outweighs any overlap.
    rows, columns = linear_sum_assignment(np.where(allowed, 1e9 + overlap, 0), maximize=True)
    pairs = [(r, c) for r, c in zip(rows, columns) if allowed[r, c]]
    found = {numbers[r]: 2 * overlap[r, c] / (lesion_volumes[numbers[r]] + component_volumes[c + 1]) for r, c in pairs}
    rest = sorted(set(range(1, count + 1)) - {c + 1 for _, c in pairs})
    boxes = ndimage.find_objects(components)
    peaks = [float(probability[boxes[c - 1]][components[boxes[c - 1]] == c].max()) for c in rest]
    centres = [tuple(round(x) for x in centre) for centre in ndimage.center_of_mass(components > 0, components, rest)]
    return Matched(lesion_volumes, found, [int(component_volumes[c]) for c in rest], centres, peaks)


def equivalent_diameter(volume: float) -> float:
    """Diameter in mm of the sphere of `volume` mm3."""
    return float((6 * volume / np.pi) ** (1 / 3))
