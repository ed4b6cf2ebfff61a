"""Rates of scored volumes with 95 % intervals, patients resampled: the time points of a patient stay together.

    python3 -m training.evaluate.bootstrap a.json b.json --network sens      # is b better than a on the same volumes?

A rate is a function from the row of a volume (`training.evaluate.score`) to (part, whole); its value over rows is the
sum of the parts divided by the sum of the wholes.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

RESAMPLES = 2000


def sums_by_patient(rows: Sequence[dict], rate) -> dict:
    """Patient -> [part, whole]."""
    sums: dict = {}
    for row in rows:
        patient = row["case"].split("/")[0]
        sums[patient] = sums.get(patient, 0) + np.array(rate(row), float)
    return sums


def ratio(sums: np.ndarray) -> np.ndarray:
    """Part divided by whole of [..., 2]; NaN where there is no whole."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[..., 0] / sums[..., 1]


def value(rows: list, rate) -> float:
    """The rate over all rows; NaN if there is nothing to divide."""
    return float(ratio(np.array([rate(row) for row in rows], float).reshape(-1, 2).sum(0)))


def redrawn(patients: int) -> np.ndarray:
    """Patients drawn with replacement, [RESAMPLES, patients], always the same ones."""
    return np.random.default_rng(1).integers(patients, size=(RESAMPLES, patients))


def with_interval(point: float, drawn: np.ndarray) -> tuple:
    known = drawn[~np.isnan(drawn)]
    return (float(point), *(map(float, np.percentile(known, [2.5, 97.5])) if len(known) else (np.nan, np.nan)))


def interval(rows: Sequence[dict], rate) -> tuple:
    """The rate and its interval: (value, low, high)."""
    sums = sums_by_patient(rows, rate)
    table = np.stack([sums[patient] for patient in sorted(sums)])
    return with_interval(float(ratio(table.sum(0))), ratio(table[redrawn(len(table))].sum(1)))


def paired(a: list, b: list, rate, compare=lambda a, b: b - a) -> tuple:
    """`compare` applied to the rates of two evaluations, with its interval, the same patients drawn for both: (value,
    low, high).

    Raises ValueError if the patients differ.
    """
    sides = [sums_by_patient(rows, rate) for rows in (a, b)]
    if sorted(sides[0]) != sorted(sides[1]):
        raise ValueError("the two evaluations are of different patients")
    tables = [np.stack([sums[patient] for patient in sorted(sums)]) for sums in sides]
    chosen = redrawn(len(tables[0]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return with_interval(
            compare(*(ratio(t.sum(0)) for t in tables)), compare(*(ratio(t[chosen].sum(1)) for t in tables))
        )


def sensitivity(row: dict) -> tuple:
    return row["found"], row["metastases"]


def precision(row: dict) -> tuple:
    return row["found"], row["found"] + row["falsePositives"]


def false_per_volume(row: dict) -> tuple:
    return row["falsePositives"], 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs=2)
    parser.add_argument("--network", default="sens")
    options = parser.parse_args()
    a, b = (
        [row for row in json.loads(Path(p).read_text())["volumes"] if row["network"] == options.network]
        for p in options.results
    )
    for name, rate in (
        ("sensitivity", sensitivity),
        ("precision", precision),
        ("false positives a volume", false_per_volume),
    ):
        print("{}: {:+.3f} ({:+.3f} to {:+.3f})".format(name, *paired(a, b, rate)))
