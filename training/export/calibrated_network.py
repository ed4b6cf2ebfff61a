"""A network without its normalisation, and the range of every value it keeps: what `training.export.screen` rounds to 8
bits.

Of a layer's output h, gain S and shift T of the normalisation that follows, u = h + T / S is kept: PReLU(S h + T) = S
PReLU(u) for S > 0, and S goes into the next weights. Calibration observes u on segments and fixes k, so that in the
stored value k u every channel reaches 1.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from training.data.case import read_case
from training.data.cases import case_folders
from training.network.config import RESIDUAL_LAYERS
from training.network.deepmedic import DeepMedic
from training.network.geometry import LATTICE, cut
from training.network.layers import PlainDropout, RollingBatchNorm

#: Output edge of the boxes that calibration looks at, and time points they are taken from.
SEGMENT = 30
CALIBRATION_CASES = 4


@dataclass
class Layer:
    """A convolution of what PReLU (or nothing, on a raw input) makes of the stored values before it."""

    weight: Any  # [out, in, ...], what multiplies PReLU(u) of the layer before, before this layer's own gain k
    shift: Any  # added to the convolution's sum to give u
    slope: Any = None  # of the PReLU on the input (ReLU: zeros); None: raw input
    # learnt from calibration
    low: Any = None  # least u per channel
    high: Any = None
    below: Any = None  # mean of min(u, 0)
    gain: Any = None  # k
    low_sum: Any = None  # least u before the residual is added
    high_sum: Any = None


def affine(module: RollingBatchNorm) -> tuple[Any, Any]:
    """Gain and shift that batch normalisation amounts to at inference. Raises ValueError for a gain that is not
    positive."""
    mean, variance = (x.double().numpy() for x in module.statistics())
    gain = module.weight.detach().double().numpy() / np.sqrt(variance + module.epsilon)
    if not (gain > 0).all():
        raise ValueError("a batch normalisation with a gain that is not positive has no screening form")
    return gain, module.bias.detach().double().numpy() - mean * gain


def without_normalisation(modules, following: tuple, residual_at=()) -> list:
    """Layers of a path or classifier. `following`: gain and shift after the last layer. Residuals skip one layer's
    output."""
    norms: list[Any] = [affine(m[0]) if isinstance(m[0], RollingBatchNorm) else None for m in modules]
    result, shifts = [], []
    for i, module in enumerate(modules):
        weight = module[-1].weight.detach().double().numpy()
        gain, shift = norms[i + 1] if i + 1 < len(modules) else following
        u = shift / gain
        slope = None
        if norms[i] is None:
            u = u + weight.sum((1, 2, 3, 4)) * float(module[0].bias)
        else:
            slope = (
                module[1].weight.detach().double().numpy()
                if isinstance(module[1], nn.PReLU)
                else np.zeros(len(norms[i][0]))
            )
            kept = next((m.kept for m in module if isinstance(m, PlainDropout)), 1.0)
            weight = weight * (norms[i][0] * kept).reshape(1, -1, 1, 1, 1)
        result.append(Layer(weight, u, slope))
        shifts.append(shift / gain)
    for number in residual_at:
        before = shifts[number - 3]  # the residual comes as u, not as h
        shared = min(len(before), len(result[number - 1].shift))
        result[number - 1].shift[:shared] -= before[:shared]
    return result


@dataclass
class Folded:
    """The four paths and the classifier without normalisation."""

    paths: dict  # name -> list of Layer
    classifier: list
    residual: int  # concatenated maps that are added to the second classifier layer
    ranges: dict = field(default_factory=dict)  # name -> least and largest input seen in calibration


def fold_network(network: DeepMedic) -> Folded:
    first = affine(network.classifier.layers[0][0])
    parts, start, paths = ("main", "prior", "by3", "by5"), 0, {}
    for name in parts:
        layers = getattr(network, name).layers
        stop = start + layers[-1][-1].out_channels
        paths[name] = without_normalisation(layers, (first[0][start:stop], first[1][start:stop]), RESIDUAL_LAYERS)
        start = stop
    bias = network.classifier.bias.detach().double().numpy()
    classifier = without_normalisation(network.classifier.layers, (np.ones(2), bias))
    last = classifier[-1]
    last.weight, last.shift = last.weight[1:] - last.weight[:1], last.shift[1:] - last.shift[:1]
    residual = min(start, classifier[1].weight.shape[0])
    classifier[1].shift[:residual] -= (first[1] / first[0])[:residual]
    return Folded(paths, classifier, residual)


def observe(layer: Layer, u: torch.Tensor, before_residual: torch.Tensor) -> None:
    """Extend a layer's statistics by its stored values [1, channel, ...] (with k = 1)."""
    flat, partial = u[0].flatten(1).double(), before_residual[0].flatten(1).double()
    found = [x.numpy() for x in (flat.min(1).values, flat.max(1).values, partial.min(1).values, partial.max(1).values)]
    below = flat.clamp(max=0).mean(1).numpy()
    if layer.low is None:
        layer.low, layer.high, layer.low_sum, layer.high_sum, layer.below = *found, []
    layer.low, layer.low_sum = np.minimum(layer.low, found[0]), np.minimum(layer.low_sum, found[2])
    layer.high, layer.high_sum = np.maximum(layer.high, found[1]), np.maximum(layer.high_sum, found[3])
    layer.below.append(below)


def run_layer(layer: Layer, u: torch.Tensor) -> torch.Tensor:
    if layer.slope is not None:
        u = F.prelu(u, torch.from_numpy(layer.slope).float())
    return F.conv3d(u, torch.from_numpy(layer.weight).float(), torch.from_numpy(layer.shift).float())


def add(x: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
    shared = min(x.shape[1], residual.shape[1])
    return torch.cat([x[:, :shared] + residual[:, :shared], x[:, shared:]], 1)


def run_path(layers: list, x: torch.Tensor) -> torch.Tensor:
    stored = [x]
    for number, layer in enumerate(layers, start=1):
        u = partial = run_layer(layer, stored[-1])
        if number in RESIDUAL_LAYERS:
            u = add(u, stored[-2][:, :, 2:-2, 2:-2, 2:-2])
        observe(layer, u, partial)
        stored.append(u)
    return stored[-1]


def segments_of(cases, per_kind: int = 3) -> list:
    """The four inputs [1, 1, ...] of boxes around metastases, ordinary and bright voxels of each case."""
    generator, found = np.random.default_rng(1), []
    for case in cases:
        centres = [lesion[len(lesion) // 2] for lesion in case.lesion_centres][:per_kind]
        for kind in (case.ordinary_centres, case.bright_centres):
            centres += list(generator.choice(kind, per_kind)) if len(kind) else []
        for centre in centres:
            place = np.array(np.unravel_index(int(centre), case.mask.shape))
            start = tuple(int(n) for n in (place - SEGMENT // 2) // LATTICE * LATTICE)
            wanted = [(case.current, factor, case.background[0]) for factor in (1, 3, 5)] + [
                (case.prior, 1, case.background[1])
            ]
            arrays = [cut(image, start, (SEGMENT,) * 3, factor, beyond=beyond) for image, factor, beyond in wanted]
            found.append(tuple(torch.from_numpy(a)[None, None] for a in arrays))
    return found


def calibration_cases(root: str, normalisation: str) -> list:
    """A few training patients' time points, with and without a prior."""
    folders = case_folders(Path(root), "training")
    chosen = [folder for folder in folders if folder.name in ("t0", "t1")][:CALIBRATION_CASES]
    if not chosen:
        raise ValueError(f"{root} holds no training patients to calibrate on")
    return [read_case(folder, normalisation) for folder in chosen]


@torch.no_grad()
def calibrate(folded: Folded, segments) -> torch.Tensor:
    """Observe every stored value on `segments` (tuples of the four inputs [1, 1, ...]); then fix the gains.

    Returns the logits of the last segment, for a check against the network itself.
    """
    for current, by3, by5, prior in segments:
        for name, x in zip(folded.paths, (current, prior, by3, by5)):
            low, high = folded.ranges.get(name, (0.0, 0.0))
            folded.ranges[name] = (min(low, float(x.min())), max(high, float(x.max())))
        features = [run_path(folded.paths[n], x) for n, x in zip(folded.paths, (current, prior, by3, by5))]
        for position, factor in ((2, 3), (3, 5)):
            for axis in (2, 3, 4):
                features[position] = (
                    features[position].repeat_interleave(factor, axis).narrow(axis, 0, features[0].shape[axis])
                )
        x = concatenated = torch.cat(features, 1)
        for number, layer in enumerate(folded.classifier, start=1):
            x = partial = run_layer(layer, x)
            if number == 2:
                x = add(x, concatenated[:, : folded.residual])
            observe(layer, x, partial)
    for layers in folded.paths.values():
        for layer in layers:
            layer.gain = 1 / np.maximum(layer.high, 1e-3 * max(layer.high.max(), 1e-6))
        chain(*(layers[number - 1] for number in (2, *RESIDUAL_LAYERS)))
    for layer in folded.classifier[:-1]:
        layer.gain = 1 / np.maximum(layer.high, 1e-3 * max(layer.high.max(), 1e-6))
    # The second classifier layer takes the gains of the maps that are added to it.
    ends = [layers[-1] for layers in folded.paths.values()]
    # A map may be zero everywhere.
    reach = np.maximum(np.concatenate([np.maximum(end.high, -end.low) for end in ends]), 1e-6)
    second = folded.classifier[1]
    reach[: folded.residual] = np.maximum(reach[: folded.residual], second.high[: folded.residual])
    second.gain[: folded.residual] = 1 / reach[: folded.residual]
    for end, part in zip(ends, np.split(reach, np.cumsum([len(e.high) for e in ends])[:-1])):
        end.gain = 1 / part
    folded.classifier[-1].gain = np.ones(1)
    for layer in (*(layer for path in folded.paths.values() for layer in path), *folded.classifier):
        layer.below = np.mean(layer.below, 0)
    return x


def chain(*layers: Layer) -> None:
    """Layers added to one another share the gains of the channels they have in common."""
    widest = max(len(layer.high) for layer in layers)
    reach = np.zeros(widest)
    for layer in layers:
        reach[: len(layer.high)] = np.maximum(reach[: len(layer.high)], np.maximum(layer.high, -layer.low))
    for layer in layers:
        layer.gain = 1 / np.maximum(reach[: len(layer.high)], 1e-6)
