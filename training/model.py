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
import torch.nn.functional as F
from torch import Tensor, nn

#: Voxels a normal-resolution input reaches beyond the output on each side: nine valid 3x3x3 layers.
HALO = 9
#: Layers (counted from 1) whose output receives the input of the layer before, centre-cropped.
RESIDUAL_LAYERS = (4, 6, 8)
ARCHITECTURES = ("deepmedic", "deepmedic-no-prior", "deepmedic-prior-channel", "unet")
ACTIVATIONS = ("prelu", "relu")


@dataclass(frozen=True)
class NetworkConfig:
    """Everything that fixes a network's function apart from its variables."""

    architecture: str = "deepmedic"
    #: "prelu" as in the authors' program; "relu", which 8-bit arithmetic computes as it is (`screen.py`).
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
    """A bias per channel on the raw input: what a path's first layer has in place of normalisation."""

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
    """`x` plus `residual` ([B, C, ...] both), whose missing channels count as zero and whose surplus channels are left out."""
    surplus = x.shape[1] - residual.shape[1]
    if surplus > 0:
        return x + F.pad(residual, [0, 0] * (x.dim() - 2) + [0, surplus])
    return x + (residual[:, : x.shape[1]] if surplus < 0 else residual)


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


class Probability(nn.Module):
    """A network followed by softmax: the probability of metastasis [B, 1, N, N, N], as the node and ONNX see it."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, current: Tensor, current_by3: Tensor, current_by5: Tensor, prior: Tensor) -> Tensor:
        return torch.softmax(self.network(current, current_by3, current_by5, prior), 1)[:, 1:2]


def build_network(config: NetworkConfig) -> nn.Module:
    """The network that `config` describes, freshly initialised from torch's generator."""
    return UNet(config) if config.architecture == "unet" else DeepMedic(config)


def adopt_variables(network: nn.Module, variables: dict) -> None:
    """Start `network` from another one's variables: the variants without the prior path from the network with it, ReLU from PReLU.

    What the prior path and its maps in the classifier hold, and slopes, are left out; an additional input channel starts with zero weights.
    Raises ValueError where the two differ otherwise.
    """
    own = network.state_dict()
    for name, target in own.items():
        source = variables.get(name)
        if source is None:
            raise ValueError(f"{name}: the network to start from has no such variable")
        for axis, (have, need) in enumerate(zip(source.shape, target.shape)):
            if have > need:
                # Four paths side by side, of which the second is the prior's.
                main, _, *rest = source.chunk(4, axis)
                source = torch.cat([main, *rest], axis)
            elif have < need:
                missing = [need - have if a == axis else n for a, n in enumerate(source.shape)]
                source = torch.cat([source, torch.zeros(missing, dtype=source.dtype)], axis)
        if source.shape != target.shape:
            raise ValueError(f"{name}: {tuple(source.shape)} does not fit {tuple(target.shape)}")
        own[name] = source
    network.load_state_dict(own)


def tumour_logit(scores: Tensor) -> Tensor:
    """Class scores [B, 2, ...] -> logit of metastasis [B, ...]; its sigmoid is the softmax probability."""
    return scores[:, 1] - scores[:, 0]


def convolution_weights(network: nn.Module) -> list:
    """The kernels that L1 and L2 regularisation apply to."""
    return [m.weight for m in network.modules() if isinstance(m, nn.Conv3d)]
