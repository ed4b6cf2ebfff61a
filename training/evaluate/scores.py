"""What is counted in rows of `training.evaluate.score` besides the rates of `training.evaluate.bootstrap`: classes of
lesions, sub-volumes, curves.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from training.evaluate.bootstrap import precision, ratio, redrawn, sensitivity, sums_by_patient, value
from training.evaluate.matching import DIAMETER_CLASSES, TINY_MM3, equivalent_diameter

#: The probability from which a sub-volume counts as called.
THRESHOLD = 0.5
#: Resamplings of patients for the intervals of areas, which take longer than rates.
AREA_RESAMPLES = 300


def total(rows: list, key: str) -> float:
    return float(sum(row[key] for row in rows))


def sensitivity_strict(row: dict) -> tuple:
    """A match needs an intersection over union of 0.1."""
    return row["foundIou10"], row["metastases"]


def precision_strict(row: dict) -> tuple:
    return row["foundIou10"], row["foundIou10"] + row["falsePositivesIou10"]


def dice(row: dict) -> tuple:
    """Dice summed over true positives, and their number."""
    return sum(row["dice"]), len(row["dice"])


def called(row: dict, kind: str) -> int:
    """Positive or negative sub-volumes that are called."""
    return sum(score >= THRESHOLD for score in row["subvolumes"][kind])


def subvolume_sensitivity(row: dict) -> tuple:
    return called(row, "positive"), len(row["subvolumes"]["positive"])


def subvolume_specificity(row: dict) -> tuple:
    negative = len(row["subvolumes"]["negative"])
    return negative - called(row, "negative"), negative


def subvolume_precision(row: dict) -> tuple:
    return called(row, "positive"), called(row, "positive") + called(row, "negative")


def in_diameter_class(lesion: dict, low: float, high: float) -> bool:
    return low <= equivalent_diameter(lesion["mm3"]) < high


def has_changed(lesion: dict, change: str) -> bool:
    return lesion["change"] == change


#: Classes of lesions: name -> which of `training.evaluate.score`'s `lesions` belong to it.
LESION_CLASSES: dict[str, Callable[[dict], bool]] = {
    **{name: partial(in_diameter_class, low=low, high=high) for name, (low, high) in DIAMETER_CLASSES.items()},
    "< 0.1 cm³": lambda lesion: lesion["mm3"] < TINY_MM3,
    **{change: partial(has_changed, change=change) for change in ("new", "grown", "stable", "shrunk")},
}


def sensitivity_of(name: str):
    """The rate that counts the lesions of a class only."""

    def rate(row: dict) -> tuple:
        lesions = [lesion for lesion in row["lesions"] if LESION_CLASSES[name](lesion)]
        return sum(lesion["found"] for lesion in lesions), len(lesions)

    return rate


#: Classes of a prior's misregistration in mm, half open.
PRIOR_SHIFTS = ((0, 0.5), (0.5, 1), (1, 2))


def by_prior_shift(rows: list) -> dict:
    """Class of PRIOR_SHIFTS -> the rows whose prior is that far off, if that is known."""
    return {
        (low, high): [row for row in rows if row["priorShiftMm"] is not None and low <= row["priorShiftMm"] < high]
        for low, high in PRIOR_SHIFTS
    }


def subvolumes(rows: list) -> tuple:
    """Scores of all positive, and of all negative, sub-volumes."""
    return tuple(np.array([s for row in rows for s in row["subvolumes"][kind]]) for kind in ("positive", "negative"))


def curves(rows: list) -> dict:
    """Over all thresholds, falling: false positive `rate`, `sensitivity` and `precision` of sub-volumes; `rocArea`;
    `prArea`, the mean precision at each sub-volume found.
    """
    positive, negative = subvolumes(rows)
    thresholds = np.unique(np.concatenate([positive, negative, [0.0, 1.1]]))[::-1]
    hits = len(positive) - np.searchsorted(np.sort(positive), thresholds)
    alarms = len(negative) - np.searchsorted(np.sort(negative), thresholds)
    rate, found = alarms / max(len(negative), 1), hits / max(len(positive), 1)
    exact = hits / np.maximum(hits + alarms, 1)
    return {
        "rate": rate,
        "sensitivity": found,
        "precision": exact,
        "rocArea": area(rate, found),
        "prArea": float(np.sum(np.diff(found) * exact[1:])),
    }


def area(x: np.ndarray, y: np.ndarray) -> float:
    """Under the polygon through the points (trapezia)."""
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))


def area_interval(rows: list, key: str) -> tuple:
    """`rocArea` or `prArea` with its 95 % interval, patients resampled: (value, low, high)."""
    patients: dict = {}
    for row in rows:
        patients.setdefault(row["case"].split("/")[0], []).append(row)
    groups, rng = list(patients.values()), np.random.default_rng(1)
    drawn = [
        curves([row for n in rng.integers(len(groups), size=len(groups)) for row in groups[n]])[key]
        for _ in range(AREA_RESAMPLES)
    ]
    return (curves(rows)[key], *(float(x) for x in np.percentile(drawn, [2.5, 97.5])))


def weight_curve(networks: list) -> tuple:
    """Metastasis-level recall and precision of networks that differ in the weight of their loss (Huang 2021, Fig. 6),
    by rising recall, from (0, 1) to (1, 0); and the area below.

    `networks` holds the rows of each.
    """
    return through_ends([(value(rows, sensitivity), value(rows, precision)) for rows in networks])


def through_ends(points: list) -> tuple:
    """(recall, precision, area) of the curve of `weight_curve` through points (recall, precision)."""
    recall, exact = np.array([(0.0, 1.0), *sorted(points), (1.0, 0.0)]).T
    return recall, exact, area(recall, exact)


def weight_areas(families: list) -> tuple:
    """Areas of `weight_curve` of several families of networks, the same patients drawn for all: (areas, areas of each
    drawing [RESAMPLES, families]).

    `families` holds, per family, the rows of each network.
    """
    counts = [
        [[sums_by_patient(rows, rate) for rate in (sensitivity, precision)] for rows in networks]
        for networks in families
    ]
    patients = sorted(counts[0][0][0])
    drawings = [np.arange(len(patients)), *redrawn(len(patients))]
    # [family][network][rate]: [patients, 2]
    tables = [
        [[np.stack([sums[patient] for patient in patients]) for sums in rates] for rates in networks]
        for networks in counts
    ]
    areas = np.array(
        [
            [
                through_ends([tuple(ratio(table[drawing].sum(0)) for table in rates) for rates in networks])[2]
                for networks in tables
            ]
            for drawing in drawings
        ]
    )
    return areas[0], areas[1:]
