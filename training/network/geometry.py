"""Where the three resolutions of a segment lie: the arithmetic shared by training, inference and export."""

import numpy as np

from training.network.config import HALO

#: Tile starts that are multiples of this hide the tiling, since both 3 and 5 divide it.
LATTICE = 15


def low_resolution_size(output: int, factor: int) -> int:
    """Input voxels along an axis of the path subsampled by `factor`, for `output` voxels."""
    return -(-output // factor) + 2 * HALO


def input_positions(output: int, factor: int) -> np.ndarray:
    """Where the voxels of a path's input lie along an axis, in output voxels: factor (b - 9) + factor // 2."""
    count = output + 2 * HALO if factor == 1 else low_resolution_size(output, factor)
    return factor * (np.arange(count) - HALO) + factor // 2


def cut(volume: np.ndarray, start, size, factor: int, flipped=(False, False, False), beyond: float = 0.0) -> np.ndarray:
    """The input of one path for the output box of `size` at `start` (both [k, j, i]); `beyond` outside the volume.

    A flipped axis is mirrored about the middle of the output box *before* subsampling, so that voxels lie where the
    network expects them. Returns float32 without batch and channel axes.
    """
    indices, outside = [], []
    for axis in range(3):
        positions = input_positions(size[axis], factor)
        index = start[axis] + (size[axis] - 1 - positions if flipped[axis] else positions)
        outside.append((index < 0) | (index >= volume.shape[axis]))
        indices.append(np.clip(index, 0, volume.shape[axis] - 1))
    values = volume[np.ix_(*indices)].astype(np.float32)
    values[outside[0]] = beyond
    values[:, outside[1]] = beyond
    values[:, :, outside[2]] = beyond
    return values


def tiles(low, high, tile: int):
    """Yield (start, size) boxes that cover [low, high) on the 15-voxel lattice; `tile` must be a multiple of 15.

    The last box along an axis is cut to what is needed.
    """
    if tile % LATTICE:
        raise ValueError(f"a tile of {tile} voxels is not on the {LATTICE}-voxel lattice")
    first = [bound // LATTICE * LATTICE for bound in low]
    for k in range(first[0], high[0], tile):
        for j in range(first[1], high[1], tile):
            for i in range(first[2], high[2], tile):
                yield (k, j, i), tuple(min(tile, h - s) for s, h in zip((k, j, i), high))
