"""Scores of probability maps, metastasis by metastasis: of one network, or of two as an ensemble."""

import numpy as np

from training.evaluate.bootstrap import false_per_volume, sensitivity, value
from training.evaluate.matching import DIAMETER_CLASSES, TINY_MM3, Matched, equivalent_diameter, findings, match_volume
from training.evaluate.scores import (
    by_prior_shift,
    curves,
    precision_strict,
    sensitivity_strict,
    subvolume_precision,
    subvolume_sensitivity,
    subvolume_specificity,
)


def rate(part: float, whole: float):
    """A share to three decimals, or None if there is nothing to divide."""
    return round(part / whole, 3) if whole else None


def summary(matches: list, has_prior: list, changes: list) -> dict:
    """Counts and rates over volumes, by size, by presence of a prior, and by change since the prior.

    `changes` holds, per volume, metastasis number -> "new", "grown", ... if that is known.
    """

    def of(chosen: list, keep=lambda volume: True) -> dict:
        lesions = [(n, v, m) for m in chosen for n, v in m.lesion_volumes.items() if keep(v)]
        found = sum(n in m.found for n, _, m in lesions)
        return {"metastases": len(lesions), "found": found, "sensitivity": rate(found, len(lesions))}

    def whole(chosen: list) -> dict:
        counts = of(chosen)
        false = sum(len(m.false_volumes) for m in chosen)
        dice = [d for m in chosen for d in m.found.values()]
        return {
            "volumes": len(chosen),
            **counts,
            "falsePositives": false,
            "precision": rate(counts["found"], counts["found"] + false),
            "falsePositivesPerVolume": rate(false, len(chosen)),
            "meanDice": round(float(np.mean(dice)), 3) if dice else None,
        }

    def by_change(name: str) -> dict:
        chosen = [(m, n) for m, known in zip(matches, changes) for n in m.lesion_volumes if known.get(n) == name]
        found = sum(n in m.found for m, n in chosen)
        return {"metastases": len(chosen), "found": found, "sensitivity": rate(found, len(chosen))}

    by_size = {
        name: of(matches, lambda v, low=low, high=high: low <= equivalent_diameter(v) < high)
        for name, (low, high) in DIAMETER_CLASSES.items()
    }
    return {
        **whole(matches),
        "bySize": {**by_size, "<0.1 cm3": of(matches, lambda v: v < TINY_MM3)},
        "byChange": {name: by_change(name) for name in sorted({c for known in changes for c in known.values()})},
        "withPrior": whole([m for m, p in zip(matches, has_prior) if p]),
        "firstScans": whole([m for m, p in zip(matches, has_prior) if not p]),
    }


def summary_of_rows(rows: list) -> dict:
    """For one network's rows: rates if a match needs an intersection over union of 0.1, rates and curve areas of
    sub-volumes, and rates by how far the prior is off, if that is known.
    """

    def of(rate, chosen=rows):
        found = value(chosen, rate)
        return None if np.isnan(found) else round(found, 3)

    curve = curves(rows)
    return {
        "iou10": {"sensitivity": of(sensitivity_strict), "precision": of(precision_strict)},
        "subvolumes": {
            "sensitivity": of(subvolume_sensitivity),
            "specificity": of(subvolume_specificity),
            "precision": of(subvolume_precision),
            "rocArea": round(curve["rocArea"], 3),
            "prArea": round(curve["prArea"], 3),
        },
        "byPriorShift": {
            f"{low:g}-{high:g} mm": {
                "volumes": len(chosen),
                "sensitivity": of(sensitivity, chosen),
                "falsePositivesPerVolume": of(false_per_volume, chosen),
            }
            for (low, high), chosen in by_prior_shift(rows).items()
            if chosen
        },
    }


def ensemble_counts(sens: np.ndarray, spec: np.ndarray, label: np.ndarray, threshold=0.5) -> dict:
    """Confirmed and candidate components of the united mask, and how many of each touch a metastasis.

    A component of the union is confirmed if M_spec has a voxel in it, otherwise it is a candidate.
    """
    components, count = findings((sens >= threshold) | (spec >= threshold))
    of_spec = set(np.unique(components[spec >= threshold]).tolist()) - {0}
    touching = set(np.unique(components[label > 0]).tolist()) - {0}
    candidates = set(range(1, count + 1)) - of_spec
    return {
        "confirmed": len(of_spec),
        "confirmedFalse": len(of_spec - touching),
        "candidates": len(candidates),
        "candidatesFalse": len(candidates - touching),
    }


#: Edge in voxels of the sub-volumes that Huang 2021 (Tab. 1, Fig. 3) counts: its training segments.
SUBVOLUME = 37


def subvolume_scores(probability: np.ndarray, label: np.ndarray, mask: np.ndarray) -> dict:
    """What a threshold decides in each sub-volume that holds brain (Huang 2021, eqs. 1 and 2).

    Positive ones (with metastasis): the highest probability inside the reference. Negative ones: the highest anywhere.
    Eight decimals distinguish what single precision distinguishes: networks are certain of much.
    """
    scores: dict[str, list[float]] = {"positive": [], "negative": []}
    for start in np.ndindex(*(-(-n // SUBVOLUME) for n in mask.shape)):
        box = tuple(slice(SUBVOLUME * s, SUBVOLUME * (s + 1)) for s in start)
        inside = label[box] > 0
        if inside.any():
            scores["positive"].append(round(float(probability[box][inside].max()), 8))
        elif mask[box].any():
            scores["negative"].append(round(float(probability[box].max()), 8))
    return scores


def evaluate(cases, maps: dict, with_prior=True, say=print) -> dict:
    """Score `maps`, {"sens": case -> probability, "spec": ...} or one of them, on `cases`; returns summaries, each
    volume's counts and sub-volume scores, and every false positive."""
    matches: dict[str, list[Matched]] = {key: [] for key in maps}
    rows, false_positives, counts, every_change = [], [], [], []
    for case in cases:
        probabilities = {key: of(case) for key, of in maps.items()}
        changes = {one["id"]: one["change"] for one in case.details.get("lesions", []) if "change" in one}
        every_change.append(changes)
        for key, probability in probabilities.items():
            matched: Matched = match_volume(probability, case.label)
            matches[key].append(matched)
            strict = match_volume(probability, case.label, minimum_iou=0.1)
            lesions = [
                {"mm3": v, "found": n in matched.found, "change": changes.get(n)}
                for n, v in matched.lesion_volumes.items()
            ]
            rows.append(
                {
                    "network": key,
                    "case": case.name,
                    "seed": case.details.get("seed"),
                    "prior": case.has_prior and with_prior,
                    "priorShiftMm": case.details.get("priorShiftMm"),
                    "metastases": len(lesions),
                    "found": len(matched.found),
                    "lesions": lesions,
                    "falsePositives": len(matched.false_volumes),
                    "dice": [round(d, 3) for d in matched.found.values()],
                    "foundIou10": len(strict.found),
                    "falsePositivesIou10": len(strict.false_volumes),
                    "subvolumes": subvolume_scores(probability, case.label, case.mask),
                }
            )
            for volume, centre, peak in zip(matched.false_volumes, matched.false_centres, matched.false_peaks):
                where = [c + o for c, o in zip(centre, case.corner)]
                false_positives.append(
                    {"network": key, "case": case.name, "kji": where, "mm3": volume, "peak": round(peak, 3)}
                )
            say(
                f"{case.name} {key}: {len(matched.found)}/{len(matched.lesion_volumes)} found, "
                f"{len(matched.false_volumes)} false",
                flush=True,
            )
        if len(maps) == 2:
            counts.append(
                {"case": case.name, **ensemble_counts(probabilities["sens"], probabilities["spec"], case.label)}
            )
    has_prior = [case.has_prior and with_prior for case in cases]
    result = {
        key: {
            **summary(found, has_prior, every_change),
            **summary_of_rows([row for row in rows if row["network"] == key]),
        }
        for key, found in matches.items()
    }
    if counts:
        names = [name for name in counts[0] if name != "case"]
        result["ensemblePerVolume"] = {name: round(float(np.mean([c[name] for c in counts])), 2) for name in names}
    return {"summary": result, "volumes": rows, "ensemble": counts, "falsePositives": false_positives}
