"""Write docs/results.md and its figures from the scores of the networks that were evaluated on the test phantoms.

    /usr/bin/python3 training/results.py [--runs training/runs] [--to docs]

Takes runs/<network>/test.json of `evaluate.py --split test`, runs/ensemble/test.json of M_sens and M_spec together, and of M_sens
test-without-prior.json and test-moved-<mm>.json. A network without scores keeps its row, empty, beside the paper's numbers.
`reproduce.py --evidence` makes all of them.
"""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from data import Cases
from examples import draw_examples
from predict import file_of
from scores import (LESION_CLASSES, curves, difference, found_of, interval, mean_dice, precision, sensitivity, subvolumes, total)
from targets import target_table

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
def with_interval(values: tuple, digits=3) -> str:
    return "{:.{d}f} ({:.{d}f}–{:.{d}f})".format(*values, d=digits)


def number(value, digits=3) -> str:
    return "" if value is None else f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def metastasis_table(scores: dict) -> list:
    lines = [
        "| prior | loss | sensitivity | precision | false positives (a volume) | mean Dice | paper: sens. | prec. | FP | Dice |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for network, (prior, loss, *paper) in PAPER.items():
        rows = scores.get(network)
        ours = ["not trained", "", "", ""]
        if rows:
            false = total(rows, "falsePositives")
            ours = [with_interval(interval(rows, sensitivity)), with_interval(interval(rows, precision)),
                    f"{false:.0f} ({false / len(rows):.2f})", f"{mean_dice(rows):.3f}"]
        lines.append("| " + " | ".join([prior, loss, *ours, *map(number, paper)]) + " |")
    return lines


def subvolume_table(scores: dict) -> list:
    lines = ["| network | positive | negative | sensitivity | specificity | precision | ROC area | PR area |", "|---|---|---|---|---|---|---|---|"]
    for network, rows in scores.items():
        positive, negative = subvolumes(rows)
        hits, alarms = (positive >= 0.5).sum(), (negative >= 0.5).sum()
        lines.append(f"| {PAPER[network][1]}, prior: {PAPER[network][0]} | {len(positive)} | {len(negative)} | {hits / len(positive):.3f} "
                     f"| {1 - alarms / len(negative):.4f} | {hits / max(hits + alarms, 1):.3f} "
                     f"| {curves(rows)['rocArea']:.4f} | {curves(rows)['prArea']:.4f} |")
    return lines


def strict_table(scores: dict) -> list:
    lines = ["| network | sensitivity | precision |", "|---|---|---|"]
    for network, rows in scores.items():
        values = sensitivity(rows, "Iou10"), precision(rows, "Iou10")
        lines.append(f"| {PAPER[network][1]}, prior: {PAPER[network][0]} | {values[0]:.3f} | {values[1]:.3f} |")
    return lines


def draw_curves(scores: dict, to: Path) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5))
    for network, rows in scores.items():
        curve = curves(rows)
        label = f"{PAPER[network][1]}, prior: {PAPER[network][0]}"
        left.plot(curve["rate"], curve["sensitivity"], label=f"{label} ({curve['rocArea']:.3f})")
        right.plot(curve["sensitivity"], curve["precision"], label=label)
    left.set(xlabel="1 − specificity of sub-volumes", ylabel="sensitivity of sub-volumes", xlim=(-0.01, 0.3), title="ROC")
    right.set(xlabel="sensitivity (recall) of sub-volumes", ylabel="precision of sub-volumes", title="Precision and recall")
    left.legend(fontsize=7, loc="lower right")
    figure.tight_layout()
    figure.savefig(to, dpi=80)


def class_table(scores: dict) -> list:
    """Sensitivity by size and by change since the prior."""
    lines = ["| network | " + " | ".join(LESION_CLASSES) + " |", "|---" * (len(LESION_CLASSES) + 1) + "|"]
    for network, rows in scores.items():
        shares = [found_of(rows, belongs) for belongs in LESION_CLASSES.values()]
        cells = [f"{found} of {number}" for found, number in shares]
        lines.append(f"| {PAPER[network][1]}, prior: {PAPER[network][0]} | " + " | ".join(cells) + " |")
    return lines


def prior_table(found: dict) -> list:
    """M_sens on follow-ups with its prior withheld or moved, and paired differences from the prior as it is."""
    lines = ["| prior of M_sens, follow-ups only | sensitivity | precision | false positives a volume | difference in sensitivity | in false positives a volume |",
             "|---|---|---|---|---|---|"]
    asis = next(iter(found.values()))
    for words, rows in found.items():
        step = difference(asis, rows)
        change = [f"{step[key]['difference']:+.3f} ({step[key]['interval'][0]:+.3f} to {step[key]['interval'][1]:+.3f})"
                  for key in ("sensitivity", "falsePositivesPerVolume")]
        lines.append(f"| {words} | {sensitivity(rows):.3f} | {precision(rows):.3f} | {total(rows, 'falsePositives') / len(rows):.2f} | "
                     + " | ".join(["", ""] if rows is asis else change) + " |")
    return lines


#: M_sens with its priors changed: what the page calls it -> name of maps and scores, and what `scripts/predict.ts` is told.
PRIORS = {
    "as registered (0–1.5 mm off)": ("test", "0"),
    "moved by 1 mm more": ("test-moved-1", "1"),
    "moved by 2 mm more": ("test-moved-2", "2"),
    "moved by 3 mm more": ("test-moved-3", "3"),
    "withheld": ("test-without-prior", "withheld"),
}


def volumes_of(file: Path) -> list:
    return json.loads(file.read_text())["volumes"]


def write_results(runs: Path, to: Path) -> None:
    files = {network: runs / network / "test.json" for network in PAPER}
    scores = {network: volumes_of(file) for network, file in files.items() if file.exists()}
    if not scores:
        raise SystemExit(f"no network in {runs} has a test.json")
    any_rows = next(iter(scores.values()))
    pictures = to / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    draw_curves(scores, pictures / "roc.png")
    changed = {words: runs / "m-sens" / f"{name}.json" for words, (name, _) in PRIORS.items()}
    priors = {words: [row for row in volumes_of(file) if row["priorShiftMm"] is not None]
              for words, file in changed.items() if file.exists()}
    lines = [
        "# Results on synthetic patients",
        "",
        "Written by `training/results.py`; do not edit. **Synthetic patients only: these numbers say nothing about real ones. Not for clinical use.**",
        "",
        f"{len(any_rows)} volumes of {len({r['case'].split('/')[0] for r in any_rows})} unseen phantom patients, {total(any_rows, 'metastases'):.0f} "
        f"metastases, {sum(r['prior'] for r in any_rows)} volumes with a prior. Half of the patients were scanned with a protocol no training phantom has, "
        "half were made from a head no training phantom has (`training/recipe.json`). Networks have `compact` widths. "
        "Intervals: 95 %, patients drawn again.",
        "",
        "## Targets",
        "",
        *target_table(scores),
        "",
        "## Metastases (Huang 2021, Tabs. 2 and 3)",
        "",
        *metastasis_table(scores),
        "",
        "## By size and by change since the prior",
        "",
        *class_table(scores),
        "",
        "## The same when a match needs an intersection over union of 0.1",
        "",
        *strict_table(scores),
        "",
        *(["## With the prior withheld or misregistered", "", *prior_table(priors), ""] if priors else []),
        "## Sub-volumes of 37³ (Huang 2021, Tab. 1, Figs. 3 and 6)",
        "",
        *subvolume_table(scores),
        "",
        "![ROC and precision–recall curves of sub-volumes](pictures/roc.png)",
    ]
    ensemble = runs / "ensemble" / "test.json"
    if ensemble.exists():
        counts = json.loads(ensemble.read_text())["summary"]["ensemblePerVolume"]
        lines += ["", "## Ensemble", "",
                  f"A volume has {counts['confirmed']} confirmed findings, of which {counts['confirmedFalse']} are false, and "
                  f"{counts['candidates']} candidates, of which {counts['candidatesFalse']} are false (paper: 1.5 false candidates; target: ≤ 1.5)."]
    maps = runs / "m-sens" / "test"
    cases = [case for case in Cases(runs / "data", "test", runs / "cache") if file_of(maps, case).exists()]
    if cases:
        draw_examples(cases, maps, pictures / "examples.png")
        lines += ["", "## Examples of M_sens", "", "![Found, missed and false, beside the prior](pictures/examples.png)"]
    (to / "results.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", default="training/runs")
    parser.add_argument("--to", default="docs")
    options = parser.parse_args()
    write_results(Path(options.runs), Path(options.to))
