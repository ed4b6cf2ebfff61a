"""Train the brain network; the same command goes on where it was interrupted.

    python3 -m training.brain_mask.train --anatomies FOLDER --run training/runs/brain-mask [--minutes 60]

The run's folder receives checkpoint.pt and log.jsonl. Validation heads are scored in images made once, from one seed.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from training.brain_mask.heads import TRAIN, VALIDATION, example, read_head
from training.brain_mask.network import BrainNetwork, dice, loss_of
from training.network.heap import keep_freed_memory

#: Batches of one image after which a checkpoint and a progress line are written.
SUB_EPOCH = 25
LEARNING_RATE = 3e-3
VALIDATION_IMAGES = 8


@torch.no_grad()
def score(network: BrainNetwork, images: list) -> list[float]:
    """Dice of each image's mask."""
    network.eval()
    found = []
    for image, brain in images:
        mask = network(torch.from_numpy(image)[None, None]) > 0
        found.append(round(float(dice(mask.float(), torch.from_numpy(brain)[None, None])), 4))
    network.train()
    return found


def train(anatomies: Path, run: Path, minutes: float, threads: int) -> None:
    # -- Machine, data, network
    keep_freed_memory()
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    run.mkdir(parents=True, exist_ok=True)
    heads = [read_head(anatomies, name) for name in TRAIN]
    held_out = [read_head(anatomies, name) for name in VALIDATION]
    images = [example([held_out[n % 2]], np.random.default_rng([2, n])) for n in range(VALIDATION_IMAGES)]
    network = BrainNetwork()
    optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE)

    # -- Where the run stands
    step, before = 0, 0.0
    history: list[dict] = []
    checkpoint = run / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location="cpu")
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        step, before, history = state["step"], state["seconds"], state["history"]

    network.train()
    began, losses = time.monotonic(), []
    while True:
        # -- One image
        seconds = before + time.monotonic() - began
        left = max(0.0, 1 - seconds / (60 * minutes))
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * min(1.0, 2 * left, (step + 1) / 20)
        image, brain = (torch.from_numpy(x)[None, None] for x in example(heads, np.random.default_rng([1, step])))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logit = network(image)
        loss = loss_of(logit.float(), brain)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        losses.append(loss.item())

        # -- A sub-epoch's end
        if step % SUB_EPOCH and left > 0:
            continue
        found = score(network, images)
        history.append(
            {"step": step, "loss": round(float(np.mean(losses)), 4), "dice": found, "seconds": round(seconds)}
        )
        losses = []
        print(json.dumps(history[-1]), flush=True)
        state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "history": history}
        torch.save({**state, "seconds": seconds}, run / "checkpoint.partial")
        (run / "checkpoint.partial").replace(checkpoint)
        (run / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history))
        if left <= 0:
            return


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anatomies", required=True, type=Path)
    parser.add_argument("--run", type=Path, default=Path("training/runs/brain-mask"))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    train(options.anatomies, options.run, options.minutes, options.threads)
