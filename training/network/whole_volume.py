"""Whole volumes through a network, in tiles on the 15-voxel lattice."""

import numpy as np
import torch

from training.network.geometry import cut, tiles

#: Output edge of a tile, a multiple of 15.
TILE = 60


@torch.no_grad()
def probability_volume(
    network, current: np.ndarray, prior: np.ndarray, mask: np.ndarray, tile: int = TILE, background=(0.0, 0.0)
) -> np.ndarray:
    """Probability of metastasis [k, j, i] inside `mask`, 0 outside, of a network in evaluation mode.

    All arrays share one grid whose corner is a multiple of 15 voxels from that of the whole volume. Tiles without brain
    are skipped. DeepMedic's result does not depend on `tile`; the U-Net's does, because it pads its convolutions with
    zeros. `background` holds the values of current and prior beyond the grid.
    """
    occupied = [np.flatnonzero(mask.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    low, high = [int(o[0]) for o in occupied], [int(o[-1]) + 1 for o in occupied]
    result = np.zeros(mask.shape, np.float32)
    device = next(network.parameters()).device
    for start, size in tiles(low, high, tile):
        box = tuple(slice(s, s + n) for s, n in zip(start, size))
        if not mask[box].any():
            continue
        inputs = [cut(current, start, size, factor, beyond=background[0]) for factor in (1, 3, 5)]
        inputs.append(cut(prior, start, size, 1, beyond=background[1]))
        scores = network(*(torch.from_numpy(x)[None, None].to(device) for x in inputs))
        result[box] = torch.softmax(scores, 1)[0, 1].cpu().numpy()
    return result * mask
