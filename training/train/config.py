"""The options of a training run, each with the default it has where nobody says otherwise."""

import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch

from training.data.sampling import SamplingConfig
from training.network.config import NetworkConfig


@dataclass(frozen=True)
class TrainConfig(SamplingConfig):
    """Everything that fixes a training run, beside the data and the network it starts from."""

    network: NetworkConfig = field(default_factory=NetworkConfig)

    # Data
    #: Folder with training/ and validation/ in the layout of `training.data.case`.
    data: str = "training/runs/data"
    #: Where normalised crops are kept.
    cache: str = "training/runs/cache"
    #: "z-score-in-mask", or "z-score-whole" as the authors do.
    normalisation: str = "z-score-in-mask"

    # Machine
    #: Of the weights of a random start, and of what the batches are drawn with.
    seed: int = 1
    threads: int = 2
    #: Processes that prepare segments ahead; 0: none, between batches.
    workers: int = 0
    #: Convolutions in bfloat16: on processors with AVX512-BF16, and on cards, twice as fast.
    bfloat16: bool = False
    device: str = field(default_factory=lambda: "cuda" if torch.cuda.is_available() else "cpu")

    # Loss
    #: "bce", "jvss" or "sse".
    loss: str = "bce"
    #: Weight of sensitivity against specificity in JVSS and SSE.
    alpha: float = 0.5
    #: Weights and denominators as in the "paper" or in the "authors" program.
    loss_form: str = "authors"
    #: Edge of the sub-volumes that the loss counts (Huang 2021, eqs. 1 and 2), of which `segment` is a multiple; 0: a
    #: segment is one. Those without brain count nowhere.
    sub_volume: int = 0
    #: Share of BCE's weight that sub-volumes with metastasis have together; 0: as many as they are.
    positive_share: float = 0.0

    # Optimiser: the authors' RMSProp
    learning_rate: float = 1e-3
    rho: float = 0.9
    epsilon: float = 1e-4
    momentum: float = 0.6
    l1: float = 1e-6
    l2: float = 1e-4
    #: Gradients are scaled down to this norm; 0: never.
    largest_gradient: float = 0.0
    #: The learning rate is halved at each of these steps.
    halve_at: tuple[int, ...] = ()
    #: From this step on (0: never) the weights after every so many batches are averaged, and a run ends with their
    #: average (Izmailov et al., UAI 2018): what one step's noise calls a metastasis, the next step's does not.
    average_from: int = 0
    average_every: int = 4

    # Length
    #: Batches.
    max_steps: int = 1000
    #: Seconds of training, in all sittings, after which a run ends however many batches it had; 0: no limit.
    max_seconds: float = 0.0
    #: Share of the run, at its end, over which the learning rate falls to nothing in a straight line.
    cooldown: float = 0.0
    #: Batches after which a checkpoint and a progress line are written and new cases are looked for on disk.
    sub_epoch: int = 25
    #: Every so many batches (0: never) some time points of validation/ are scored, whole volumes.
    validate_every: int = 0
    #: Every so many batches (0: never) a whole training volume is looked through for mistakes, besides the batches.
    mine_every: int = 0
    validation_cases: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "halve_at", tuple(self.halve_at))
        # The last batch whose weights are averaged.
        last = self.max_steps // self.average_every * self.average_every
        if self.average_from and last <= self.average_from:
            raise ValueError(
                f"a run of {self.max_steps} batches has no weights to average from batch {self.average_from} on"
            )

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TrainConfig":
        """Read what `to_dict` wrote, or a part of it. Raises ValueError for an option that does not exist."""
        return cls().changed(values)

    def changed(self, values: dict[str, Any]) -> "TrainConfig":
        """This configuration with some options set. Raises ValueError for an option that does not exist."""
        unknown = set(values) - {f.name for f in fields(self)}
        if unknown:
            raise ValueError(f"unknown options {sorted(unknown)}")
        network = values.get("network", self.network)
        if isinstance(network, dict):
            network = NetworkConfig.from_dict(network)
        return replace(self, **{**values, "network": network})

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        listed = {"flip_probability": list(self.flip_probability), "halve_at": list(self.halve_at)}
        return {**asdict(self), **listed, "network": self.network.to_dict()}


def read_config(path: Path | None, overrides: list[str], run: Path | None = None) -> TrainConfig:
    """Defaults, then the JSON file at `path` (or, without one, what the checkpoint of `run` was trained with), then
    `key=value` overrides, whose values are JSON where they parse. Raises ValueError for unknown options."""
    config = TrainConfig()
    checkpoint = run / "checkpoint.pt" if run and not path else None
    if checkpoint and checkpoint.exists():
        config = config.changed(torch.load(checkpoint, map_location="cpu")["config"])
    changes = json.loads(path.read_text()) if path else {}
    for text in overrides:
        key, _, value = text.partition("=")
        try:
            changes[key] = json.loads(value)
        except json.JSONDecodeError:
            changes[key] = value
    return config.changed(changes)
