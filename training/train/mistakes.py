"""Where the network calls something a metastasis that is none: in the batches, and in whole volumes between them."""

import numpy as np
import torch
from torch import Tensor, nn

from training.data.case import Case
from training.evaluate.matching import findings
from training.network.whole_volume import TILE, probability_volume
from training.train.batch import Batch, Mistake

#: Mistakes kept of one whole volume, the most certain first.
OF_A_VOLUME = 30


def in_batch(probability: Tensor, batch: Batch, blocks: int, step: int) -> list[Mistake]:
    """The highest voxel of every sub-volume without metastasis in which one is seen.

    `probability`, like the batch's label, is [B, n, n, n]; `blocks` is the number of sub-volumes along an edge.
    """
    found = []
    with torch.no_grad():
        edge = probability.shape[1] // blocks
        for cut, p, y in zip(batch.cuts, probability.cpu().numpy(), batch.label.cpu().numpy()):
            for corner in np.ndindex(blocks, blocks, blocks):
                box = tuple(slice(edge * c, edge * (c + 1)) for c in corner)
                if y[box].any() or p[box].max() < 0.5:
                    continue
                place = np.array(np.unravel_index(p[box].argmax(), p[box].shape)) + edge * np.array(corner)
                centre = np.rint((cut.original_from_segment @ (*place, 1))[:3]).astype(int)
                found.append(Mistake(step, cut.case, tuple(int(c) for c in centre)))
    return found


def in_volume(network: nn.Module, case: Case, step: int) -> list[Mistake]:
    """The false findings in a whole volume, by the network as it would be used."""
    network.eval()
    p = probability_volume(network, case.current, case.prior, case.mask, TILE, case.background)
    network.train()
    components, count = findings(p >= 0.5)
    false = []
    for number in range(1, count + 1):
        where = components == number
        if not np.asarray(case.label)[where].any():
            highest = int(np.where(where, p, 0).argmax())
            false.append((float(p.flat[highest]), np.unravel_index(highest, p.shape)))
    false.sort(key=lambda one: -one[0])
    return [Mistake(step, case.name, tuple(int(c) for c in centre)) for _, centre in false[:OF_A_VOLUME]]
