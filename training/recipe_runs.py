"""A folder of training runs: its phantoms, each network trained from the one it starts from, its scores and exports."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Semaphore

import torch

from training.export.use import Grant
from training.export.write_model import export_parts
from training.network.checkpoint import load_network
from training.paper.paper import PAPER
from training.paper.tables import PRIORS
from training.phantoms import Phantoms
from training.recipe import RECIPE, architecture_of, lineage, options_of, start_of

HERE = Path(__file__).parent
#: Exit code of scripts/validate-screen.ts when no thresholds pass; others mean that it could not run.
NOT_PASSED = 3
#: Real series, one folder each, that no network sees in training; the page goes without where there are none.
REAL_HEADS = HERE.parent.parent / "shared" / "data"
ANATOMIES = REAL_HEADS / "anatomies"


def load_state(path: Path) -> dict:
    """What a checkpoint holds."""
    return torch.load(path, map_location="cpu")


def pair_of(networks: list) -> list:
    """[M_sens, M_spec] of an ensemble, if these are one."""
    roles = [RECIPE["networks"][network].get("role") for network in networks]
    wanted = ("sensitivity", "specificity")
    return [networks[roles.index(role)] for role in wanted] if all(roles.count(role) == 1 for role in wanted) else []


def python(program: str, *options) -> None:
    subprocess.run([sys.executable, "-m", f"training.{program}", *map(str, options)], check=True, cwd=HERE.parent)


@dataclass
class Runs:
    """A folder of training runs, and the data that they learn from."""

    folder: Path = HERE / "runs"
    #: Patients of one's own; None: the recipe's phantoms, in the folder's data/.
    own_data: Path | None = None
    #: How wide the networks are, of recipe.SIZES.
    size: str = "compact"
    #: KEY=VALUE options of training.train beyond the recipe.
    overrides: list = field(default_factory=list)
    #: How many phantoms are made, and networks trained and scored, side by side.
    jobs: int = 1
    #: Folder of the label maps that phantoms are made from (docs/phantoms.md).
    anatomies: Path = ANATOMIES
    #: Minutes that training may take in all, when networks with one start are trained side by side; None: no limit.
    minutes: float | None = None
    #: Version of the networks that are exported; None: the recipe's.
    version: str | None = None
    #: A person's word on what they may be used for; None: demonstration.
    grant: Grant | None = None

    @property
    def data(self) -> Path:
        return self.own_data or self.folder / "data"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def phantoms(self) -> Phantoms:
        return Phantoms(self.data, self.cache, self.anatomies, self.jobs)

    def checkpoint(self, network: str) -> Path:
        return self.folder / network / "checkpoint.pt"

    def train_all(self, networks, then=lambda network: None) -> None:
        """Train networks side by side, each as soon as the one it starts from is there; `then` is called with each that
        is done.

        What a network that was begun had started from is not trained again.
        """

        def steps(network: str) -> list:
            start = None if self.checkpoint(network).exists() else start_of(network)
            return [*(steps(start) if start else []), network]

        wanted = list(dict.fromkeys(step for network in networks for step in steps(network)))
        done: dict = {}

        def run(network: str, start) -> None:
            if start:
                start.result()
            with free:
                self.train(network)
            if network in networks:
                then(network)

        # A network that waits for the one it starts from takes no other's place.
        free = Semaphore(self.jobs)
        with ThreadPoolExecutor(len(wanted)) as pool:
            for network in wanted:
                done[network] = pool.submit(run, network, done.get(start_of(network)))
        for task in done.values():
            task.result()

    def train(self, network: str) -> None:
        """Train a network from the one it starts from; a finished run returns at once."""
        start = start_of(network)
        config = self.folder / network / "config.json"
        config.parent.mkdir(parents=True, exist_ok=True)
        here = {
            "data": str(self.data),
            "cache": str(self.cache),
            "threads": max(1, len(os.sched_getaffinity(0)) // self.jobs),
        }
        limit = {"max_seconds": 60 * self.minutes / len(lineage(network))} if self.minutes else {}
        config.write_text(json.dumps({**options_of(network, self.size), **here, **limit}, indent=1))
        # A run that was begun, or handed over, goes on without what it started from.
        begun = self.checkpoint(network).exists() and not (start and self.checkpoint(start).exists())
        init = ["--init", self.checkpoint(start)] if start and not begun else []
        python(
            "train", "--run", config.parent, "--config", config, *init, *(f"--set={text}" for text in self.overrides)
        )

    def predict(self, networks, split: str, name: str, prior: str = "0") -> None:
        """Maps of trained networks, everywhere in the brain, in <network>/<name>: through the node's engine, or in
        PyTorch those that are not cut into its parts or were not trained on the recipe's phantoms."""
        cut = [n for n in networks if architecture_of(n) in ("deepmedic", "deepmedic-no-prior") and not self.own_data]
        for network in cut:
            parts = self.folder / network / "parts"
            parts.mkdir(exist_ok=True)
            export_parts(load_network(self.checkpoint(network))[0], parts, network)

        def work(share: str) -> None:
            options = ["--split", split, "--prior", prior, "--share", share]
            if cut:
                where = ["--runs", str(self.folder), "--as", name, "--exact"]
                subprocess.run(["npm", "run", "predict", "--", *cut, *where, *options], check=True)
            for network in networks:
                if network not in cut:
                    python(
                        "evaluate.predict",
                        "--checkpoint",
                        self.checkpoint(network),
                        "--to",
                        self.folder / network / name,
                        "--data",
                        self.data,
                        "--cache",
                        self.cache,
                        *options,
                    )

        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(work, [f"{k}/{self.jobs}" for k in range(1, self.jobs + 1)]))

    def score(self, split: str, to: Path, sens: Path, spec: Path | None = None, prior: str = "0") -> Path:
        """Score maps, or the maps of checkpoints."""
        python(
            "evaluate",
            "--split",
            split,
            "--sens",
            sens,
            *(["--spec", spec] if spec else []),
            "--prior",
            prior,
            "--to",
            to,
            "--data",
            self.data,
            "--cache",
            self.cache,
        )
        return to

    def validate(self, networks: list) -> dict:
        """Score trained networks, everywhere in the brain, on the validation patients: network -> file of its scores,
        which for a pair of M_sens and M_spec is the ensemble's."""
        if torch.cuda.is_available():
            maps = {network: self.checkpoint(network) for network in networks}
        else:
            self.predict(networks, "validation", "validation")
            maps = {network: self.folder / network / "validation" for network in networks}
        pair = pair_of(networks)
        files = {
            network: self.score("validation", self.folder / network / "validation.json", maps[network])
            for network in networks
            if network not in pair
        }
        if pair:
            sens, spec = (maps[network] for network in pair)
            together = self.score("validation", self.folder / "ensemble" / "validation.json", sens, spec)
            files.update(dict.fromkeys(pair, together))
        return files

    def what_was_run(self, network: str) -> str:
        """The runs that led to a network, as their checkpoints tell them."""
        runs = []
        for run in lineage(network):
            if self.checkpoint(run).exists():
                state = load_state(self.checkpoint(run))
                batch, loss = state["config"]["batch"], state["config"]["loss"]
                runs.append(f"{run}: {state['step']} batches of {batch} segments, {loss}")
        return "; ".join(runs) + "."

    def export(self, network: str, scores: Path, to: str, described: str) -> None:
        """Write a network for the node, with its card. `described`: whose patients one's own data are."""
        recipe = RECIPE["networks"][network]
        own = ["--data", described] if self.own_data else []
        granted = ["--use", self.grant.use, "--granted-by", self.grant.by] if self.grant else []
        python(
            "export",
            *("--checkpoint", self.checkpoint(network)),
            *("--name", recipe["name"]),
            *("--role", recipe["role"]),
            *("--version", self.version or recipe["version"]),
            *("--recipe", self.what_was_run(network)),
            *("--results", scores),
            *("--to", to),
            *("--calibrate", self.data),
            *own,
            *granted,
        )

    def validate_screen(self, models: str, say=print) -> None:
        """Find the screen's thresholds on whole validation volumes, in the models' own folder.

        Raises SystemExit, with what it means for the node, when that could not be done.
        """
        command = ["npx", "tsx", "scripts/validate-screen.ts", models, str(self.data / "validation"), "5"]
        outcome = subprocess.run(command).returncode
        if outcome == NOT_PASSED:
            say("No threshold passes: the node runs this pair without its screen, and takes longer.")
        elif outcome:
            raise SystemExit("The screen could not be validated: the node runs this pair without it, and takes longer.")

    def score_tests(self) -> None:
        """Train every network of the tables and score each on the test phantoms, the ensemble too, and on those of the
        head and the scanners of the training; and M_sens with other priors."""
        ensemble, sens, spec = (self.folder / name for name in ("ensemble", "m-sens", "m-spec"))
        priors = [(name, prior) for name, prior in PRIORS.values() if prior != "0"]
        pairs = ("test", "test-familiar")
        if torch.cuda.is_available():
            self.train_all(list(PAPER), lambda n: self.score("test", self.folder / n / "test.json", self.checkpoint(n)))
            tasks = [
                *(
                    (split, ensemble / f"{split}.json", self.checkpoint("m-sens"), self.checkpoint("m-spec"))
                    for split in pairs
                ),
                *(("test", sens / f"{name}.json", self.checkpoint("m-sens"), None, prior) for name, prior in priors),
            ]
        else:
            self.train_all(list(PAPER))
            self.predict(list(PAPER), "test", "test")
            self.predict(["m-sens", "m-spec"], "test-familiar", "test-familiar")
            for name, prior in priors:
                self.predict(["m-sens"], "test", name, prior)
            tasks = [
                *((split, ensemble / f"{split}.json", sens / split, spec / split) for split in pairs),
                *(("test", self.folder / network / "test.json", self.folder / network / "test") for network in PAPER),
                *(("test", sens / f"{name}.json", sens / name) for name, _ in priors),
            ]
        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(lambda task: self.score(*task), tasks))

    def gather_evidence(self) -> None:
        """Train and score every network of the tables, read the real heads, and write docs/results.md."""
        for split in ("test", "test-familiar"):
            self.phantoms.make(split)
        self.score_tests()
        if heads := [folder for folder in sorted(REAL_HEADS.glob("*")) if folder.is_dir()]:
            subprocess.run(
                ["npx", "tsx", "scripts/real-heads.ts", str(self.folder / "real-heads.json"), *map(str, heads)],
                check=True,
            )
        python("paper.results", "--runs", self.folder)
