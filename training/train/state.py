"""Everything a training run needs to go on as if it had never stopped, in one file that is replaced atomically.

    python3 -m training.train.state training/runs/m-sens/checkpoint.pt training/checkpoints/m-sens.pt

makes of a finished run's checkpoint one to hand over: without what only going on needs, and without the folders of the
machine it ran on. With --to-go-on it makes one from which the run can be taken up elsewhere.
"""

import argparse
import os
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch

from training.train.config import TrainConfig

#: Options that say where a run is, not what it is.
OF_THE_MACHINE = ("data", "cache", "device", "threads")


@dataclass
class RunState:
    """A run after `step` batches."""

    #: `TrainConfig.to_dict`.
    config: dict[str, Any]
    #: The network's variables and batch statistics.
    network: dict[str, Any]
    optimiser: dict[str, Any]
    step: int
    #: One progress line a sub-epoch.
    history: list[dict[str, Any]]
    #: Spent training, over all sittings.
    seconds: float
    #: What the run started from: steps, loss, data hash and SHA-256 of its variables; empty for a random network.
    initial: dict[str, Any]
    torch_rng: torch.Tensor
    cuda_rng: torch.Tensor | None = None
    #: `torch.optim.swa_utils.AveragedModel`, where the run averages its weights.
    averaged: dict[str, Any] | None = None
    #: (step, case, centre) of what the network mistook for a metastasis.
    mistakes: list[tuple[int, str, tuple[int, ...]]] = field(default_factory=list)
    #: Of the data: SHA-256, preprocessing as manifests word it, source -> licence, number of time points.
    data_hash: str = ""
    preprocessing: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    cases: int = 0
    #: How many of these are phantoms'.
    synthetic: int | None = None

    def save(self, path: Path) -> None:
        """Write beside `path`, flush to disk, then rename over it: a reader sees the old file or the new one."""
        temporary = path.with_suffix(".partial")
        with open(temporary, "wb") as file:
            torch.save({f.name: getattr(self, f.name) for f in fields(self)}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)

    @classmethod
    def load(cls, path: Path) -> "RunState":
        values = torch.load(path, map_location="cpu")
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})


def hand_over(path: Path, to: Path) -> None:
    """Write the checkpoint of a finished run without its optimiser, its average and where it was run.

    Raises ValueError for an unfinished run.
    """
    state = RunState.load(path)
    config = TrainConfig.from_dict(state.config)
    if state.step < config.max_steps and not 0 < config.max_seconds <= state.seconds:
        raise ValueError(f"{path} is not finished: {state.step} of {config.max_steps} batches")
    optimiser: dict[str, Any] = {**state.optimiser, "state": {}}
    replace(state, config=elsewhere(state), optimiser=optimiser, averaged=None, mistakes=[]).save(to)


def pause(path: Path, to: Path) -> None:
    """Write the checkpoint of a run, finished or not, to go on elsewhere: with the optimiser's memory in half of its
    precision, which it takes up again in single precision."""
    state = RunState.load(path)
    memory = {
        number: {key: value.to(torch.bfloat16) for key, value in one.items()}
        for number, one in state.optimiser["state"].items()
    }
    replace(state, config=elsewhere(state), optimiser={**state.optimiser, "state": memory}).save(to)


def elsewhere(state: RunState) -> dict[str, Any]:
    """A run's options without those that only hold on the machine it ran on."""
    return {key: value for key, value in state.config.items() if key not in OF_THE_MACHINE}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("to", type=Path)
    parser.add_argument("--to-go-on", action="store_true", help="with the optimiser's memory, finished or not")
    options = parser.parse_args()
    (pause if options.to_go_on else hand_over)(options.checkpoint, options.to)
