"""DeepMedic as Huang et al. 2021 modify it."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.network.config import RESIDUAL_LAYERS, NetworkConfig
from training.network.layers import add_channels, convolution_layer


class Path(nn.Module):
    """Nine valid 3x3x3 layers with residual connections: [B, C, n + 18, ...] -> [B, widths[8], n, ...]."""

    def __init__(self, channels_in: int, config: NetworkConfig):
        super().__init__()
        channels = (channels_in, *config.widths)
        self.layers = nn.ModuleList(
            convolution_layer(channels[i], channels[i + 1], 3, config, raw_input=i == 0) for i in range(9)
        )

    def forward(self, x: Tensor) -> Tensor:
        previous_input = x
        for number, layer in enumerate(self.layers, start=1):
            y = layer(x)
            if number in RESIDUAL_LAYERS:
                y = add_channels(y, previous_input[:, :, 2:-2, 2:-2, 2:-2])
            previous_input, x = x, y
        return x


class Classifier(nn.Module):
    """1x1x1 layers over the concatenated paths; the second's output receives the first concatenated maps."""

    def __init__(self, channels_in: int, config: NetworkConfig):
        super().__init__()
        channels = (channels_in, *config.classifier_widths, 2)
        self.layers = nn.ModuleList(
            convolution_layer(channels[i], channels[i + 1], 1, config, dropout=config.dropout if i > 0 else 0.0)
            for i in range(len(channels) - 1)
        )
        self.bias = nn.Parameter(torch.zeros(2))

    def forward(self, concatenated: Tensor) -> Tensor:
        x = concatenated
        for number, layer in enumerate(self.layers, start=1):
            x = layer(x)
            if number == 2:
                x = add_channels(x, concatenated)
        return x + self.bias.view(1, 2, 1, 1, 1)


def repeat_and_crop(x: Tensor, factor: int, like: Tensor) -> Tensor:
    """Repeat each voxel `factor` times along every axis and crop from the front to the size of `like`."""
    x = F.interpolate(x, scale_factor=float(factor), mode="nearest", recompute_scale_factor=False)
    return x[:, :, : like.shape[2], : like.shape[3], : like.shape[4]]


class DeepMedic(nn.Module):
    """DeepMedic as Huang et al. modify it. `forward` returns the two class scores [B, 2, N, N, N] before softmax."""

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        has_prior_path = config.architecture == "deepmedic"
        self.main = Path(2 if config.architecture == "deepmedic-prior-channel" else 1, config)
        self.prior = Path(1, config) if has_prior_path else None
        self.by3 = Path(1, config)
        self.by5 = Path(1, config)
        self.classifier = Classifier(config.widths[-1] * (4 if has_prior_path else 3), config)

    def forward(self, current: Tensor, current_by3: Tensor, current_by5: Tensor, prior: Tensor) -> Tensor:
        if self.config.architecture == "deepmedic-prior-channel":
            current = torch.cat([current, prior], 1)
        main = self.main(current)
        outputs = [main]
        if self.prior is not None:
            outputs.append(self.prior(prior))
        outputs.append(repeat_and_crop(self.by3(current_by3), 3, main))
        outputs.append(repeat_and_crop(self.by5(current_by5), 5, main))
        return self.classifier(torch.cat(outputs, 1))
