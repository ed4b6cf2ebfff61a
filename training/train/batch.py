"""A batch of training segments: which ones, cut and augmented, on the device that trains."""

import numpy as np
import torch
from torch import Tensor

from training.data.cases import Cases
from training.data.segment import Segment, batch_arrays, choose_segment, cut_segment
from training.train.config import TrainConfig


def draw_batch(
    cases: Cases, rng: np.random.Generator, replay: list[Segment], config: TrainConfig
) -> tuple[list[Segment], list[Tensor], Tensor]:
    """(segments, the four inputs, label) of a random batch, on the configuration's device.

    Segments that are looked at again are taken out of `replay`.
    """
    segments = []
    for n in range(config.batch):
        tumour = n < round(config.batch * config.tumour_fraction)
        if not tumour and replay and rng.random() < config.replay_fraction:
            segments.append(replay.pop(int(rng.integers(len(replay)))))
        else:
            segments.append(choose_segment(cases, rng, tumour, config))
    cut = [cut_segment(cases.by_name[s.case], s.centre, config.segment, rng, config) for s in segments]
    inputs, label = batch_arrays(cut)
    return segments, [torch.from_numpy(x).to(config.device) for x in inputs], torch.from_numpy(label).to(config.device)
