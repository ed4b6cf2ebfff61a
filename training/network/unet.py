"""The 3D U-Net with which the paper compares."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.network.config import HALO, NetworkConfig
from training.network.layers import RollingBatchNorm, activation


class UNet(nn.Module):
    """A small 3D U-Net on the same segments (two poolings, valid crop at the end); it sees `current` alone.

    Input and output sizes are DeepMedic's, so that sampling and evaluation are shared. Width starts at `widths[0]`
    and doubles with each pooling.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        w = config.widths[0]

        def block(channels_in: int, channels_out: int) -> nn.Sequential:
            layers = []
            for c in (channels_in, channels_out):
                convolution = nn.Conv3d(c, channels_out, 3, padding=1, bias=False)
                nn.init.kaiming_normal_(convolution.weight, mode="fan_in", nonlinearity="relu")
                normalisation = RollingBatchNorm(channels_out, config.bn_epsilon, config.bn_window)
                layers += [convolution, normalisation, activation(channels_out, config)]
            return nn.Sequential(*layers)

        self.encoders = nn.ModuleList([block(1, w), block(w, 2 * w), block(2 * w, 4 * w)])
        self.decoders = nn.ModuleList([block(6 * w, 2 * w), block(3 * w, w)])
        self.head = nn.Conv3d(w, 2, 1)

    def forward(self, current: Tensor, current_by3: Tensor, current_by5: Tensor, prior: Tensor) -> Tensor:
        skips, x = [], current
        for depth, encoder in enumerate(self.encoders):
            x = encoder(x if depth == 0 else F.max_pool3d(x, 2, ceil_mode=True))
            skips.append(x)
        for depth, decoder in zip((1, 0), self.decoders):
            x = F.interpolate(x, size=skips[depth].shape[2:], mode="nearest")
            x = decoder(torch.cat([x, skips[depth]], 1))
        return self.head(x[:, :, HALO:-HALO, HALO:-HALO, HALO:-HALO])
