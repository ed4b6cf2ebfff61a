"""Write docs/results.md and its figures from the scores of the networks that were evaluated on the test phantoms.

    /usr/bin/python3 training/results.py [--runs training/runs | training/scores] [--to docs]

Takes runs/<network>/test.json of `evaluate.py --split test`, runs/ensemble/test.json and test-familiar.json of M_sens and M_spec together, of M_sens
test-without-prior.json and test-moved-<mm>.json, and runs/real-heads.json of `scripts/real-heads.ts`. A network without scores keeps its row, empty, beside the paper's numbers.
`reproduce.py --evidence` makes all of them.
"""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from bootstrap import false_per_volume, interval, paired, precision, sensitivity, value
from data import Cases
from examples import draw_examples
from predict import file_of
from real_heads import draw_real_heads, read_real_heads, real_heads_table
from recipe import RECIPE, lineage, options_of
from scores import (LESION_CLASSES, area_interval, curves, dice, precision_strict, sensitivity_of, sensitivity_strict, subvolume_precision,
                    subvolume_sensitivity, subvolume_specificity, subvolumes, through_ends, total, weight_curve)
from targets import BY_ALPHA, BY_WEIGHT_OF_SSE, followed, target_table, text

#: Huang 2021, Tabs. 2 and 3: network here -> (prior, loss, sensitivity, precision, false positives, mean Dice).
PAPER = {
    "bce-no-prior": ("no", "BCE", 0.853, 0.691, 106, 0.789),
    "jvss-1": ("no", "JVSS α = 1", 0.974, 0.274, 718, 0.808),
    "jvss-0.995": ("no", "JVSS α = 0.995", 0.946, 0.516, 247, 0.798),
    "jvss-0.99": ("no", "JVSS α = 0.99", 0.914, 0.736, 91, 0.801),
    "jvss-0.95": ("no", "JVSS α = 0.95", 0.881, 0.918, 22, 0.792),
    "jvss-0.9": ("no", "JVSS α = 0.9", 0.860, 0.930, 18, 0.788),
    "jvss-0.5": ("no", "JVSS α = 0.5", 0.802, 0.987, 3, 0.755),
    "sse-0.1": ("no", "SSE r = 0.1", None, None, None, None),
    "sse-0.5": ("no", "SSE r = 0.5", None, None, None, None),
    "sse-0.9": ("no", "SSE r = 0.9", None, None, None, None),
    "bce": ("yes", "BCE", None, None, None, None),
    "m-sens": ("yes", "JVSS α = 0.995 (M_sens)", 0.932, 0.621, 158, 0.808),
    "m-spec": ("yes", "JVSS α = 0.5 (M_spec)", 0.842, 0.996, 1, 0.760),
    "prior-channel": ("channel", "JVSS α = 0.995", None, None, None, None),
    "unet-bce": ("no", "3D U-Net, BCE", 0.720, 0.667, 100, 0.754),
    "unet-0.9": ("no", "3D U-Net, JVSS α = 0.9", 0.827, 0.197, 939, 0.814),
    "unet-0.5": ("no", "3D U-Net, JVSS α = 0.5", 0.694, 0.836, 38, 0.763),
}
#: Huang 2021, Tab. 1 and Fig. 3: sub-volume sensitivity, specificity, precision, area under the ROC curve.
PAPER_SUBVOLUMES = {
    "bce-no-prior": (0.880, 0.9915, 0.826, None),
    "jvss-1": (0.952, 0.9417, 0.427, 0.9752),
    "jvss-0.995": (0.936, 0.9807, 0.689, 0.982),
    "jvss-0.99": (0.917, 0.9924, 0.846, 0.982),
    "jvss-0.95": (0.899, 0.9978, 0.950, None),
    "jvss-0.9": (0.868, 0.9981, 0.954, None),
    "jvss-0.5": (0.841, 0.9991, 0.976, 0.9536),
    "m-sens": (0.927, 0.9873, 0.769, None),
    "m-spec": (0.857, 0.9995, 0.986, None),
}
#: Of the patients of test-familiar, on which nothing but M_sens and M_spec was run.
FAMILIAR = "head and scanners of the training"
#: (sensitivity, precision) of the paper's JVSS over α, without prior.
PAPER_BY_ALPHA = [PAPER[network][2:4] for network in BY_ALPHA]


def number(value) -> str:
    return "" if value is None else f"{value:g}"


def named(network: str) -> str:
    prior, loss = PAPER[network][:2]
    return f"{loss}, prior: {prior}"


def table(head: list, rows: list) -> list:
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows)]


def metastasis_table(scores: dict) -> list:
    lines = []
    for network, (prior, loss, *paper) in PAPER.items():
        rows = scores.get(network)
        ours = ["not scored", "", "", ""]
        if rows:
            false = f"{total(rows, 'falsePositives'):.0f} ({value(rows, false_per_volume):.2f})"
            ours = [text(interval(rows, sensitivity)), text(interval(rows, precision)), false, text(interval(rows, dice))]
        lines.append([prior, loss, *ours, *map(number, paper)])
    return table(["prior", "loss", "sensitivity", "precision", "false positives (a volume)", "mean Dice", "paper: sens.", "prec.", "FP", "Dice"], lines)


def subvolume_table(scores: dict) -> list:
    lines = []
    for network, rows in scores.items():
        rates = [text(interval(rows, rate)) for rate in (subvolume_sensitivity, subvolume_specificity, subvolume_precision)]
        areas = [text(area_interval(rows, key)) for key in ("rocArea", "prArea")]
        lines.append([named(network), *rates, *areas, *map(number, PAPER_SUBVOLUMES.get(network, [None] * 4))])
    return table(["network", "sensitivity", "specificity", "precision", "ROC area", "PR area", "paper: sens.", "spec.", "prec.", "ROC"], lines)


def strict_table(scores: dict) -> list:
    lines = [[named(network), *(text(interval(rows, rate)) for rate in (sensitivity_strict, precision_strict))] for network, rows in scores.items()]
    return table(["network", "sensitivity", "precision"], lines)


def class_table(scores: dict) -> list:
    """Sensitivity by size and by change since the prior."""
    lines = [[named(network), *(text(interval(rows, sensitivity_of(name)), 2) for name in LESION_CLASSES)] for network, rows in scores.items()]
    rows = next(iter(scores.values()))
    counts = {name: sum(sensitivity_of(name)(row)[1] for row in rows) for name in LESION_CLASSES}
    return table(["network", *(f"{name} ({count})" for name, count in counts.items())], lines)


def part_table(scores: dict, familiar: dict) -> list:
    """The networks that ship, on each part of the test phantoms, on first scans and follow-ups, and on the rows of `familiar` patients."""
    lines = []
    for network in [n for n in ("m-sens", "m-spec") if n in scores]:
        rows = scores[network]
        parts = {words: [row for row in rows if belongs(row)] for words, belongs in PARTS_OF_THE_TEST.items()}
        for words, part in {**parts, f"other patients: {FAMILIAR}": familiar.get(network, [])}.items():
            if part:
                rates = [text(interval(part, rate)) for rate in (sensitivity, precision)]
                lines.append([named(network), words, str(len(part)), *rates, f"{value(part, false_per_volume):.2f}"])
    return table(["network", "volumes", "number", "sensitivity", "precision", "false positives a volume"], lines)


def test_part(key: str):
    """Whether a row belongs to the test patients whose recipe has `key`: an unseen scanner, or an unseen head."""
    part = next(part for part in RECIPE["phantoms"]["test"] if key in part)
    return lambda row: row["seed"] is not None and part["seed"] <= row["seed"] < part["seed"] + part["patients"]


def both(scored: dict) -> dict:
    """M_sens's and M_spec's rows of evaluate.py's result for an ensemble."""
    return {network: [row for row in scored["volumes"] if row["network"] == key] for network, key in (("m-sens", "sens"), ("m-spec", "spec"))}


def ensemble_table(scored: dict) -> list:
    """What a radiologist would be shown, of evaluate.py's results for ensembles by whose patients they are of."""
    def either(rows: dict) -> list:
        pairs = zip(rows["m-sens"], rows["m-spec"])
        found = [sum(a["found"] or b["found"] for a, b in zip(sens["lesions"], spec["lesions"])) for sens, spec in pairs]
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
        lines.append([words, str(len(result["ensemble"])), *found, *(text(interval(result["ensemble"], rate), 2) for rate in counted.values())])
    return table(["patients", "volumes", "metastases found by either", "by M_spec", *counted], lines)


PARTS_OF_THE_TEST = {
    "unseen scanner": test_part("scanner"),
    "unseen head": test_part("head"),
    "first scans": lambda row: not row["prior"],
    "follow-ups": lambda row: row["prior"],
}


def draw_curves(scores: dict, to: Path) -> None:
    figure, (roc, pr, weights) = plt.subplots(1, 3, figsize=(16, 4.5))
    for axis in (roc, pr):
        axis.set_prop_cycle(color=plt.get_cmap("tab20").colors)
    for network, rows in scores.items():
        curve, style = curves(rows), {"no": "-", "yes": "--", "channel": ":"}[PAPER[network][0]]
        roc.plot(curve["rate"], curve["sensitivity"], style, label=f"{named(network)} ({curve['rocArea']:.3f})")
        # From the first that is called: before it there is no precision.
        pr.plot(curve["sensitivity"][1:], curve["precision"][1:], style, label=named(network))
    for words, networks, paper in (("JVSS over α", BY_ALPHA, 0.947), ("SSE over its weight", BY_WEIGHT_OF_SSE, 0.899)):
        scored = [scores[network] for network in networks if network in scores]
        if scored:
            recall, exact, area = weight_curve(scored)
            whole = f" (area {area:.3f}; paper {paper})" if len(scored) == len(networks) else ""
            weights.plot(recall, exact, "o-", label=words + whole)
    weights.plot(*zip(*sorted(PAPER_BY_ALPHA)), "x:", color="grey", label="the paper's JVSS")
    roc.set(xlabel="1 − specificity of sub-volumes", ylabel="sensitivity of sub-volumes", xlim=(-0.01, 0.3), title="ROC over thresholds (Fig. 3)")
    pr.set(xlabel="sensitivity (recall) of sub-volumes", ylabel="precision of sub-volumes", title="Precision and recall over thresholds")
    weights.set(xlabel="sensitivity (recall) of metastases", ylabel="precision of metastases", title="Over the weight in the loss (Fig. 6)")
    roc.legend(fontsize=6, loc="lower right")
    weights.legend(fontsize=7, loc="lower left")
    figure.tight_layout()
    figure.savefig(to, dpi=80)
    plt.close(figure)


def prior_table(found: dict) -> list:
    """M_sens on follow-ups, by how far their priors are off as they were registered, and with the priors moved or withheld; of the latter, paired differences."""
    unchanged = next(iter(PRIORS))
    lines, asis = [], found[unchanged]
    by_distance = {f"of these, {low:g} to {high:g} mm off": [row for row in asis if low <= row["priorShiftMm"] < high] for low, high in DISTANCES}
    changed = {words: rows for words, rows in found.items() if words != unchanged}
    for words, rows in {unchanged: asis, **by_distance, **changed}.items():
        change = [text(paired(asis, rows, rate), 3, "+") for rate in (sensitivity, false_per_volume)] if words in changed else ["", ""]
        rates = [text(interval(rows, rate)) for rate in (sensitivity, precision, false_per_volume)] if rows else [""] * 3
        lines.append([words, str(len(rows)), *rates, *change])
    return table(["prior of M_sens, follow-ups only", "volumes", "sensitivity", "precision", "false positives a volume", "difference in sensitivity",
                  "in false positives a volume"], lines)


#: Classes of a prior's misregistration in mm, half open.
DISTANCES = ((0, 0.5), (0.5, 1), (1, 2))
#: M_sens with its priors changed: what the page calls it -> name of maps and scores, and by how much `predict.py` is told to move them.
PRIORS = {
    "as registered": ("test", "0"),
    "moved by another 1 mm, in a random direction": ("test-moved-1", "1"),
    "moved by another 2 mm": ("test-moved-2", "2"),
    "moved by another 3 mm": ("test-moved-3", "3"),
    "withheld": ("test-without-prior", "withheld"),
}


#: What keeps this page's columns from being compared with the paper's without a second thought.
DIFFERENCES = (
    "Differences from the paper that matter for a comparison: findings of fewer than 3 voxels do not count (the paper's do); a positive sub-volume counts as called where "
    "the reference itself is hit (the paper: where any voxel is), and a brain has 85 of them here, 150 there; JVSS is trained in the form of the authors' program, not as eq. 4; the "
    "networks of JVSS and SSE end with averaged weights after 1360 batches (the U-Nets 1760) more than those of BCE; training flips left and right but does not rotate; the network that gets the prior as a channel saw priors for the last 1000 batches of "
    "BCE only. Areas over the weight in the loss are those of the polygon from (0, 1) through the networks to (1, 0), by which the paper's own six networks have {:.3f}."
)


def rounded_scores(scores: dict) -> str:
    """Says which networks' sub-volume probabilities are kept to four decimals; nothing where all have more."""
    rounded = [named(network) for network, rows in scores.items() if all(score == round(score, 4) for kind in subvolumes(rows) for score in kind)]
    if not rounded:
        return ""
    return f" Of {'; '.join(rounded)}, probabilities of sub-volumes are kept to four decimals: the most certain are ties, and their areas come out too small."


def refuse_screened(runs: Path, networks) -> None:
    """Raises SystemExit when a network's maps note a screen, outside whose region they are 0: the page says that all are of the whole brain."""
    notes = {network: runs / network / "test" / "origin.json" for network in networks}
    if screened := [network for network, note in notes.items() if note.exists() and json.loads(note.read_text()).get("screen")]:
        raise SystemExit(f"{', '.join(screened)} were run only where a screen looks; predict with --exact and score anew")


def volumes_of(file: Path) -> list:
    return json.loads(file.read_text())["volumes"]


def refuse_other_volumes(scores: dict) -> None:
    """Raises SystemExit when networks were not scored on the same volumes."""
    cases = {network: [row["case"] for row in rows] for network, rows in scores.items()}
    first = next(iter(cases))
    if others := [network for network in cases if cases[network] != cases[first]]:
        raise SystemExit(f"{', '.join(others)} and {first} were scored on other volumes; predict and score what is missing")


def training_table(networks) -> list:
    """How long each network and the runs it started from were trained."""
    def run(name: str) -> str:
        options = options_of(name)
        return f"{options['max_steps']} × {options['batch']} ({options['loss'].upper()})"

    return table(["network", "batches × segments"], [[named(n), ", then ".join(map(run, lineage(n)))] for n in networks])


def write_results(runs: Path, to: Path) -> None:
    files = {network: runs / network / "test.json" for network in PAPER}
    scores = {network: volumes_of(file) for network, file in files.items() if file.exists()}
    if not scores:
        raise SystemExit(f"no network in {runs} has a test.json")
    refuse_other_volumes(scores)
    refuse_screened(runs, scores)
    any_rows = next(iter(scores.values()))
    metastases = total(any_rows, "metastases")
    pictures = to / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    draw_curves(scores, pictures / "roc.png")
    changed = {words: runs / "m-sens" / f"{name}.json" for words, (name, _) in PRIORS.items()}
    priors = {words: followed(volumes_of(file)) for words, file in changed.items() if file.exists()}
    ensemble_file, heads = runs / "ensemble" / "test.json", read_real_heads(runs / "real-heads.json")
    ensembles = {words: json.loads(file.read_text()) for words, file in
                 (("test", ensemble_file), (FAMILIAR, ensemble_file.with_name("test-familiar.json"))) if file.exists()}
    ensemble = ensembles["test"]["ensemble"] if "test" in ensembles else []
    familiar = both(ensembles[FAMILIAR]) if FAMILIAR in ensembles else {}
    maps = runs / "m-sens" / "test"
    lines = [
        "# Results on synthetic patients",
        "",
        "Written by `training/results.py`; do not edit. **Synthetic patients only: these numbers say nothing about real ones. Not for clinical use.**",
        "",
        f"{len(any_rows)} volumes of {len({r['case'].split('/')[0] for r in any_rows})} unseen phantom patients, {metastases:.0f} "
        f"metastases, {sum(r['prior'] for r in any_rows)} volumes with a prior. Half of the patients were scanned with a protocol no training phantom has, "
        "half were made from a head no training phantom has (`training/recipe.json`). "
        "Intervals: 95 %, patients drawn again.",
        "",
        "Networks have `compact` widths; the paper's have about eleven times as many parameters. None is trained on its own from nothing, as the paper's are: each α starts from a "
        "common run with BCE, the networks without prior and with the prior as a channel share the longer part of that run, too; the U-Net is trained apart and more shortly. "
        "All of them, the ensemble too, were run everywhere in the brain; the node leaves out what the 8-bit screen of M_sens finds unsuspicious.",
        "",
        DIFFERENCES.format(through_ends(PAPER_BY_ALPHA)[2]) + rounded_scores(scores),
        "",
        "## Targets",
        "",
        *target_table(scores, ensemble, heads),
        "",
        "Why, as far as it is known: [decision 0003](decisions/0003-training.md), \"Falls short\".",
        "",
        "## Metastases (Huang 2021, Tabs. 2 and 3)",
        "",
        *metastasis_table(scores),
        "",
        *(["## M_sens and M_spec by part of the test", "", *part_table(scores, familiar), ""] if "m-sens" in scores or "m-spec" in scores else []),
        "## Sensitivity by size and by change since the prior",
        "",
        *class_table(scores),
        "",
        "## The same when a match needs an intersection over union of 0.1",
        "",
        *strict_table(scores),
        "",
        *(["## With the prior withheld or misregistered", "", *prior_table(priors), ""] if priors else []),
        "## Sub-volumes of 37³ (Huang 2021, Tab. 1 and Fig. 3)",
        "",
        "{} positive, {} negative sub-volumes.".format(*map(len, subvolumes(any_rows))),
        "",
        *subvolume_table(scores),
        "",
        "![ROC, precision–recall curves over thresholds and over the loss's weight](pictures/roc.png)",
        "",
        "## Training",
        "",
        *training_table(scores),
    ]
    if ensembles:
        lines += ["", "## Ensemble", "", *ensemble_table(ensembles), "",
                  "False is here what touches no metastasis; the tables above give each metastasis one finding, and count what else touches it as false."]
    cases = [case for case in Cases(runs / "data", "test", runs / "cache") if file_of(maps, case).exists()]
    if cases:
        draw_examples(cases, maps, pictures / "examples.png")
        lines += ["", "## Examples of M_sens", "", "![Found, missed and false, beside the prior](pictures/examples.png)"]
    if heads:
        draw_real_heads(heads, pictures / "real-heads.png")
        lines += ["", "## Real heads", "",
                  "Findings of the shipped ensemble in public images, each series read by `priora analyse --force-series` "
                  "(`docs/expected-verdicts.md` says which are refused otherwise). None has a known metastasis; one has a vestibular schwannoma, which the networks cannot tell from one. "
                  "No network has seen them. The images are not shown: findings lie in the template's brain.",
                  "", *real_heads_table(heads), "",
                  "![Findings in real heads on the template: red confirmed, yellow candidates](pictures/real-heads.png)"]
    (to / "results.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", default="training/runs")
    parser.add_argument("--to", default="docs")
    options = parser.parse_args()
    write_results(Path(options.runs), Path(options.to))
