"""Probability maps of one network for the time points of a split, as NIfTI files in the template's grid: what `evaluate.py` scores.

    /usr/bin/python3 training/predict.py --checkpoint training/runs/m-sens/checkpoint.pt --split validation --to training/runs/m-sens/validation

Interrupt it whenever you like: maps that are there are kept, as long as network and options are the same. `--without-prior` withholds the
priors; `--move-prior 2` moves each by 2 mm in a direction of its own, on top of the misregistration it has.
"""

import argparse
import hashlib
import json
import os
from fnmatch import fnmatch
from pathlib import Path

import nibabel
import numpy as np
import torch
from scipy import ndimage

from checkpoint import load_network
from data import NORMALISATIONS, Case, Cases
from heap import keep_freed_memory
from inference import TILE, probability_volume

#: Probabilities below this are written as 0; thresholds of curves start above it.
LEAST = 1e-3
SHAPE = (155, 240, 240)


def moved_prior(case: Case, millimetres: float) -> np.ndarray:
    """The prior [k, j, i] moved by a distance in a random direction that depends on the case's name alone."""
    if not case.has_prior or millimetres == 0:
        return case.prior
    seed = int.from_bytes(hashlib.sha256(case.name.encode()).digest()[:8], "big")
    direction = np.random.default_rng(seed).normal(size=3)
    offset = millimetres * direction / np.linalg.norm(direction)
    return ndimage.shift(case.prior.astype(np.float32), offset, order=1, mode="constant", cval=case.background[1])


def file_of(folder: Path, case: Case) -> Path:
    return Path(folder) / f"{case.name.replace('/', '-')}.nii.gz"


def write_map(file: Path, probability: np.ndarray, corner: tuple) -> None:
    """Write a probability [k, j, i] on the crop at `corner` into the template's grid; a reader sees all of it or nothing."""
    whole = np.zeros(SHAPE, np.float32)
    whole[tuple(slice(c, c + n) for c, n in zip(corner, probability.shape))] = np.where(probability < LEAST, 0, probability)
    partial = file.with_name(f"partial-{file.name}")
    nibabel.save(nibabel.Nifti1Image(whole.transpose(2, 1, 0), np.eye(4)), partial)
    os.replace(partial, file)


def read_map(folder: Path, case: Case) -> np.ndarray:
    """The probability [k, j, i] on the case's crop. Raises FileNotFoundError when it was not predicted."""
    whole = np.asarray(nibabel.load(file_of(folder, case)).dataobj).transpose(2, 1, 0)
    return whole[tuple(slice(c, c + n) for c, n in zip(case.corner, case.mask.shape))]


def claim(folder: Path, origin: dict) -> None:
    """Note in `folder` what its maps come from. Raises SystemExit when it holds maps of something else."""
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "origin.json"
    if note.exists() and json.loads(note.read_text()) != origin:
        raise SystemExit(f"{folder} holds maps of another network or with other options; remove it to predict anew")
    note.write_text(json.dumps(origin, indent=1) + "\n")


def predict(cases, network, folder: Path, with_prior=True, millimetres=0.0, say=print) -> None:
    """Write the maps of `cases` that `folder` does not hold yet."""
    for number, case in enumerate(cases, start=1):
        file = file_of(folder, case)
        if file.exists():
            continue
        prior = moved_prior(case, millimetres) if with_prior else np.zeros_like(case.prior)
        background = case.background if with_prior else (case.background[0], 0.0)
        write_map(file, probability_volume(network, case.current, prior, case.mask, TILE, background), case.corner)
        say(f"{case.name}: {number} of {len(cases)}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", required=True, type=Path)
    parser.add_argument("--to", required=True, type=Path, help="folder of the maps")
    parser.add_argument("--data", default="training/runs/data")
    parser.add_argument("--cache", default="training/runs/cache")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--cases", default="*", help="pattern of <patient>/<time point>, such as '*/t1'")
    parser.add_argument("--without-prior", action="store_true")
    parser.add_argument("--move-prior", type=float, default=0.0, metavar="MM")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    network, state = load_network(options.checkpoint)
    claim(options.to, {"checkpoint": hashlib.sha256(options.checkpoint.read_bytes()).hexdigest(),
                       "withPrior": not options.without_prior, "movedPriorMm": options.move_prior})
    everything = Cases(options.data, options.split, options.cache, state["config"].get("normalisation", NORMALISATIONS[0]))
    chosen = [case for case in everything if fnmatch(case.name, options.cases)]
    predict(chosen, network, options.to, not options.without_prior, options.move_prior)
