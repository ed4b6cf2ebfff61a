"""The tables of the page of results, as lines of Markdown."""

from training.evaluate.bootstrap import false_per_volume, interval, paired, precision, sensitivity, value
from training.evaluate.scores import (
    LESION_CLASSES,
    area_interval,
    by_prior_shift,
    dice,
    precision_strict,
    sensitivity_of,
    sensitivity_strict,
    subvolume_precision,
    subvolume_sensitivity,
    subvolume_specificity,
    total,
)
from training.paper.paper import PAPER, PAPER_SUBVOLUMES, named
from training.paper.targets import text
from training.recipe import RECIPE, lineage, options_of

#: Of the patients of test-familiar, on which nothing but M_sens and M_spec was run.
FAMILIAR = "head and scanners of the training"
#: M_sens with its priors changed: what the page calls it -> name of maps and scores, and by how much
#: `training.evaluate.predict` is told to move them.
PRIORS = {
    "as registered": ("test", "0"),
    "moved by another 1 mm, in a random direction": ("test-moved-1", "1"),
    "moved by another 2 mm": ("test-moved-2", "2"),
    "moved by another 3 mm": ("test-moved-3", "3"),
    "withheld": ("test-without-prior", "withheld"),
}


def number(value) -> str:
    return "" if value is None else f"{value:g}"


def table(head: list, rows: list) -> list:
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows)]


def metastasis_table(scores: dict) -> list:
    lines = []
    for network, (prior, loss, *paper) in PAPER.items():
        rows = scores.get(network)
        ours = ["not scored", "", "", ""]
        if rows:
            false = f"{total(rows, 'falsePositives'):.0f} ({value(rows, false_per_volume):.2f})"
            ours = [
                text(interval(rows, sensitivity)),
                text(interval(rows, precision)),
                false,
                text(interval(rows, dice)),
            ]
        lines.append([prior, loss, *ours, *map(number, paper)])
    return table(
        [
            "prior",
            "loss",
            "sensitivity",
            "precision",
            "false positives (a volume)",
            "mean Dice",
            "paper: sens.",
            "prec.",
            "FP",
            "Dice",
        ],
        lines,
    )


def subvolume_table(scores: dict) -> list:
    lines = []
    for network, rows in scores.items():
        rates = [
            text(interval(rows, rate)) for rate in (subvolume_sensitivity, subvolume_specificity, subvolume_precision)
        ]
        areas = [text(area_interval(rows, key)) for key in ("rocArea", "prArea")]
        lines.append([named(network), *rates, *areas, *map(number, PAPER_SUBVOLUMES.get(network, [None] * 4))])
    return table(
        [
            "network",
            "sensitivity",
            "specificity",
            "precision",
            "ROC area",
            "PR area",
            "paper: sens.",
            "spec.",
            "prec.",
            "ROC",
        ],
        lines,
    )


def strict_table(scores: dict) -> list:
    lines = [
        [named(network), *(text(interval(rows, rate)) for rate in (sensitivity_strict, precision_strict))]
        for network, rows in scores.items()
    ]
    return table(["network", "sensitivity", "precision"], lines)


def class_table(scores: dict) -> list:
    """Sensitivity by size and by change since the prior."""
    lines = [
        [named(network), *(text(interval(rows, sensitivity_of(name)), 2) for name in LESION_CLASSES)]
        for network, rows in scores.items()
    ]
    rows = next(iter(scores.values()))
    counts = {name: sum(sensitivity_of(name)(row)[1] for row in rows) for name in LESION_CLASSES}
    return table(["network", *(f"{name} ({count})" for name, count in counts.items())], lines)


def part_table(scores: dict, familiar: dict) -> list:
    """The networks that ship, on each part of the test phantoms, on first scans and follow-ups, and on the rows of
    `familiar` patients."""
    lines = []
    for network in [n for n in ("m-sens", "m-spec") if n in scores]:
        rows = scores[network]
        parts = {words: [row for row in rows if belongs(row)] for words, belongs in PARTS_OF_THE_TEST.items()}
        for words, part in {**parts, f"other patients: {FAMILIAR}": familiar.get(network, [])}.items():
            if part:
                rates = [text(interval(part, rate)) for rate in (sensitivity, precision)]
                lines.append([named(network), words, str(len(part)), *rates, f"{value(part, false_per_volume):.2f}"])
    return table(["network", "volumes", "number", "sensitivity", "precision", "false positives a volume"], lines)


def test_part(unseen_scanner: bool):
    """Whether a row belongs to the test patients of unseen heads, scanned as none in training was, or as those were."""
    part = next(part for part in RECIPE["phantoms"]["test"] if ("scanner" in part) == unseen_scanner)
    return lambda row: row["seed"] is not None and part["seed"] <= row["seed"] < part["seed"] + part["patients"]


def both(scored: dict) -> dict:
    """M_sens's and M_spec's rows of evaluate.py's result for an ensemble."""
    return {
        network: [row for row in scored["volumes"] if row["network"] == key]
        for network, key in (("m-sens", "sens"), ("m-spec", "spec"))
    }


def ensemble_table(scored: dict) -> list:
    """What a radiologist would be shown, of evaluate.py's results for ensembles by whose patients they are of."""

    def either(rows: dict) -> list:
        pairs = zip(rows["m-sens"], rows["m-spec"])
        found = [
            sum(a["found"] or b["found"] for a, b in zip(sens["lesions"], spec["lesions"])) for sens, spec in pairs
        ]
        return [{**row, "found": n} for row, n in zip(rows["m-sens"], found)]

    counted = {
        "confirmed findings a volume": lambda volume: (volume["confirmed"], 1),
        "of them false": lambda volume: (volume["confirmedFalse"], 1),
        "candidates a volume": lambda volume: (volume["candidates"], 1),
        "of them false (paper: 1.5)": lambda volume: (volume["candidatesFalse"], 1),
    }
    lines = []
    for words, result in scored.items():
        rows = both(result)
        found = [text(interval(of, sensitivity)) for of in (either(rows), rows["m-spec"])]
        lines.append(
            [
                words,
                str(len(result["ensemble"])),
                *found,
                *(text(interval(result["ensemble"], rate), 2) for rate in counted.values()),
            ]
        )
    return table(["patients", "volumes", "metastases found by either", "by M_spec", *counted], lines)


PARTS_OF_THE_TEST = {
    "unseen scanner and head": test_part(True),
    "unseen head": test_part(False),
    "first scans": lambda row: not row["prior"],
    "follow-ups": lambda row: row["prior"],
}


def prior_table(found: dict) -> list:
    """M_sens on follow-ups, by how far their priors are off as they were registered, and with the priors moved or
    withheld; of the latter, paired differences."""
    unchanged = next(iter(PRIORS))
    lines, asis = [], found[unchanged]
    by_distance = {f"of these, {low:g} to {high:g} mm off": rows for (low, high), rows in by_prior_shift(asis).items()}
    changed = {words: rows for words, rows in found.items() if words != unchanged}
    for words, rows in {unchanged: asis, **by_distance, **changed}.items():
        change = (
            [text(paired(asis, rows, rate), 3, "+") for rate in (sensitivity, false_per_volume)]
            if words in changed
            else ["", ""]
        )
        rates = (
            [text(interval(rows, rate)) for rate in (sensitivity, precision, false_per_volume)] if rows else [""] * 3
        )
        lines.append([words, str(len(rows)), *rates, *change])
    return table(
        [
            "prior of M_sens, follow-ups only",
            "volumes",
            "sensitivity",
            "precision",
            "false positives a volume",
            "difference in sensitivity",
            "in false positives a volume",
        ],
        lines,
    )


def training_table(networks) -> list:
    """How long each network and the runs it started from were trained."""

    def run(name: str) -> str:
        options = options_of(name)
        return f"{options['max_steps']} × {options['batch']} ({options['loss'].upper()})"

    return table(
        ["network", "batches × segments"], [[named(n), ", then ".join(map(run, lineage(n)))] for n in networks]
    )
