"""The recipe's phantoms, made by `priora phantom`: a split at once, or training patients without an end."""

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from training.data.case import cached_case
from training.data.cases import case_folders
from training.recipe import RECIPE
from training.train.batch import FEWEST

#: Patients a maker of an endless stream would make, and the distance of the makers' seeds.
ENDLESS = 1_000_000


@dataclass(frozen=True)
class Phantoms:
    """Patients in `data`/<split>, kept normalised in `cache`, made from the label maps in `anatomies`."""

    data: Path
    cache: Path
    anatomies: Path
    #: Processes that make them side by side.
    jobs: int = 1

    def commands(self, split: str, shares: int) -> list[list[str]]:
        """The commands that together write the phantoms of a split into data/<split>, each a share of every part."""
        commands = []
        for part in RECIPE["phantoms"][split]:
            program = ["node", "dist/main.js", "phantom", "--format", "training", "--out", str(self.data / split)]
            heads = ["--anatomies", str(self.anatomies), "--split", part["heads"]]
            options = [word for key in ("scanner", "ahead") if key in part for word in (f"--{key}", str(part[key]))]
            share = -(-part["patients"] // shares) if "patients" in part else ENDLESS
            for n in range(shares):
                patients = min(share, part.get("patients", ENDLESS * shares) - n * share)
                if patients > 0:
                    seed = ["--seed", str(part["seed"] + n * share), "--patients", str(patients)]
                    commands.append([*program, *heads, *options, *seed])
        return commands

    def make(self, split: str) -> None:
        """Write the phantoms of a split into data/<split>, and read them into the cache."""
        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(partial(subprocess.run, check=True), self.commands(split, self.jobs)))
        with ProcessPoolExecutor(self.jobs) as pool:
            list(pool.map(partial(cached_case, cache=self.cache), case_folders(self.data, split)))

    @contextmanager
    def stream(self) -> Iterator[None]:
        """New training patients, made without an end beside what is done meanwhile; those used up make room."""
        makers = [subprocess.Popen(command) for command in self.commands("training", self.jobs)]
        try:
            while len(case_folders(self.data, "training")) < FEWEST:
                if any(maker.poll() is not None for maker in makers):
                    raise RuntimeError("the training patients cannot be made; priora phantom says why")
                time.sleep(1)
            yield
        finally:
            for maker in makers:
                maker.terminate()
            for maker in makers:
                maker.wait()
