"""A path of a network with a third of its multiplications saved, and no pass over its maps except convolutions, sums
and activations.

Winograd's minimal filtering (Arithmetic Complexity of Computations, 1980; Lavin and Gray, CVPR 2016), F(2, 3) along k:
two neighbouring slices of a convolution with three taps come from four 2D convolutions instead of six. With input
slices d0 to d3 and taps g0, g1, g2

    even = m0 + m1 + m2     m0 = (d0 - d2) g0     m1 = (d1 + d2) (g0 + g1 + g2) / 2
    odd  = m1 - m2 + m3     m3 = (d3 - d1) g2     m2 = (d2 - d1) (g0 - g1 + g2) / 2

So between layers a volume is kept as its even and its odd slices, each [k / 2, channel, j, i]: slices are the batch of
the 2D convolutions.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.network.config import RESIDUAL_LAYERS
from training.network.deepmedic import Path
from training.network.layers import add_channels


@dataclass
class Fold:
    """A normalisation a x + b with fixed statistics as gain (sign x + shift), gain > 0, which commutes with PReLU: maps
    are kept as u = sign x + shift, and the gain goes into the next weights. If a is 0, so is the sign: x is lost, and a
    residual that needs it would be wrong, which the exporter's comparison with the whole network would reveal.
    """

    sign: Tensor
    gain: Tensor
    shift: Tensor

    @classmethod
    def of(cls, normalisation: nn.BatchNorm3d) -> "Fold":
        a = (normalisation.weight / torch.sqrt(normalisation.running_var + normalisation.eps)).detach()
        b = (normalisation.bias - a * normalisation.running_mean).detach()
        gain = torch.where(a == 0, torch.ones_like(a), a.abs())
        return cls(torch.sign(a), gain, b / gain)

    def part(self, channels: slice) -> "Fold":
        return Fold(self.sign[channels], self.gain[channels], self.shift[channels])


class PairedConvolution(nn.Module):
    """A valid 3x3x3 convolution of (even, odd) slices plus `bias`; the result has one pair less."""

    def __init__(self, weight: Tensor, bias: Tensor):
        super().__init__()
        g0, g1, g2 = weight.unbind(2)
        self.kernels = nn.ParameterList([nn.Parameter(g) for g in (g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2)])
        self.bias = nn.Parameter(bias)

    def forward(self, even: Tensor, odd: Tensor) -> tuple:
        d0, d1, d2, d3 = even[:-1], odd[:-1], even[1:], odd[1:]
        g0, g1, g2, g3 = self.kernels
        # m1 is in both slices, and so is what is added to it.
        m1 = F.conv2d(d1 + d2, g1, self.bias)
        m2 = F.conv2d(d2 - d1, g2)
        return F.conv2d(d0 - d2, g0) + (m1 + m2), F.conv2d(d3 - d1, g3) + (m1 - m2)


class PairedPath(nn.Module):
    """A path as `model.Path` has it: image [k, 1, j, i] -> its (even, odd) slices of u, each [(k - 18) / 2, channel, j
    - 18, i - 18].

    Where k is odd, the last odd slice belongs to no slice of the output. `path` has fixed batch statistics
    (`export_onnx.with_fixed_statistics`); `following` is the normalisation that its output goes to.
    """

    def __init__(self, path: Path, following: Fold):
        super().__init__()
        raw, *normalised = path.layers
        folds = [*(Fold.of(layer[0]) for layer in normalised), following]
        weight = raw[-1].weight.detach() * folds[0].sign.view(-1, 1, 1, 1, 1)
        convolutions = [(weight, folds[0].shift + weight.sum((2, 3, 4)) @ raw[0].bias.detach())]
        self.signs = {}
        for number, (layer, before, after) in enumerate(zip(normalised, folds, folds[1:]), start=2):
            weight = layer[-1].weight.detach() * before.gain.view(1, -1, 1, 1, 1) * after.sign.view(-1, 1, 1, 1, 1)
            bias = after.shift
            if number in RESIDUAL_LAYERS:
                # What is added is sign x of the maps' own normalisation: its shift is removed, and where the two signs
                # differ the value is negated.
                residual = folds[number - 3]
                signs = residual.sign * as_many(residual.sign, after.sign)
                bias = bias - as_many(after.sign, signs * residual.shift)
                self.signs[number] = signs.view(-1, 1, 1)
            convolutions.append((weight, bias))
        self.layers = nn.ModuleList(PairedConvolution(*c) for c in convolutions)
        self.activations = nn.ModuleList(layer[1] for layer in normalised)

    def forward(self, image: Tensor) -> tuple:
        pairs = tuple(even_and_odd(image))
        previous, pairs = pairs, self.layers[0](*pairs)
        for number, (activation, layer) in enumerate(zip(self.activations, self.layers[1:]), start=2):
            y = layer(*map(activation, pairs))
            if number in self.signs:
                y = tuple(
                    add_channels(a, turned(b[1:-1, :, 2:-2, 2:-2], self.signs[number])) for a, b in zip(y, previous)
                )
            previous, pairs = pairs, y
        return pairs


def even_and_odd(slices: Tensor):
    """The even slices, then as many odd ones: if one is missing, the last stands in for it."""
    yield slices[::2]
    yield torch.cat([slices, slices[-1:]])[1::2]


def as_many(channels: Tensor, values: Tensor) -> Tensor:
    """As many values as there are channels, padded with zeros."""
    return F.pad(values, (0, max(len(channels) - len(values), 0)))[: len(channels)]


def turned(x: Tensor, signs: Tensor) -> Tensor:
    """x with the signs given; x itself where all are positive."""
    return x if bool((signs > 0).all()) else signs * x
