"""Checkpoints: one file, replaced atomically, from which a run goes on as if it had never stopped.

    /usr/bin/python3 training/checkpoint.py training/runs/m-sens/checkpoint.pt training/checkpoints/m-sens.pt

makes of a finished run's checkpoint one to hand over: without what only going on needs, and without the folders of the machine it ran on.
"""

import argparse
import hashlib
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


def digest_of(variables: dict) -> str:
    """SHA-256 of a network's variables: what tells it from another one, wherever its checkpoint lies and whatever else is in it."""
    digest = hashlib.sha256()
    for name, value in sorted(variables.items()):
        digest.update(name.encode())
        digest.update(value.cpu().numpy().tobytes())
    return digest.hexdigest()


def hand_over(path: Path, to: Path) -> None:
    """Write the checkpoint of a finished run without its optimiser, its average and where it was run. Raises ValueError for an unfinished one."""
    state = torch.load(path, map_location="cpu")
    config = state["config"]
    if state["step"] < config["max_steps"]:
        raise ValueError(f"{path} is not finished: {state['step']} of {config['max_steps']} batches")
    kept = {key: value for key, value in config.items() if key not in ("data", "cache", "device", "threads")}
    optimiser = {**state["optimiser"], "state": {}}
    save_checkpoint(to, {**state, "config": kept, "optimiser": optimiser, "averaged": None, "replay": []})


def load_network(path: Path) -> tuple:
    """(network in evaluation mode, checkpoint) of a training run's checkpoint."""
    state = torch.load(path, map_location="cpu")
    network = build_network(NetworkConfig.from_dict(state["config"]["network"]))
    network.load_state_dict(state["network"])
    return network.eval(), state


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("to", type=Path)
    options = parser.parse_args()
    hand_over(options.checkpoint, options.to)
