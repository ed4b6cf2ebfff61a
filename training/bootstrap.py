"""Paired bootstrap over patients: is one evaluation better than another on the same volumes?

    /usr/bin/python3 training/bootstrap.py a.json b.json --network sens
"""

import argparse
import json
from pathlib import Path

import numpy as np


def patient_counts(rows: list, network: str) -> dict:
    """Patient -> [metastases, found, false positives, volumes] of one network in evaluate.py's `volumes`."""
    counts: dict = {}
    for row in rows:
        if row["network"] == network:
            patient = row["case"].split("/")[0]
            values = np.array([row["metastases"], row["found"], row["falsePositives"], 1], float)
            counts[patient] = counts.get(patient, 0) + values
    return counts


def rates(total: np.ndarray) -> np.ndarray:
    """Sensitivity, precision and false positives a volume of summed counts [..., 4]."""
    lesions, found, false, volumes = np.moveaxis(total, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([found / lesions, found / (found + false), false / volumes], -1)


def paired_difference(a: dict, b: dict, resamples=2000, seed=1) -> dict:
    """b - a for each rate with its 95 % interval over resampled patients. Raises ValueError if the patients differ."""
    if sorted(a) != sorted(b):
        raise ValueError("the two evaluations are of different patients")
    patients = sorted(a)
    x, y = (np.stack([side[p] for p in patients]) for side in (a, b))
    chosen = np.random.default_rng(seed).integers(len(patients), size=(resamples, len(patients)))
    differences = rates(y[chosen].sum(1)) - rates(x[chosen].sum(1))
    low, high = np.nanpercentile(differences, [2.5, 97.5], axis=0)
    point = rates(y.sum(0)) - rates(x.sum(0))
    names = ("sensitivity", "precision", "falsePositivesPerVolume")
    return {n: {"difference": round(p, 3), "interval": [round(l, 3), round(h, 3)]} for n, p, l, h in zip(names, point, low, high)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs=2)
    parser.add_argument("--network", default="sens")
    options = parser.parse_args()
    a, b = (patient_counts(json.loads(Path(p).read_text())["volumes"], options.network) for p in options.results)
    print(json.dumps(paired_difference(a, b), indent=1))
