"""Write docs/results.md and its figures from the scores of the networks that were evaluated on the test phantoms.

    python3 -m training.paper.results [--runs training/runs | training/scores] [--to docs]

Takes runs/<network>/test.json of `evaluate.py --split test`, runs/ensemble/test.json and test-familiar.json of M_sens
and M_spec together, of M_sens test-without-prior.json and test-moved-<mm>.json, and runs/real-heads.json of
`scripts/real-heads.ts`. A network without scores keeps its row, empty, beside the paper's numbers. `reproduce.py
--evidence` makes all of them.
"""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from training.data.cases import Cases
from training.evaluate.predict import file_of
from training.evaluate.scores import curves, subvolumes, through_ends, total, weight_curve
from training.paper.examples import draw_examples
from training.paper.paper import PAPER, PAPER_BY_ALPHA, named
from training.paper.real_heads import draw_real_heads, read_real_heads, real_heads_table
from training.paper.tables import (
    FAMILIAR,
    PRIORS,
    both,
    class_table,
    ensemble_table,
    metastasis_table,
    part_table,
    prior_table,
    strict_table,
    subvolume_table,
    training_table,
)
from training.paper.targets import BY_ALPHA, BY_WEIGHT_OF_SSE, followed, target_table

#: What keeps this page's columns from being compared with the paper's without a second thought.
DIFFERENCES = (
    "Differences from the paper that matter for a comparison: findings of fewer than 3 voxels do not count (the paper's do); a positive sub-volume counts as called where "
    "the reference itself is hit (the paper: where any voxel is), and a brain has 85 of them here, 150 there; JVSS is trained in the form of the authors' program, not as eq. 4; the "
    "networks of JVSS and SSE end with averaged weights after 1360 batches (the U-Nets 1760) more than those of BCE; training flips left and right but does not rotate; the network that gets the prior as a channel saw priors for the last 1000 batches of "
    "BCE only. Areas over the weight in the loss are those of the polygon from (0, 1) through the networks to (1, 0), by which the paper's own six networks have {:.3f}."
)


def draw_curves(scores: dict, to: Path) -> None:
    figure, (roc, pr, weights) = plt.subplots(1, 3, figsize=(16, 4.5))
    for axis in (roc, pr):
        axis.set_prop_cycle(color=plt.get_cmap("tab20").colors)
    for network, rows in scores.items():
        curve, style = curves(rows), {"no": "-", "yes": "--", "channel": ":"}[PAPER[network][0]]
        roc.plot(curve["rate"], curve["sensitivity"], style, label=f"{named(network)} ({curve['rocArea']:.3f})")
        # Starts at the first one that is called: before it there is no precision.
        pr.plot(curve["sensitivity"][1:], curve["precision"][1:], style, label=named(network))
    for words, networks, paper in (("JVSS over α", BY_ALPHA, 0.947), ("SSE over its weight", BY_WEIGHT_OF_SSE, 0.899)):
        scored = [scores[network] for network in networks if network in scores]
        if scored:
            recall, exact, area = weight_curve(scored)
            whole = f" (area {area:.3f}; paper {paper})" if len(scored) == len(networks) else ""
            weights.plot(recall, exact, "o-", label=words + whole)
    weights.plot(*zip(*sorted(PAPER_BY_ALPHA)), "x:", color="grey", label="the paper's JVSS")
    roc.set(
        xlabel="1 − specificity of sub-volumes",
        ylabel="sensitivity of sub-volumes",
        xlim=(-0.01, 0.3),
        title="ROC over thresholds (Fig. 3)",
    )
    pr.set(
        xlabel="sensitivity (recall) of sub-volumes",
        ylabel="precision of sub-volumes",
        title="Precision and recall over thresholds",
    )
    weights.set(
        xlabel="sensitivity (recall) of metastases",
        ylabel="precision of metastases",
        title="Over the weight in the loss (Fig. 6)",
    )
    roc.legend(fontsize=6, loc="lower right")
    weights.legend(fontsize=7, loc="lower left")
    figure.tight_layout()
    figure.savefig(to, dpi=80)
    plt.close(figure)


def refuse_screened(runs: Path, networks) -> None:
    """Raises SystemExit if a network's maps note a screen, outside whose region they are 0: the page says that all are
    of the whole brain.
    """
    notes = {network: runs / network / "test" / "origin.json" for network in networks}
    if screened := [
        network for network, note in notes.items() if note.exists() and json.loads(note.read_text()).get("screen")
    ]:
        raise SystemExit(
            f"{', '.join(screened)} were run only where a screen looks; predict with --exact and score anew"
        )


def volumes_of(file: Path) -> list:
    return json.loads(file.read_text())["volumes"]


def refuse_other_volumes(scores: dict) -> None:
    """Raises SystemExit if networks were not scored on the same volumes."""
    cases = {network: [row["case"] for row in rows] for network, rows in scores.items()}
    first = next(iter(cases))
    if others := [network for network in cases if cases[network] != cases[first]]:
        raise SystemExit(
            f"{', '.join(others)} and {first} were scored on other volumes; predict and score what is missing"
        )


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
    ensembles = {
        words: json.loads(file.read_text())
        for words, file in (("test", ensemble_file), (FAMILIAR, ensemble_file.with_name("test-familiar.json")))
        if file.exists()
    }
    ensemble = ensembles["test"]["ensemble"] if "test" in ensembles else []
    familiar = both(ensembles[FAMILIAR]) if FAMILIAR in ensembles else {}
    maps = runs / "m-sens" / "test"
    lines = [
        "# Results on synthetic patients",
        "",
        "Written by `training/paper/results.py`; do not edit. **Synthetic patients only: these numbers say nothing about real ones. Not for clinical use.**",
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
        DIFFERENCES.format(through_ends(PAPER_BY_ALPHA)[2]),
        "",
        "## Targets",
        "",
        *target_table(scores, ensemble, heads),
        "",
        'Why, as far as it is known: [decision 0003](decisions/0003-training.md), "Falls short".',
        "",
        "## Metastases (Huang 2021, Tabs. 2 and 3)",
        "",
        *metastasis_table(scores),
        "",
        *(
            ["## M_sens and M_spec by part of the test", "", *part_table(scores, familiar), ""]
            if "m-sens" in scores or "m-spec" in scores
            else []
        ),
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
        lines += [
            "",
            "## Ensemble",
            "",
            *ensemble_table(ensembles),
            "",
            "False is here what touches no metastasis; the tables above give each metastasis one finding, and count what else touches it as false.",
        ]
    cases = [case for case in Cases(runs / "data", "test", runs / "cache") if file_of(maps, case).exists()]
    if cases:
        draw_examples(cases, maps, pictures / "examples.png")
        lines += [
            "",
            "## Examples of M_sens",
            "",
            "![Found, missed and false, beside the prior](pictures/examples.png)",
        ]
    if heads:
        draw_real_heads(heads, pictures / "real-heads.png")
        lines += [
            "",
            "## Real heads",
            "",
            "Findings of the shipped ensemble in public images, each series read by `priora analyse --force-series` "
            "(`docs/expected-verdicts.md` says which are refused otherwise). None has a known metastasis; one has a vestibular schwannoma, which the networks cannot tell from one. "
            "No network has seen them. The images are not shown: findings lie in the template's brain.",
            "",
            *real_heads_table(heads),
            "",
            "![Findings in real heads on the template: red confirmed, yellow candidates](pictures/real-heads.png)",
        ]
    (to / "results.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", default="training/runs")
    parser.add_argument("--to", default="docs")
    options = parser.parse_args()
    write_results(Path(options.runs), Path(options.to))
