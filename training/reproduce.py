"""Make networks from nothing: their phantoms, the run each starts from, its own run, its scores, its ONNX file.

    /usr/bin/python3 training/reproduce.py m-sens m-spec --to models
    /usr/bin/python3 training/reproduce.py --evidence          # every network of the recipe, test phantoms, docs/results.md
    /usr/bin/python3 training/reproduce.py m-sens m-spec --data DATA --runs RUNS --to my-models --described "patients of this hospital" \
        [--size authors] [--set normalisation=z-score-whole]    # the same from patients of your own (priora training-data)

`recipe.json` says which phantoms there are, how each network is trained, and which one it starts from. Interrupt it whenever you like; the same
command goes on. Whatever is there already (phantoms, finished runs) is kept.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from checkpoint import load_network
from export_onnx import export_parts
from recipe import RECIPE, SIZES, architecture_of, lineage, options_of, start_of
from results import PAPER, PRIORS

HERE = Path(__file__).parent
#: Real series, one folder each, that no network sees in training; the page goes without where there are none.
REAL_HEADS = HERE.parent.parent / "shared" / "data"
#: Probability in the 8-bit screen of the shipped M_sens from which the networks of the tables are run: far below what the node itself uses.
SCREEN_THRESHOLD = "0.001"


def python(program: str, *options) -> None:
    subprocess.run([sys.executable, str(HERE / program), *map(str, options)], check=True)


@dataclass
class Runs:
    """A folder of training runs, and the data that they learn from."""

    folder: Path = HERE / "runs"
    #: Patients of one's own; None: the recipe's phantoms, in the folder's data/.
    own_data: Path = None
    #: How wide the networks are, of recipe.SIZES.
    size: str = "compact"
    #: KEY=VALUE options of train.py beyond the recipe.
    overrides: list = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.own_data or self.folder / "data"

    def make_phantoms(self, split: str) -> None:
        """Write the phantoms of a split into data/<split>, after the heads they are made from."""
        for part in RECIPE["phantoms"][split]:
            head = part.get("head")
            if head and not Path(head).exists():
                subprocess.run(["npx", "tsx", "scripts/phantom-head.ts", str(REAL_HEADS / part["headFrom"]), head], check=True)
            options = [word for key, value in part.items() if key != "headFrom" for word in (f"--{key}", str(value))]
            out = self.data / split
            subprocess.run(["npx", "priora", "phantom", "--format", "training", "--out", str(out), *options], check=True)

    def checkpoint(self, network: str) -> Path:
        return self.folder / network / "checkpoint.pt"

    def train(self, network: str) -> None:
        """Train a network after the one it starts from; a finished run returns at once."""
        start = start_of(network)
        if start and not self.checkpoint(network).exists():
            self.train(start)
        config = self.folder / network / "config.json"
        config.parent.mkdir(parents=True, exist_ok=True)
        places = {"data": str(self.data), "cache": str(self.folder / "cache")}
        config.write_text(json.dumps({**options_of(network, self.size), **places}, indent=1))
        init = ["--init", self.checkpoint(start)] if start else []
        python("train.py", "--run", config.parent, "--config", config, *init, *(f"--set={text}" for text in self.overrides))

    def predict(self, networks, split: str, name: str, *options) -> None:
        """Maps of trained networks in <network>/<name>: through the node's engine, or in PyTorch those that are not cut into its parts or were not trained
        on the recipe's phantoms."""
        cut = [n for n in networks if architecture_of(n) in ("deepmedic", "deepmedic-no-prior") and not self.own_data]
        for network in cut:
            parts = self.folder / network / "parts"
            parts.mkdir(exist_ok=True)
            export_parts(load_network(self.checkpoint(network))[0], parts, network)
        if cut:
            subprocess.run(["npm", "run", "predict", "--", *cut, "--runs", str(self.folder), "--split", split, "--as", name, *options], check=True)
        for network in networks:
            if network not in cut:
                python("predict.py", "--checkpoint", self.checkpoint(network), "--split", split, "--to", self.folder / network / name,
                       "--data", self.data, "--cache", self.folder / "cache")

    def score(self, split: str, to: Path, sens: Path, spec: Path = None) -> Path:
        python("evaluate.py", "--split", split, "--sens", sens, *(["--spec", spec] if spec else []), "--to", to,
               "--data", self.data, "--cache", self.folder / "cache")
        return to

    def validate(self, network: str) -> Path:
        """Score a trained network, everywhere in the brain, on the validation patients."""
        run = self.folder / network
        self.predict([network], "validation", "validation", "--exact")
        return self.score("validation", run / "validation.json", run / "validation")

    def export(self, network: str, scores: Path, to: str, described: str) -> None:
        """Write a network for the node, with its card. `described`: whose patients one's own data are; such networks are for a study."""
        recipe = RECIPE["networks"][network]
        runs = ", then ".join(f"{run} for {options_of(run)['max_steps']} batches" for run in lineage(network))
        own = ["--data", described, "--use", "clinical-study"] if self.own_data else []
        python("export_onnx.py", "--checkpoint", self.checkpoint(network), "--name", recipe["name"], "--role", recipe["role"],
               "--version", recipe["version"], "--recipe", f"training/recipe.json: {runs}.", *own,
               "--results", scores, "--to", to, "--calibrate", self.data)

    def gather_evidence(self) -> None:
        """Train every network of the tables, score each on the test phantoms, and write docs/results.md."""
        self.make_phantoms("test")
        for network in PAPER:
            self.train(network)
        # All networks of a volume, and M_sens with its priors changed, are run in the same places.
        screen = ("--screen", SCREEN_THRESHOLD)
        self.predict(list(PAPER), "test", "test", *screen)
        for network in PAPER:
            self.score("test", self.folder / network / "test.json", self.folder / network / "test")
        self.score("test", self.folder / "ensemble" / "test.json", self.folder / "m-sens" / "test", self.folder / "m-spec" / "test")
        for name, prior in PRIORS.values():
            if prior != "0":
                self.predict(["m-sens"], "test", name, "--prior", prior, *screen)
                self.score("test", self.folder / "m-sens" / f"{name}.json", self.folder / "m-sens" / name)
        if heads := [folder for folder in sorted(REAL_HEADS.glob("*")) if folder.is_dir()]:
            subprocess.run(["npx", "tsx", "scripts/real-heads.ts", str(self.folder / "real-heads.json"), *map(str, heads)], check=True)
        python("results.py", "--runs", self.folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(RECIPE['networks'])}")
    parser.add_argument("--to", help="folder for ONNX files, manifests and cards of those that can ship")
    parser.add_argument("--evidence", action="store_true", help="the page of results, from every network of the recipe")
    parser.add_argument("--data", type=Path, help="training/ and validation/ of one's own patients, in place of phantoms")
    parser.add_argument("--described", default="patients of one's own", help="whose patients they are, for the card")
    parser.add_argument("--runs", type=Path, default=Runs.folder)
    parser.add_argument("--size", choices=list(SIZES), default="compact", help="how wide the networks are; authors needs a GPU")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="option of train.py beyond the recipe")
    options = parser.parse_args()
    if unknown := set(options.networks) - set(RECIPE["networks"]):
        parser.error(f"the recipe has no {', '.join(sorted(unknown))}")
    if options.data and options.runs == Runs.folder:
        parser.error("--data needs --runs: a folder of its own for what is trained on it")
    runs = Runs(options.runs, options.data, options.size, options.set)
    if not options.data:
        runs.make_phantoms("training")
        runs.make_phantoms("validation")
    for network in options.networks:
        runs.train(network)
        scores = runs.validate(network)
        if options.to and "role" in RECIPE["networks"][network]:
            runs.export(network, scores, options.to, options.described)
    if options.evidence:
        runs.gather_evidence()
