"""Checkpoints: one file, replaced atomically, from which a run goes on as if it had never stopped."""

import os
from pathlib import Path

import torch

from model import NetworkConfig, build_network


def save_checkpoint(path: Path, state: dict) -> None:
    """Write beside `path`, flush to disk, then rename over it: a reader sees the old file or the new one."""
    temporary = path.with_suffix(".partial")
    with open(temporary, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def load_network(path: Path) -> tuple:
    """(network in evaluation mode, checkpoint) of a training run's checkpoint."""
    state = torch.load(path, map_location="cpu")
    network = build_network(NetworkConfig.from_dict(state["config"]["network"]))
    network.load_state_dict(state["network"])
    return network.eval(), state
