"""Make networks from nothing: their phantoms, the run each starts from, its own run, its scores, its ONNX file.

    /usr/bin/python3 training/reproduce.py m-sens m-spec --to models
    /usr/bin/python3 training/reproduce.py --evidence          # every network of the recipe, test phantoms, docs/results.md

`recipe.json` says which phantoms there are, how each network is trained, and which one it starts from. Interrupt it whenever you like; the same
command goes on. Whatever is there already (phantoms, finished runs) is kept.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from checkpoint import load_network
from export_onnx import export_parts
from results import PAPER, PRIORS

HERE = Path(__file__).parent
RECIPE = json.loads((HERE / "recipe.json").read_text())
RUNS = HERE / "runs"


def make_phantoms(split: str) -> None:
    """Write the phantoms of a split into runs/data/<split>."""
    for part in RECIPE["phantoms"][split]:
        options = [word for key, value in part.items() for word in (f"--{key}", str(value))]
        out = RUNS / "data" / split
        subprocess.run(["npx", "priora", "phantom", "--format", "training", "--out", str(out), *options], check=True)


def python(program: str, *options) -> None:
    subprocess.run([sys.executable, str(HERE / program), *map(str, options)], check=True)


def checkpoint_of(network: str) -> Path:
    return RUNS / network / "checkpoint.pt"


def architecture_of(network: str) -> str:
    return RECIPE["networks"][network].get("architecture", "deepmedic")


def options_of(network: str) -> dict:
    """The options of train.py: what all networks share, what its stage (common run or branch of it) has, its own."""
    described = RECIPE["networks"][network]
    options = {**RECIPE["common"], **RECIPE["stages"][described["stage"]], **described["options"]}
    return {**options, "network": {**options["network"], "architecture": architecture_of(network)}}


def train_network(network: str) -> None:
    """Train a network after the one it starts from; a finished run returns at once."""
    start = RECIPE["networks"][network].get("from")
    if start and not checkpoint_of(network).exists():
        train_network(start)
    config = RUNS / network / "config.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps(options_of(network), indent=1))
    python("train.py", "--run", RUNS / network, "--config", config, *(["--init", checkpoint_of(start)] if start else []))


def predict(networks, split: str, name: str, *options) -> None:
    """Maps of trained networks in runs/<network>/<name>: through the node's engine, or, of those that are not cut into its parts, in PyTorch."""
    cut = [network for network in networks if architecture_of(network) in ("deepmedic", "deepmedic-no-prior")]
    for network in cut:
        parts = RUNS / network / "parts"
        parts.mkdir(exist_ok=True)
        export_parts(load_network(checkpoint_of(network))[0], parts, network)
    if cut:
        subprocess.run(["npm", "run", "predict", "--", *cut, "--split", split, "--as", name, *map(str, options)], check=True)
    for network in networks:
        if network not in cut:
            python("predict.py", "--checkpoint", checkpoint_of(network), "--split", split, "--to", RUNS / network / name)


def score(split: str, to: Path, sens: Path, spec: Path = None) -> Path:
    python("evaluate.py", "--split", split, "--sens", sens, *(["--spec", spec] if spec else []), "--to", to)
    return to


def validate(network: str) -> Path:
    """Score a trained network, everywhere in the brain, on the validation patients."""
    predict([network], "validation", "validation", "--exact")
    return score("validation", RUNS / network / "validation.json", RUNS / network / "validation")


def lineage(network: str) -> list:
    """The runs that lead to a network, in words, first to last."""
    start, batches = RECIPE["networks"][network].get("from"), options_of(network)["max_steps"]
    return [*(lineage(start) if start else []), f"{network} for {batches} batches"]


def export(network: str, scores: Path, to: str) -> None:
    described = RECIPE["networks"][network]
    python("export_onnx.py", "--checkpoint", checkpoint_of(network), "--name", described["name"], "--role", described["role"],
           "--version", described["version"], "--recipe", f"training/recipe.json: {', then '.join(lineage(network))}.",
           "--results", scores, "--to", to, "--calibrate", RUNS / "data")


def gather_evidence() -> None:
    """Train every network of the tables, score each on the test phantoms, and write docs/results.md."""
    make_phantoms("test")
    for network in PAPER:
        train_network(network)
    predict(list(PAPER), "test", "test")
    for network in PAPER:
        score("test", RUNS / network / "test.json", RUNS / network / "test")
    score("test", RUNS / "ensemble" / "test.json", RUNS / "m-sens" / "test", RUNS / "m-spec" / "test")
    for name, prior in PRIORS.values():
        if prior != "0":
            predict(["m-sens"], "test", name, "--prior", prior)
            score("test", RUNS / "m-sens" / f"{name}.json", RUNS / "m-sens" / name)
    python("results.py")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(RECIPE['networks'])}")
    parser.add_argument("--to", help="folder for ONNX files, manifests and cards of those that can ship")
    parser.add_argument("--evidence", action="store_true", help="the page of results, from every network of the recipe")
    options = parser.parse_args()
    if unknown := set(options.networks) - set(RECIPE["networks"]):
        parser.error(f"the recipe has no {', '.join(sorted(unknown))}")
    make_phantoms("training")
    make_phantoms("validation")
    for network in options.networks:
        train_network(network)
        scores = validate(network)
        if options.to and "role" in RECIPE["networks"][network]:
            export(network, scores, options.to)
    if options.evidence:
        gather_evidence()
