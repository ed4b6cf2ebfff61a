"""A U-Net of three poolings and 147,561 parameters: image [1, 1, k, j, i] at 2 mm to the logit of being brain."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: Each axis of the image is a multiple of this.
MULTIPLE = 8
WIDTHS = (8, 16, 32, 32)


class GroupNorm(nn.GroupNorm):
    """In single precision, whatever the convolutions around it compute in."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.float())


def block(channels_in: int, channels_out: int) -> nn.Sequential:
    """A 3³ convolution, normalised over all voxels of each group of eight channels."""
    convolution = nn.Conv3d(channels_in, channels_out, 3, padding=1, bias=False)
    return nn.Sequential(convolution, GroupNorm(channels_out // 8, channels_out), nn.ReLU())


class BrainNetwork(nn.Module):
    """Down by pooling, up by repeating; skips are added, not concatenated."""

    def __init__(self) -> None:
        super().__init__()
        channels = (1, *WIDTHS)
        self.down = nn.ModuleList(
            nn.Sequential(block(channels[n], channels[n + 1]), block(channels[n + 1], channels[n + 1]))
            for n in range(4)
        )
        self.narrow = nn.ModuleList(nn.Conv3d(WIDTHS[n + 1], WIDTHS[n], 1) for n in range(3))
        self.up = nn.ModuleList(block(WIDTHS[n], WIDTHS[n]) for n in range(3))
        self.head = nn.Conv3d(WIDTHS[0], 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        skips, x = [], image
        for level, down in enumerate(self.down):
            x = down(x if level == 0 else F.max_pool3d(x, 2))
            skips.append(x)
        for level in (2, 1, 0):
            x = F.interpolate(self.narrow[level](x), scale_factor=2.0, mode="nearest", recompute_scale_factor=False)
            x = self.up[level](x + skips[level])
        return self.head(x)


def dice(probability: Tensor, label: Tensor) -> Tensor:
    """Overlap of a soft mask with a mask, over all voxels."""
    return 2 * (probability * label).sum() / (probability.sum() + label.sum() + 1e-6)


def loss_of(logit: Tensor, label: Tensor) -> Tensor:
    """Cross-entropy and Dice together."""
    return F.binary_cross_entropy_with_logits(logit, label) + 1 - dice(torch.sigmoid(logit), label)
