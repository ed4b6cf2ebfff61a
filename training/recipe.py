"""What `recipe.json` says of each network: its options, and the runs that lead to it."""

import json
from pathlib import Path

from training.network.config import AUTHORS, NetworkConfig

RECIPE = json.loads((Path(__file__).parent / "recipe.json").read_text())
#: How wide networks are: as shipped, or as the authors' program has them.
SIZES = {"compact": RECIPE["common"]["network"], "authors": AUTHORS.to_dict()}


def start_of(network: str):
    """The network whose variables this one starts from, or None."""
    return RECIPE["networks"][network].get("from")


def options_of(network: str, size: str = "compact") -> dict:
    """The options of training.train: what all networks share, what its stage has, its own; its size in feature maps,
    which a stage may fix."""
    own = RECIPE["networks"][network].get("options", {})
    stage = dict(RECIPE["stages"][RECIPE["networks"][network]["stage"]])
    widths = SIZES[stage.pop("size", size)]
    return {**RECIPE["common"], **stage, **own, "network": {**widths, **own.get("network", {})}}


def architecture_of(network: str) -> str:
    return NetworkConfig.from_dict(options_of(network)["network"]).architecture


def lineage(network: str) -> list:
    """The networks that lead to this one, and itself, first to last."""
    start = start_of(network)
    return [*(lineage(start) if start else []), network]
