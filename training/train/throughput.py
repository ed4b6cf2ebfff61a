"""Useful output voxels a second of a training step, at several sizes of segments.

    python3 -m training.train.throughput [--size compact|authors] [--segments 19x4 57x1 …]

Counted in this process's processor time with one thread, so that what else runs on the machine hardly matters; on a
card in wall-clock time.
"""

import argparse
import time

import torch
import torch.nn.functional as F

from training.network.build import build_network, tumour_logit
from training.network.config import NetworkConfig
from training.network.geometry import low_resolution_size
from training.network.heap import keep_freed_memory
from training.recipe import SIZES


def seconds_of_step(size: int, batch: int, network: torch.nn.Module, bfloat16: bool, device: str) -> float:
    """The fastest of three forward and backward passes."""
    edges = (size + 18, low_resolution_size(size, 3), low_resolution_size(size, 5), size + 18)
    inputs = [torch.randn(batch, 1, edge, edge, edge, device=device) for edge in edges]
    label = torch.zeros(batch, size, size, size, device=device)
    clock = time.perf_counter if device == "cuda" else time.process_time
    times = []
    for _ in range(4):
        began = clock()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=bfloat16):
            scores = network(*inputs)
        F.binary_cross_entropy_with_logits(tumour_logit(scores.float()), label).backward()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(clock() - began)
    return min(times[1:])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=list(SIZES), default="compact")
    parser.add_argument("--segments", nargs="+", default=["13x8", "19x4", "38x1", "57x1", "57x2", "76x1"])
    options = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = build_network(NetworkConfig.from_dict(SIZES[options.size])).to(device).train()
    for text in options.segments:
        size, batch = map(int, text.split("x"))
        for bfloat16 in (False, True):
            seconds = seconds_of_step(size, batch, network, bfloat16, device)
            kind = "bfloat16" if bfloat16 else "float32"
            voxels = batch * size**3 / seconds
            print(f"{batch} segments of {size}³, {kind}: {seconds:.2f} s, {voxels:,.0f} voxels a second")
