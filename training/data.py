"""Patients on disk, normalised and cut into segments.

Layout, one folder per patient and time point; patients never cross splits:

    <root>/<split>/<patient>/<time point>/
        image.nii.gz   the scan in the template's grid, whole head
        prior.nii.gz   the previous scan, registered; absent for a first scan
        label.nii.gz   0 = background, otherwise a metastasis' number
        mask.nii.gz    the brain
        case.json      written last: what else is known, such as `lesions`

`priora training-data` writes it from a hospital's DICOM and from public data sets, `priora phantom` from nothing; README.md says how.

Preprocessing is that of the manifests, with `masking: brain`; the prior is masked by the current scan's brain, and a
missing prior is zeros. `normalisation` is z-score-in-mask (zero mean and unit variance over the brain, 0 outside) or, as
the authors have it, z-score-whole (over the whole masked image with its zeros). `biasCorrection` in case.json says
whether the scans were corrected by N4 (absent: none).
"""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np

from geometry import LATTICE, cut
from model import HALO

#: Standard deviations above the brain's mean from which a voxel counts as bright: vessels, sinuses, choroid plexus.
BRIGHT = 2.0
#: Candidate centres remembered per case and kind.
CENTRES = 20_000


@dataclass
class Case:
    """One time point on the crop [k, j, i] around its brain, whose corner lies on the tiling lattice."""

    name: str
    current: np.ndarray  # float16
    prior: np.ndarray  # float16, zeros where there is none
    label: np.ndarray  # uint8, metastasis numbers
    mask: np.ndarray  # bool
    corner: tuple  # of the crop in the whole grid, [k, j, i]
    has_prior: bool
    details: dict  # case.json
    digest: str  # of the voxels

    ordinary_centres: np.ndarray  # flat indices of brain voxels outside metastases
    bright_centres: np.ndarray  # those of them that are bright
    lesion_voxels: np.ndarray  # flat indices of metastases' voxels inside the mask ...
    lesion_ends: np.ndarray  # ... one metastasis after the other: where each one's end

    background: tuple = (0.0, 0.0)  # of current and prior: their value outside the brain and beyond the grid

    @property
    def lesion_centres(self) -> list:
        """Per metastasis, the flat indices of its voxels inside the mask."""
        return np.split(self.lesion_voxels, self.lesion_ends[:-1]) if len(self.lesion_ends) else []


#: The arrays of a case that the cache keeps; the volumes are mapped rather than read.
VOLUMES = ("current", "prior", "label", "mask")
ARRAYS = (*VOLUMES, "ordinary_centres", "bright_centres", "lesion_voxels", "lesion_ends")


def segment_centres(current: np.ndarray, label: np.ndarray, mask: np.ndarray, seed: int) -> list:
    """Where segments may be centred: ordinary, bright, and metastases' voxels with the end of each metastasis."""
    rng = np.random.default_rng(seed)
    free = mask & (label == 0)

    def some(where: np.ndarray) -> np.ndarray:
        found = np.flatnonzero(where)
        return found if len(found) <= CENTRES else rng.choice(found, CENTRES, replace=False)

    inside = label * mask
    lesions = [np.flatnonzero(inside == n) for n in np.unique(inside) if n > 0]
    voxels = np.concatenate(lesions) if lesions else np.zeros(0, int)
    return [some(free), some(free & (current > BRIGHT)), voxels, np.cumsum([len(l) for l in lesions]).astype(int)]


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
    """Read, normalise and crop one time point. Raises FileNotFoundError or ValueError when it is incomplete."""
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
    # What is bright is bright among the brain's voxels, whatever the normalisation.
    in_mask = normalise(image, mask)[0][box].astype(np.float16)
    centres = segment_centres(in_mask, arrays[2], arrays[3], int(digest[:8], 16))
    return Case(f"{folder.parent.name}/{folder.name}", *arrays, corner, has_prior, details, digest, *centres, background)


def cached_case(folder: Path, cache: Path, normalisation: str = NORMALISATIONS[0]) -> Case:
    """`read_case`, remembered under `cache` as .npy files and mapped from there; a newer case.json is read again."""
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
        kept = {"name": case.name, "corner": case.corner, "has_prior": case.has_prior, "digest": case.digest,
                "background": case.background}
        (partial / "case.json").write_text(json.dumps({**kept, "details": case.details}))
        shutil.rmtree(store, ignore_errors=True)
        try:
            os.rename(partial, store)
        except OSError:
            # Another run was faster and holds the same.
            shutil.rmtree(partial)
    kept = json.loads(note.read_text())
    arrays = {key: np.load(store / f"{key}.npy", mmap_mode="r" if key in VOLUMES else None) for key in ARRAYS}
    tuples = {"corner": tuple(kept["corner"]), "background": tuple(kept.get("background", (0.0, 0.0)))}
    return Case(**{**kept, **tuples}, **arrays)


def case_folders(root: Path, split: str) -> list:
    """Time points of a split that are complete, in order of name."""
    return sorted(note.parent for note in Path(root, split).glob("*/*/case.json"))


def refuse_shared_patients(root: Path) -> None:
    """Raises ValueError when a patient's folder is in more than one split of `root`."""
    splits: dict = {}
    for folder in sorted(path for path in root.glob("*/*") if path.is_dir()):
        splits.setdefault(folder.name, []).append(folder.parent.name)
    if shared := {patient: where for patient, where in splits.items() if len(where) > 1}:
        patient, where = next(iter(shared.items()))
        raise ValueError(f"{root}: {len(shared)} patients are in more than one split, such as {patient} in {' and '.join(where)}; keep each in one")


def preprocessing(normalisation: str = NORMALISATIONS[0], bias_correction: str = "none") -> dict:
    """`preprocessing` of a manifest."""
    described = {"biasCorrection": bias_correction, "masking": "brain", "normalisation": normalisation, "missingPriorValue": 0}
    return {**described, "backgroundValue": 0} if normalisation == "z-score-in-mask" else described


class Cases:
    """All cases of a split, growing when `refresh` finds new ones on disk."""

    def __init__(self, root: Path, split: str, cache: Path, normalisation: str = NORMALISATIONS[0]):
        self.root, self.split, self.cache, self.normalisation = Path(root), split, Path(cache), normalisation
        self.by_name: dict = {}
        self.refresh()

    def refresh(self) -> None:
        for folder in case_folders(self.root, self.split):
            name = f"{folder.parent.name}/{folder.name}"
            if name not in self.by_name:
                self.by_name[name] = cached_case(folder, self.cache, self.normalisation)

    @property
    def digest(self) -> str:
        """SHA-256 over the names and voxels of all cases."""
        lines = (f"{name}:{case.digest}\n" for name, case in sorted(self.by_name.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def preprocessing(self) -> dict:
        """How the cases were prepared, in the words of the node's manifests. ValueError when they differ."""
        corrections = {case.details.get("biasCorrection", "none") for case in self.by_name.values()} or {"none"}
        if len(corrections) > 1:
            raise ValueError(f"{self.root}: cases with and without bias correction ({sorted(corrections)}) do not go together")
        return preprocessing(self.normalisation, *corrections)

    @property
    def sources(self) -> dict:
        """Where the cases come from, name -> licence, for the model card; phantoms name none."""
        given = [case.details["source"] for case in self.by_name.values() if "source" in case.details]
        return {source["name"]: source["licence"] for source in sorted(given, key=lambda s: s["name"])}

    def __iter__(self):
        return iter([case for _, case in sorted(self.by_name.items())])

    def __len__(self) -> int:
        return len(self.by_name)


@dataclass
class Segment:
    """What one training example was cut from, so that it can be cut again."""

    case: str
    centre: tuple  # [k, j, i] in the case's crop


def choose_segment(cases: Cases, rng: np.random.Generator, tumour: bool, config: dict) -> Segment:
    """A random segment centred on a tumour voxel, or (not `tumour`) on a brain voxel outside tumours.

    Of the metastases with at least `smallest_tumour` voxels each is equally likely when `sample_by` is "lesion", each voxel of theirs when it is "voxel". A share
    `bright_fraction` of the segments without tumour at their centre is centred on bright voxels.
    """
    lesions = {c.name: [l for l in c.lesion_centres if len(l) >= config["smallest_tumour"]] for c in cases} if tumour else {}
    everyone = [c for c in cases if lesions[c.name]] if tumour else list(cases)
    if tumour and config["sample_by"] == "lesion":
        choices = [(c, l) for c in everyone for l in lesions[c.name]]
        case, centres = choices[rng.integers(len(choices))]
    else:
        case = everyone[rng.integers(len(everyone))]
        if tumour:
            centres = np.concatenate(lesions[case.name])
        elif rng.random() < config["bright_fraction"] and len(case.bright_centres):
            centres = case.bright_centres
        else:
            centres = case.ordinary_centres
    where = np.unravel_index(centres[rng.integers(len(centres))], case.label.shape)
    return Segment(case.name, tuple(int(x) for x in where))


def augmented(values: list, factors: list, size: int, rng: np.random.Generator, config: dict) -> list:
    """Change one scan's intensities alike in all its resolutions: scale, shift, contrast (gamma) and a linear bias.

    Zeros stay: the background that masking to the brain leaves (with z-score-whole it is no zero, and changes along).
    """
    scale = rng.normal(1, config["scale_deviation"])
    shift = rng.normal(0, config["shift_deviation"])
    gamma = np.exp(rng.normal(0, config["gamma_deviation"]))
    slope = rng.normal(0, config["bias_deviation"], 3) / 100  # per voxel
    result = []
    for x, factor in zip(values, factors):
        field = np.float32(scale)
        for axis, s in enumerate(slope):
            shape = [1, 1, 1]
            shape[axis] = -1
            ramp = np.arange(x.shape[axis]) * factor - (x.shape[axis] - 1) * factor / 2
            field = field + (s * ramp).astype(np.float32).reshape(shape)
        bent = np.sign(x) * np.abs(x / 3) ** gamma * 3 if config["gamma_deviation"] > 0 else x
        result.append(np.where(x != 0, bent * field + np.float32(shift), 0).astype(np.float32))
    return result


def quarter_turn(rng: np.random.Generator, config: dict):
    """The two axes of a turn by 90 degrees, in the order that tells its direction, or None; segments are cubes, so nothing is interpolated."""
    if config["turn_probability"] and rng.random() < config["turn_probability"]:
        return tuple(int(axis) for axis in rng.permutation(3)[:2])
    return None


def cut_segment(case: Case, centre: tuple, size: int, rng: np.random.Generator, config: dict) -> tuple:
    """(current, current_by3, current_by5, prior, label), float32, augmented; `size` is the output's edge in voxels."""
    start = [c - size // 2 for c in centre]
    box = (size, size, size)
    flipped = [rng.random() < p for p in config["flip_probability"]]
    turn = quarter_turn(rng, config)
    if turn:
        # Two axes exchanged and one of them mirrored are a rotation.
        flipped[turn[0]] = not flipped[turn[0]]
    beyond, beyond_prior = case.background
    current = [cut(case.current, start, box, factor, flipped, beyond) for factor in (1, 3, 5)]
    current = augmented(current, [1, 3, 5], size, rng, config)
    absent = rng.random() < config["prior_dropout"] or not case.has_prior
    if absent:
        prior = np.zeros_like(current[0])
    else:
        moved = [s + int(d) for s, d in zip(start, rng.integers(-1, 2, 3) * (rng.random() < config["prior_shift"]))]
        (prior,) = augmented([cut(case.prior, moved, box, 1, flipped, beyond_prior)], [1], size, rng, config)
    label = cut(case.label, start, box, 1, flipped)[HALO:-HALO, HALO:-HALO, HALO:-HALO]
    arrays = (*current, prior, (label > 0).astype(np.float32))
    return tuple(np.swapaxes(x, *turn) for x in arrays) if turn else arrays


def batch_arrays(segments: list) -> tuple:
    """Stack segments: four inputs [B, 1, k, j, i] and the label [B, k, j, i]."""
    columns = [np.stack(column) for column in zip(*segments)]
    return [c[:, None] for c in columns[:4]], columns[4]
