"""The layers of which the networks are made."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.network.config import NetworkConfig


class RollingBatchNorm(nn.Module):
    """Batch normalisation whose inference statistics are the mean over the last `window` training batches."""

    def __init__(self, channels: int, epsilon: float, window: int):
        super().__init__()
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("means", torch.zeros(window, channels))
        self.register_buffer("variances", torch.ones(window, channels))
        self.register_buffer("batches", torch.zeros((), dtype=torch.long))

    def statistics(self) -> tuple:
        """Mean and variance used at inference."""
        filled = min(int(self.batches), len(self.means))
        if filled == 0:
            return self.means[0], self.variances[0]
        return self.means[:filled].mean(0), self.variances[:filled].mean(0)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            mean, variance = self.statistics()
            return F.batch_norm(x, mean, variance, self.weight, self.bias, False, 0.0, self.epsilon)
        y, mean, inverse_std = torch.native_batch_norm(x, self.weight, self.bias, None, None, True, 0.0, self.epsilon)
        with torch.no_grad():
            # The slot stays on the device: reading it would wait for the card in every layer.
            slot = (self.batches % len(self.means)).view(1)
            self.means.index_copy_(0, slot, mean.detach()[None])
            self.variances.index_copy_(0, slot, (inverse_std.detach() ** -2 - self.epsilon)[None])
            self.batches += 1
        return y


class PlainDropout(nn.Module):
    """Dropout that is *not* inverted: training only zeroes, inference multiplies by the share kept."""

    def __init__(self, dropped: float):
        super().__init__()
        self.kept = 1.0 - dropped

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.bernoulli(torch.full_like(x, self.kept)) if self.training else x * self.kept


class InputBias(nn.Module):
    """A bias per channel on the raw input: what the first layer of a path has instead of normalisation."""

    def __init__(self, channels: int):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias.view(1, -1, 1, 1, 1)


def activation(channels: int, config: NetworkConfig) -> nn.Module:
    """PReLU with a slope per channel, or ReLU."""
    return nn.PReLU(channels, init=0.01) if config.activation == "prelu" else nn.ReLU()


def convolution_layer(
    channels_in: int, channels_out: int, kernel: int, config: NetworkConfig, raw_input=False, dropout=0.0
) -> nn.Sequential:
    """One pre-activation layer; He initialisation (fan-in)."""
    convolution = nn.Conv3d(channels_in, channels_out, kernel, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_in", nonlinearity="relu")
    if raw_input:
        return nn.Sequential(InputBias(channels_in), convolution)
    modules = [RollingBatchNorm(channels_in, config.bn_epsilon, config.bn_window), activation(channels_in, config)]
    if dropout > 0:
        modules.append(PlainDropout(dropout))
    return nn.Sequential(*modules, convolution)


def add_channels(x: Tensor, residual: Tensor) -> Tensor:
    """`x` plus `residual` (both [B, C, ...]), whose missing channels count as zero and whose surplus channels are left
    out.
    """
    surplus = x.shape[1] - residual.shape[1]
    if surplus > 0:
        return x + F.pad(residual, [0, 0] * (x.dim() - 2) + [0, surplus])
    return x + (residual[:, : x.shape[1]] if surplus < 0 else residual)
