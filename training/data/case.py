"""Patients on disk, normalised and cut into segments.

Layout, one folder per patient and time point; patients never cross splits:

    <root>/<split>/<patient>/<time point>/
        image.nii.gz   the scan in the template's grid, whole head
        prior.nii.gz   the previous scan, registered; absent for a first scan
        label.nii.gz   0 = background, otherwise a metastasis' number
        mask.nii.gz    the brain
        case.json      written last: what else is known, such as `lesions`

`priora training-data` writes it from a hospital's DICOM and from public data sets, `priora phantom` from nothing;
README.md says how.

Preprocessing is that of the manifests, with `masking: brain`; the prior is masked by the current scan's brain, and a
missing prior is zeros. `normalisation` is z-score-in-mask (zero mean and unit variance over the brain, 0 outside) or,
as the authors have it, z-score-whole (over the whole masked image with its zeros). `biasCorrection` in case.json says
whether the scans were corrected by N4 (absent: none).
"""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from training.network.geometry import LATTICE

#: Standard deviations above the mean of the brain from which a voxel counts as bright: vessels, sinuses, choroid
#: plexus.
BRIGHT = 2.0
#: Candidate centres kept per case and kind.
CENTRES = 20_000


@dataclass
class Case:
    """One time point on the crop [k, j, i] around its brain, whose corner lies on the tiling lattice."""

    name: str
    current: np.ndarray  # float16
    prior: np.ndarray  # float16, zeros if there is none
    label: np.ndarray  # uint8, metastasis numbers
    mask: np.ndarray  # bool
    corner: tuple  # of the crop in the whole grid, [k, j, i]
    has_prior: bool
    details: dict  # case.json
    digest: str  # of the voxels

    ordinary_centres: np.ndarray  # flat indices of brain voxels outside metastases
    bright_centres: np.ndarray  # those of them that are bright
    lesion_voxels: np.ndarray  # flat indices of metastases' voxels inside the mask ...
    lesion_ends: np.ndarray  # ... one metastasis after the other: where each one ends

    background: tuple = (0.0, 0.0)  # of current and prior: their value outside the brain and beyond the grid

    @property
    def lesion_centres(self) -> list:
        """For each metastasis, the flat indices of its voxels inside the mask."""
        return np.split(self.lesion_voxels, self.lesion_ends[:-1]) if len(self.lesion_ends) else []


#: The arrays of a case that the cache keeps; the volumes are mapped rather than read.
VOLUMES = ("current", "prior", "label", "mask")
ARRAYS = (*VOLUMES, "ordinary_centres", "bright_centres", "lesion_voxels", "lesion_ends")


def segment_centres(current: np.ndarray, label: np.ndarray, mask: np.ndarray, seed: int) -> list:
    """Where segments may be centred: ordinary and bright voxels, and the voxels of metastases with the end of each."""
    rng = np.random.default_rng(seed)
    free = mask & (label == 0)

    def some(where: np.ndarray) -> np.ndarray:
        found = np.flatnonzero(where)
        return found if len(found) <= CENTRES else rng.choice(found, CENTRES, replace=False)

    inside = label * mask
    lesions = [np.flatnonzero(inside == n) for n in np.unique(inside) if n > 0]
    voxels = np.concatenate(lesions) if lesions else np.zeros(0, int)
    return [
        some(free),
        some(free & (current > BRIGHT)),
        voxels,
        np.cumsum([len(voxels) for voxels in lesions]).astype(int),
    ]


NORMALISATIONS = ("z-score-in-mask", "z-score-whole")


def normalise(image: np.ndarray, mask: np.ndarray, normalisation: str = NORMALISATIONS[0]) -> tuple:
    """(normalised image, its value outside `mask`), float32 and float. A constant image becomes zeros.

    z-score-in-mask: zero mean and unit variance inside `mask`, 0 outside. z-score-whole: the image with zeros outside
    `mask` has zero mean and unit variance as a whole.
    """
    if normalisation not in NORMALISATIONS:
        raise ValueError(f"normalisation {normalisation!r} is none of {NORMALISATIONS}")
    inside = image[mask].astype(np.float64)
    values = np.where(mask, image, 0).astype(np.float64) if normalisation == "z-score-whole" else inside
    mean, deviation = values.mean(), values.std()
    scale = 1 / deviation if deviation > 0 else 0.0
    background = float((0 - mean) * scale) if normalisation == "z-score-whole" else 0.0
    result = np.full(image.shape, background, np.float32)
    result[mask] = (inside - mean) * scale
    return result, background


def read_array(path: Path) -> np.ndarray:
    """Voxels of a NIfTI file as [k, j, i]."""
    return np.asarray(nibabel.load(path).dataobj).transpose(2, 1, 0)


def read_case(folder: Path, normalisation: str = NORMALISATIONS[0]) -> Case:
    """Read, normalise and crop one time point. Raises FileNotFoundError or ValueError if it is incomplete."""
    mask = read_array(folder / "mask.nii.gz") > 0
    if not mask.any():
        raise ValueError(f"{folder}: the brain mask is empty")
    image = read_array(folder / "image.nii.gz")
    label = read_array(folder / "label.nii.gz")
    if not image.shape == label.shape == mask.shape:
        raise ValueError(f"{folder}: image {image.shape}, label {label.shape} and mask {mask.shape} differ in shape")
    occupied = [np.flatnonzero(mask.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    corner = tuple(int(o[0]) // LATTICE * LATTICE for o in occupied)
    box = tuple(slice(c, int(o[-1]) + 1) for c, o in zip(corner, occupied))
    has_prior = (folder / "prior.nii.gz").exists()
    (current, beyond), (prior, beyond_prior) = normalise(image, mask, normalisation), (np.zeros(image.shape), 0.0)
    if has_prior:
        prior, beyond_prior = normalise(read_array(folder / "prior.nii.gz"), mask, normalisation)
    arrays = [current[box].astype(np.float16), prior[box].astype(np.float16), label[box].astype(np.uint8), mask[box]]
    background = tuple(float(np.float16(value)) for value in (beyond, beyond_prior))
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()
    details = json.loads((folder / "case.json").read_text())
    # Brightness is judged among the voxels of the brain, whatever the normalisation.
    in_mask = normalise(image, mask)[0][box].astype(np.float16)
    ordinary, bright, lesion_voxels, lesion_ends = segment_centres(in_mask, arrays[2], arrays[3], int(digest[:8], 16))
    return Case(
        name=f"{folder.parent.name}/{folder.name}",
        **dict(zip(VOLUMES, arrays)),
        corner=corner,
        has_prior=has_prior,
        details=details,
        digest=digest,
        ordinary_centres=ordinary,
        bright_centres=bright,
        lesion_voxels=lesion_voxels,
        lesion_ends=lesion_ends,
        background=(background[0], background[1]),
    )


def cached_case(folder: Path, cache: Path, normalisation: str = NORMALISATIONS[0]) -> Case:
    """`read_case`, cached under `cache` as .npy files and mapped from there; a newer case.json is read again."""
    if normalisation != NORMALISATIONS[0]:
        cache = cache / normalisation
    store = cache / folder.parent.parent.name / folder.parent.name / folder.name
    note = store / "case.json"
    if not note.exists() or note.stat().st_mtime < (folder / "case.json").stat().st_mtime:
        case = read_case(folder, normalisation)
        # Runs side by side read the same cases: each sees all of an entry or nothing.
        partial = store.with_name(f"{store.name}.{os.getpid()}.partial")
        partial.mkdir(parents=True, exist_ok=True)
        for key in ARRAYS:
            np.save(partial / f"{key}.npy", getattr(case, key))
        kept = {
            "name": case.name,
            "corner": case.corner,
            "has_prior": case.has_prior,
            "digest": case.digest,
            "background": case.background,
        }
        (partial / "case.json").write_text(json.dumps({**kept, "details": case.details}))
        shutil.rmtree(store, ignore_errors=True)
        try:
            os.rename(partial, store)
        except OSError:
            # Another run was faster and has written the same.
            shutil.rmtree(partial)
    known = json.loads(note.read_text())
    arrays: dict[str, Any] = {
        key: np.load(store / f"{key}.npy", mmap_mode="r" if key in VOLUMES else None) for key in ARRAYS
    }
    tuples = {key: tuple(known[key]) for key in ("corner", "background")}
    return Case(**{**known, **tuples}, **arrays)


def preprocessing(normalisation: str = NORMALISATIONS[0], bias_correction: str = "none") -> dict:
    """`preprocessing` of a manifest."""
    described = {
        "biasCorrection": bias_correction,
        "masking": "brain",
        "normalisation": normalisation,
        "missingPriorValue": 0,
    }
    return {**described, "backgroundValue": 0} if normalisation == "z-score-in-mask" else described
