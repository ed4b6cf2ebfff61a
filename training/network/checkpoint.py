"""A trained network, read from the checkpoint of its run."""

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import nn

from training.network.build import build_network
from training.network.config import NetworkConfig


def load_network(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """(network in evaluation mode, everything the checkpoint holds) of a training run's checkpoint."""
    state = torch.load(path, map_location="cpu")
    network = build_network(NetworkConfig.from_dict(state["config"]["network"]))
    network.load_state_dict(state["network"])
    return network.eval(), state


def digest_of(variables: dict[str, torch.Tensor]) -> str:
    """SHA-256 of a network's variables: tells it from any other network, wherever its checkpoint lies."""
    digest = hashlib.sha256()
    for name, value in sorted(variables.items()):
        digest.update(name.encode())
        digest.update(value.cpu().numpy().tobytes())
    return digest.hexdigest()
