"""Probability maps of one network for the time points of a split, as NIfTI files in the template's grid: what `evaluate.py` scores.

    /usr/bin/python3 training/predict.py --checkpoint training/runs/m-sens/checkpoint.pt --split validation --to training/runs/m-sens/validation

Interrupt it whenever you like: maps that are there are kept, as long as the network is the same. For networks that have the node's parts (`parts.py`)
`npm run predict` is five times as fast.
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

from checkpoint import load_network
from data import NORMALISATIONS, Case, Cases
from heap import keep_freed_memory
from inference import TILE, probability_volume

#: Probabilities below this are written as 0; thresholds of curves start above it.
LEAST = 1e-3
SHAPE = (155, 240, 240)


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


def predict(cases, network, folder: Path, say=print) -> None:
    """Write the maps of `cases` that `folder` does not hold yet."""
    for number, case in enumerate(cases, start=1):
        file = file_of(folder, case)
        if file.exists():
            continue
        write_map(file, probability_volume(network, case.current, case.prior, case.mask, TILE, case.background), case.corner)
        say(f"{case.name}: {number} of {len(cases)}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", required=True, type=Path)
    parser.add_argument("--to", required=True, type=Path, help="folder of the maps")
    parser.add_argument("--data", default="training/runs/data")
    parser.add_argument("--cache", default="training/runs/cache")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--cases", default="*", help="pattern of <patient>/<time point>, such as '*/t1'")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    network, state = load_network(options.checkpoint)
    claim(options.to, {"checkpoint": hashlib.sha256(options.checkpoint.read_bytes()).hexdigest(), "withPrior": True})
    everything = Cases(options.data, options.split, options.cache, state["config"].get("normalisation", NORMALISATIONS[0]))
    predict([case for case in everything if fnmatch(case.name, options.cases)], network, options.to)
