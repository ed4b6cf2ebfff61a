"""The networks of Huang et al. 2021: DeepMedic with a temporal prior path, and the variants it is compared with.

Tensors are [batch, channel, k, j, i]: k counts slices (superior), i runs fastest, as the node's volumes are laid out.
All convolutions are VALID. For an output of N voxels per axis (each axis may differ) a network takes

    current      [B, 1, N + 18, ...]           normal resolution; output voxel o sits at input voxel o + 9
    current_by3  [B, 1, ceil(N / 3) + 18, ...] every third voxel: voxel b lies at output voxel 3 (b - 9) + 1
    current_by5  [B, 1, ceil(N / 5) + 18, ...] every fifth voxel: voxel b lies at output voxel 5 (b - 9) + 2
    prior        [B, 1, N + 18, ...]           the registered prior study, zeros where there is none

A layer is: batch normalisation (or, on a raw input, a bias) -> PReLU or ReLU -> dropout -> convolution without bias.
"""

from dataclasses import asdict, dataclass, fields

import torch

#: Voxels a normal-resolution input reaches beyond the output on each side: nine valid 3x3x3 layers.
HALO = 9
#: Layers (counted from 1) whose output receives the input of the layer before, centre-cropped.
RESIDUAL_LAYERS = (4, 6, 8)
ARCHITECTURES = ("deepmedic", "deepmedic-no-prior", "deepmedic-prior-channel", "unet")
ACTIVATIONS = ("prelu", "relu")


@dataclass(frozen=True)
class NetworkConfig:
    """Everything that determines a network's function apart from its variables."""

    architecture: str = "deepmedic"
    #: "prelu" as in the authors' program; "relu", which 8-bit arithmetic computes as it is (`training.export.screen`).
    activation: str = "prelu"
    #: Feature maps of the nine layers of each path.
    widths: tuple = (16, 16, 16, 16, 32, 32, 32, 32, 32)
    #: Feature maps of the hidden 1x1x1 layers after concatenation.
    classifier_widths: tuple = (64, 64)
    #: Share of activations dropped before each classifier layer but the first.
    dropout: float = 0.5
    #: Guard added to the variance. The authors' program uses the smallest float.
    bn_epsilon: float = 1e-5
    #: Training batches whose statistics are averaged for inference.
    bn_window: int = 60

    def __post_init__(self):
        if self.architecture not in ARCHITECTURES:
            raise ValueError(f"architecture {self.architecture!r} is none of {ARCHITECTURES}")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation {self.activation!r} is none of {ACTIVATIONS}")
        if len(self.widths) != 9:
            raise ValueError(f"nine layers need nine widths, got {len(self.widths)}")
        object.__setattr__(self, "widths", tuple(self.widths))
        object.__setattr__(self, "classifier_widths", tuple(self.classifier_widths))

    @classmethod
    def from_dict(cls, values: dict) -> "NetworkConfig":
        """Read what `to_dict` wrote; an unknown key is an error."""
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"unknown network options {sorted(unknown)}")
        return cls(**values)

    def to_dict(self) -> dict:
        return {**asdict(self), "widths": list(self.widths), "classifier_widths": list(self.classifier_widths)}


#: The network of the authors' program ("wide1, deeper"), 4.9 M parameters.
AUTHORS = NetworkConfig(
    widths=(30, 40, 50, 60, 70, 80, 90, 100, 110),
    classifier_widths=(300, 300),
    bn_epsilon=torch.finfo(torch.float32).tiny,
)
