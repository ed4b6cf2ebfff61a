"""A network from its configuration, and from another network."""

import torch
from torch import Tensor, nn

from training.network.config import NetworkConfig
from training.network.deepmedic import DeepMedic
from training.network.unet import UNet


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
    """Start `network` from the variables of another one: the variants without the prior path from the network with it,
    ReLU from PReLU.

    What the prior path and its maps in the classifier hold, and slopes, are left out; an additional input channel
    starts with zero weights. Raises ValueError if the two differ in any other way.
    """
    own = network.state_dict()
    for name, target in own.items():
        source = variables.get(name)
        if source is None:
            raise ValueError(f"{name}: the network to start from has no such variable")
        for axis, (have, need) in enumerate(zip(source.shape, target.shape)):
            if have > need:
                # Four paths side by side, the second of which is the prior's.
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
    """The kernels to which L1 and L2 regularisation apply."""
    return [m.weight for m in network.modules() if isinstance(m, nn.Conv3d)]
