"""Make networks from nothing: their phantoms, the run each starts from, its own run, its scores, its ONNX file.

    python3 -m training.reproduce m-sens m-spec --to models
    python3 -m training.reproduce --evidence          # every network of the recipe, test phantoms, docs/results.md
    python3 -m training.reproduce m-sens m-spec --size authors --minutes 10 --jobs 8 --no-score   # on a card
    python3 -m training.reproduce m-sens m-spec --data DATA --runs RUNS --to my-models \
        --described "patients of this hospital" [--size authors] [--set normalisation=z-score-whole]

The last makes the same from patients of your own (`priora training-data`).

`recipe.json` says which phantoms there are, how each network is trained, and which one it starts from. Interrupt it
whenever you like; the same command goes on. Whatever is there already (phantoms, finished runs) is kept.
"""

import argparse
from pathlib import Path

from training.export.use import DEMONSTRATION, USES, Grant
from training.recipe import RECIPE, SIZES
from training.recipe_runs import Runs, pair_of

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(RECIPE['networks'])}")
    parser.add_argument("--to", help="folder for ONNX files, manifests and cards of those that can ship")
    parser.add_argument("--evidence", action="store_true", help="the page of results, from every network of the recipe")
    parser.add_argument(
        "--data", type=Path, help="training/ and validation/ of one's own patients, in place of phantoms"
    )
    parser.add_argument("--described", default="patients of one's own", help="whose patients they are, for the card")
    parser.add_argument("--version", help="of your networks, for manifest and card")
    parser.add_argument(
        "--use", choices=USES, default=DEMONSTRATION, help="granted only if the scores bear it out, too"
    )
    parser.add_argument("--granted-by", default="", metavar="PERSON", help="who grants it, as the card is to name them")
    parser.add_argument("--runs", type=Path, default=Runs.folder)
    parser.add_argument(
        "--size", choices=list(SIZES), default="compact", help="how wide the networks are; authors needs a GPU"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="option of training.train beyond the recipe"
    )
    parser.add_argument(
        "--minutes", type=float, help="end training after that, however far it is: on a card that is lent for a while"
    )
    parser.add_argument(
        "--anatomies", type=Path, default=Runs.anatomies, help="folder of the label maps that phantoms are made from"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, help="phantoms and networks worked on side by side, for a machine with a card"
    )
    parser.add_argument("--no-score", dest="score", action="store_false", help="train, and nothing after that")
    options = parser.parse_args()
    if unknown := set(options.networks) - set(RECIPE["networks"]):
        parser.error(f"the recipe has no {', '.join(sorted(unknown))}")
    if options.data and options.runs == Runs.folder:
        parser.error("--data needs --runs: a folder of its own for what is trained on it")
    if not options.data and not options.anatomies.is_dir():
        parser.error(f"no label maps in {options.anatomies}: docs/phantoms.md says where they come from")
    if options.data and options.to and not options.version:
        parser.error("--data with --to needs --version: what you call this training of yours")
    if options.use != DEMONSTRATION and not options.granted_by:
        parser.error(f"--use {options.use} needs --granted-by: the person who grants it")
    if options.evidence and (options.data or options.size != "compact"):
        parser.error("--evidence is for the recipe's phantoms and networks of compact width: the page says so")
    runs = Runs(
        options.runs,
        options.data,
        options.size,
        options.set,
        options.jobs,
        options.anatomies,
        options.minutes,
        options.version,
        Grant(options.use, options.granted_by) if options.use != DEMONSTRATION else None,
    )
    if options.data:
        runs.train_all(options.networks)
    elif options.networks:
        with runs.phantoms.stream():
            runs.train_all(options.networks)
        runs.phantoms.make("validation")
    scores = runs.validate(options.networks) if options.networks and options.score else {}
    for network in options.networks:
        if options.to and scores and "role" in RECIPE["networks"][network]:
            runs.export(network, scores[network], options.to, options.described)
    if options.to and scores and pair_of(options.networks):
        runs.validate_screen(options.to)
    if options.evidence:
        runs.gather_evidence()
