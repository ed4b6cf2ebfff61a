"""Winograd's filtering changes how a path is computed, not what it computes."""

import pytest
import torch

from training.export.parts import PARTS, part_inputs, part_modules
from training.export.winograd import Fold, PairedConvolution, PairedPath
from training.export.write_model import random_inputs, with_fixed_statistics
from training.network.build import Probability
from training.network.config import ACTIVATIONS, NetworkConfig
from training.network.layers import RollingBatchNorm
from training.tests.test_model import SMALL, trained_a_little


@torch.no_grad()
def test_two_slices_from_four_products():
    generator = torch.Generator().manual_seed(1)
    convolution = torch.nn.Conv3d(3, 4, 3, bias=False)
    image = torch.randn(1, 3, 8, 7, 9, generator=generator)
    expected = convolution(image)[0].transpose(0, 1)
    slices = image[0].transpose(0, 1)
    bias = torch.tensor([0.0, 1.0, -2.0, 3.0])
    even, odd = PairedConvolution(convolution.weight, bias)(slices[::2], slices[1::2])
    expected = expected + bias.view(-1, 1, 1)
    assert torch.allclose(even, expected[::2], atol=1e-5) and torch.allclose(odd, expected[1::2], atol=1e-5)


@torch.no_grad()
def network_with_signs(activation: str):
    """Fixed statistics, gains of either sign, shifts and slopes of every size."""
    network = trained_a_little(NetworkConfig(**{**SMALL, "activation": activation, "dropout": 0.25}))
    generator = torch.Generator().manual_seed(11)
    for module in network.modules():
        if isinstance(module, RollingBatchNorm):
            module.weight.copy_(torch.empty_like(module.weight).uniform_(0.3, 1.5, generator=generator))
            module.weight.mul_(torch.where(torch.rand(module.weight.shape, generator=generator) < 0.5, -1.0, 1.0))
            module.bias.copy_(torch.randn(module.bias.shape, generator=generator) / 2)
        elif isinstance(module, torch.nn.PReLU):
            module.weight.uniform_(-0.3, 0.6, generator=generator)
    # A map that says the same everywhere.
    network.main.layers[1][0].weight[0] = 0
    network.classifier.layers[1][0].weight[0] = 0
    return with_fixed_statistics(network)


@torch.no_grad()
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("slices", [19, 20, 23, 32])
def test_a_paired_path_is_the_path(slices, activation):
    network = network_with_signs(activation)
    image = torch.randn(slices, 1, 21, 24, generator=torch.Generator().manual_seed(slices))
    fold = Fold.of(network.classifier.layers[0][0]).part(slice(0, SMALL["widths"][-1]))
    assert (fold.sign < 0).any() and (fold.sign > 0).any()
    expected = network.main(image.transpose(0, 1)[None])[0].transpose(0, 1)
    expected = expected * fold.sign.view(-1, 1, 1) + fold.shift.view(-1, 1, 1)
    pairs = PairedPath(network.main, fold)(image)
    got = torch.stack(pairs, 1).flatten(0, 1)[: slices - 18]
    assert expected.std() > 0.01 and got.shape == expected.shape
    assert torch.allclose(got, expected, atol=1e-4 * expected.abs().max().item())


@torch.no_grad()
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("prior", [True, False])
def test_parts_of_a_network_with_signs_are_the_network(activation, prior):
    network = network_with_signs(activation)
    inputs = random_inputs((5, 6, 7), torch.Generator().manual_seed(4))
    named = part_inputs(inputs, 1)
    if not prior:
        named["prior"] = torch.full((19, 19, 1, 19, 1), 0.7)
        inputs[3].fill_(0.7)
    expected = Probability(network)(*inputs)[0, 0]
    for part, module in part_modules(network).items():
        takes, gives = PARTS[part]
        outputs = module(*(named[n] for n in takes))
        named.update(zip(gives, outputs if isinstance(outputs, tuple) else (outputs,)))
    assert expected.std() > 0.01
    assert torch.allclose(named["probability"], expected, atol=1e-5)
