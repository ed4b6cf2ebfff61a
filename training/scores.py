"""Rates, intervals and curves of the volumes that `evaluate.py` scored (its rows), for the page of results."""

import numpy as np

from bootstrap import paired_difference, patient_counts
from evaluate import DIAMETER_CLASSES, TINY_MM3
from matching import equivalent_diameter

RESAMPLES = 2000


def interval(rows: list, rate) -> tuple:
    """`rate` of all rows, and its 95 % interval when patients are drawn again (bootstrap, 2000 times, seed 1)."""
    patients: dict = {}
    for row in rows:
        patients.setdefault(row["case"].split("/")[0], []).append(row)
    groups = [patients[name] for name in sorted(patients)]
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(RESAMPLES):
        chosen = [groups[n] for n in rng.integers(len(groups), size=len(groups))]
        drawn.append(rate([row for group in chosen for row in group]))
    return (rate(rows), *np.nanpercentile(drawn, [2.5, 97.5]))


def total(rows: list, key: str) -> float:
    return float(sum(row[key] for row in rows))


def sensitivity(rows: list, suffix="") -> float:
    return total(rows, "found" + suffix) / max(total(rows, "metastases"), 1)


def precision(rows: list, suffix="") -> float:
    found = total(rows, "found" + suffix)
    return found / max(found + total(rows, "falsePositives" + suffix), 1)


def mean_dice(rows: list) -> float:
    values = [d for row in rows for d in row["dice"]]
    return float(np.mean(values)) if values else float("nan")


def subvolumes(rows: list) -> tuple:
    """Scores of all positive, and of all negative, sub-volumes."""
    return tuple(np.array([s for row in rows for s in row["subvolumes"][kind]]) for kind in ("positive", "negative"))


def curves(rows: list) -> dict:
    """Over all thresholds, falling: false positive `rate`, `sensitivity` and `precision` of sub-volumes; `rocArea`; `prArea`, the mean
    precision at each sub-volume found."""
    positive, negative = subvolumes(rows)
    thresholds = np.unique(np.concatenate([positive, negative, [0.0, 1.1]]))[::-1]
    hits = len(positive) - np.searchsorted(np.sort(positive), thresholds)
    alarms = len(negative) - np.searchsorted(np.sort(negative), thresholds)
    rate, found = alarms / max(len(negative), 1), hits / max(len(positive), 1)
    exact = hits / np.maximum(hits + alarms, 1)
    return {"rate": rate, "sensitivity": found, "precision": exact, "rocArea": float(np.trapz(found, rate)),
            "prArea": float(np.sum(np.diff(found) * exact[1:]))}


#: Classes of lesions: name -> which of evaluate.py's `lesions` belong.
LESION_CLASSES = {
    **{name: lambda lesion, low=low, high=high: low <= equivalent_diameter(lesion["mm3"]) < high
       for name, (low, high) in DIAMETER_CLASSES.items()},
    "< 0.1 cm³": lambda lesion: lesion["mm3"] < TINY_MM3,
    **{change: lambda lesion, change=change: lesion["change"] == change for change in ("new", "grown", "stable", "shrunk")},
}


def found_of(rows: list, belongs) -> tuple:
    """(found, all) of the lesions for which `belongs` holds."""
    lesions = [lesion for row in rows for lesion in row["lesions"] if belongs(lesion)]
    return sum(lesion["found"] for lesion in lesions), len(lesions)


def difference(a: list, b: list) -> dict:
    """b - a of two networks on the same patients: sensitivity, precision, falsePositivesPerVolume, each with its 95 % interval."""
    return paired_difference(*(patient_counts(rows, rows[0]["network"]) for rows in (a, b)))
