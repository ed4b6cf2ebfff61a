"""Simple synthetic patients in the documented layout, for the tests: a head of smooth noise with tubes for vessels and
soft ellipsoids for metastases.

The prior shows the same head and vessels with different noise and contrast, and each metastasis smaller or not yet
there.
"""

import json
from pathlib import Path

import nibabel
import numpy as np
from scipy import ndimage


def noise_head(shape, rng) -> tuple:
    """A stand-in for anatomy: an ellipsoid of smooth noise around 100, and its mask."""
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij"))
    mask = (grid**2).sum(0) < 0.9
    texture = ndimage.gaussian_filter(rng.standard_normal(shape), 2)
    return np.where(mask, 100 + 10 * texture / texture.std(), 20).astype(np.float32), mask


def tubes(shape, mask, count, length, rng) -> np.ndarray:
    """Branching-free random walks of radius 0.6 to 2 voxels, as a soft map 0..1."""
    result = np.zeros(shape, np.float32)
    inside = np.argwhere(mask)
    for radius in (0.6, 1.1, 1.9):
        seeds = np.ones(shape, bool)
        for _ in range(count // 3):
            position = inside[rng.integers(len(inside))].astype(float)
            direction = rng.normal(size=3)
            for _ in range(int(rng.integers(length // 2, length))):
                direction += rng.normal(0, 0.25, 3)
                direction /= np.linalg.norm(direction)
                position += 0.7 * direction
                voxel = np.round(position).astype(int)
                if (voxel < 0).any() or (voxel >= shape).any():
                    break
                seeds[tuple(voxel)] = False
        distance = ndimage.distance_transform_edt(seeds)
        result = np.maximum(result, 1 / (1 + np.exp((distance - radius) / 0.3)))
    return result


def ellipsoid(shape, centre, radii) -> np.ndarray:
    """Signed distance in voxels, roughly: negative inside."""
    grid = np.ogrid[tuple(slice(0, n) for n in shape)]
    scaled = sum(((g - c) / r) ** 2 for g, c, r in zip(grid, centre, radii))
    return (np.sqrt(scaled) - 1) * min(radii)


def make_patient(image, mask, rng, vessel_count=6, vessel_length=40) -> dict:
    """Arrays [k, j, i] image, prior (or None), label, mask."""
    shape = image.shape
    contrast = image[mask].std() * rng.uniform(2.5, 4.5)
    vessels = tubes(shape, mask, vessel_count, vessel_length, rng) * contrast
    current, prior = image + vessels, image + vessels * rng.uniform(0.8, 1.2)
    label = np.zeros(shape, np.uint8)
    deep = np.argwhere(ndimage.binary_erosion(mask, iterations=2))
    for number in range(1, 1 + int(rng.integers(2, 8))):
        radius = rng.choice([1.2, 1.8, 2.5, 3.5, 5, 8], p=[0.15, 0.25, 0.2, 0.2, 0.15, 0.05])
        centre = deep[rng.integers(len(deep))] + rng.uniform(-0.5, 0.5, 3)
        distance = ellipsoid(shape, centre, radius * rng.uniform(0.8, 1.25, 3))
        strength = contrast * rng.uniform(0.5, 1.3)
        soft = 1 / (1 + np.exp(distance / 0.35))
        if radius >= 3.5 and rng.random() < 0.5:
            soft = soft - 0.9 / (1 + np.exp((distance + 0.5 * radius) / 0.35))
        current = current + strength * soft
        before = rng.choice([0, 0.5, 0.8, 1.0], p=[0.5, 0.25, 0.15, 0.1])
        if before > 0:
            prior = prior + strength / (1 + np.exp((distance + (1 - before) * radius) / 0.35))
        label[(distance <= 0) & mask] = number
    noise = image[mask].std() * 0.15
    gains = rng.normal(1, 0.1, 2)
    current = gains[0] * current + rng.normal(0, noise, shape)
    prior = gains[1] * ndimage.shift(prior, rng.normal(0, 0.4, 3), order=1, mode="nearest") + rng.normal(
        0, noise, shape
    )
    return {"image": current, "prior": prior if rng.random() < 0.69 else None, "label": label, "mask": mask}


def write_case(folder: Path, arrays: dict) -> None:
    """Write one time point in the documented layout; case.json comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, dtype in (("image", np.int16), ("prior", np.int16), ("label", np.uint8), ("mask", np.uint8)):
        if arrays[key] is not None:
            values = np.asarray(arrays[key]).transpose(2, 1, 0)
            values = np.round(values) if np.issubdtype(values.dtype, np.floating) else values
            nibabel.save(nibabel.Nifti1Image(values.astype(dtype), np.diag([-1, -1, 1, 1])), folder / f"{key}.nii.gz")
    (folder / "case.json").write_text(json.dumps({"generator": "toy_patients"}))


def write_patients(root: Path, counts: dict, seed: int, shape=(48, 48, 48)) -> None:
    """Fill `root` with `counts` patients per split, each with one time point. Existing folders are kept."""
    for offset, (split, count) in enumerate(counts.items()):
        for n in range(count):
            folder = Path(root, split, f"toy-{split}-{n:03d}", "1")
            if (folder / "case.json").exists():
                continue
            rng = np.random.default_rng([seed, offset, n])
            image, mask = noise_head(shape, rng)
            write_case(folder, make_patient(image, mask, rng))
