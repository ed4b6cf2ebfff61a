"""Shapes, residuals, normalisation and the tiling lattice of the networks."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from training.export.widened_models import widen
from training.export.write_model import random_inputs, with_fixed_statistics
from training.network.build import Probability, adopt_variables, build_network
from training.network.config import ARCHITECTURES, AUTHORS, NetworkConfig
from training.network.deepmedic import repeat_and_crop
from training.network.layers import PlainDropout, RollingBatchNorm, add_channels
from training.network.whole_volume import probability_volume

SMALL = {"widths": (2, 2, 2, 3, 3, 3, 4, 4, 4), "classifier_widths": (6, 6)}


def trained_a_little(config: NetworkConfig):
    """A network in evaluation mode whose batch statistics are not those of initialisation."""
    network = build_network(config).train()
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        network(*(torch.cat([x, 2 * x + 1]) for x in random_inputs((9, 9, 9), generator)))
    return network.eval()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("size", [(19, 19, 19), (15, 16, 23)])
def test_output_has_the_asked_size(architecture, size):
    network = build_network(NetworkConfig(architecture=architecture, **SMALL)).eval()
    with torch.no_grad():
        p = Probability(network)(*random_inputs(size, torch.Generator().manual_seed(0)))
    assert p.shape == (1, 1, *size)
    assert p.min() >= 0 and p.max() <= 1


def test_authors_network_has_its_parameters():
    count = sum(p.numel() for p in build_network(AUTHORS).parameters())
    assert 4.85e6 < count < 4.95e6


def test_only_the_prior_path_and_channel_see_the_prior():
    for architecture, sees in zip(ARCHITECTURES, (True, False, True, False)):
        network = trained_a_little(NetworkConfig(architecture=architecture, **SMALL))
        *current, prior = random_inputs((9, 9, 9), torch.Generator().manual_seed(2))
        with torch.no_grad():
            changed = (network(*current, prior) - network(*current, torch.zeros_like(prior))).abs().max() > 1e-6
        assert bool(changed) == sees, architecture


def test_residual_fills_and_cuts_channels():
    x, wide = torch.zeros(1, 2, 1, 1, 1), torch.ones(1, 3, 1, 1, 1)
    assert add_channels(x, wide).flatten().tolist() == [1, 1]
    assert add_channels(torch.zeros(1, 4, 1, 1, 1), wide).flatten().tolist() == [1, 1, 1, 0]


def test_repeat_and_crop_starts_at_the_front():
    x = torch.arange(3.0).view(1, 1, 1, 1, 3)
    assert repeat_and_crop(x, 3, torch.zeros(1, 1, 2, 3, 7))[0, 0, 1, 2].tolist() == [0, 0, 0, 1, 1, 1, 2]


def test_rolling_statistics_are_the_mean_over_the_last_batches():
    norm = RollingBatchNorm(1, 1e-5, window=2).train()
    batches = [torch.tensor([0.0, 2.0]), torch.tensor([1.0, 5.0]), torch.tensor([4.0, 4.0])]
    for batch in batches:
        norm(batch.view(2, 1, 1, 1, 1))
    mean, variance = norm.statistics()
    assert mean.item() == pytest.approx((3 + 4) / 2)
    assert variance.item() == pytest.approx((4 + 0) / 2, abs=1e-4)


def test_dropout_scales_at_inference_only():
    dropout = PlainDropout(0.5)
    assert set(dropout.train()(torch.ones(200)).tolist()) == {0.0, 1.0}
    assert dropout.eval()(torch.ones(3)).tolist() == [0.5] * 3


def test_fixed_statistics_change_nothing():
    network = trained_a_little(NetworkConfig(**SMALL))
    inputs = random_inputs((7, 8, 9), torch.Generator().manual_seed(4))
    with torch.no_grad():
        assert torch.allclose(network(*inputs), with_fixed_statistics(network)(*inputs), atol=1e-5)


def test_tiling_on_the_lattice_is_invisible():
    network = trained_a_little(NetworkConfig(**SMALL))
    rng = np.random.default_rng(5)
    current, prior = rng.standard_normal((2, 40, 37, 50)).astype(np.float32)
    mask = np.zeros(current.shape, bool)
    mask[3:38, 5:33, 17:47] = True
    small, large = (probability_volume(network, current, prior, mask, tile) for tile in (15, 45))
    assert small.std() > 0
    assert np.abs(small - large).max() < 1e-5
    assert not small[~mask].any()


@pytest.mark.parametrize("activation", ["relu", "prelu"])
@pytest.mark.parametrize("architecture", ["deepmedic", "deepmedic-no-prior"])
def test_a_widened_network_has_the_same_probabilities(architecture, activation):
    narrow = trained_a_little(NetworkConfig(**{**SMALL, "architecture": architecture, "activation": activation}))
    widths = (5, 5, 6, 6, 6, 7, 7, 8, 9)
    wide = widen(narrow, replace(narrow.config, widths=widths, classifier_widths=(40, 30), activation="prelu"))
    inputs = random_inputs((7, 8, 9), torch.Generator().manual_seed(4))
    with torch.no_grad():
        expected, got = narrow(*inputs), wide(*inputs)
    assert expected.std() > 0.01
    assert torch.allclose(expected, got, atol=1e-5)


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="vnet"):
        NetworkConfig(architecture="vnet")
    with pytest.raises(ValueError, match="gelu"):
        NetworkConfig(activation="gelu")
    with pytest.raises(ValueError, match="depth"):
        NetworkConfig.from_dict({"depth": 3})


def test_variants_start_from_the_network_with_a_prior():
    """Without weights on the new channel, the prior as a channel is the network without prior, for whatever prior."""
    torch.manual_seed(3)
    widths = dict(widths=(2,) * 9, classifier_widths=(4, 4), dropout=0.0)
    whole = build_network(NetworkConfig(**widths))
    variants = [
        build_network(NetworkConfig(architecture=a, **widths)).eval()
        for a in ("deepmedic-no-prior", "deepmedic-prior-channel")
    ]
    for variant in variants:
        adopt_variables(variant, whole.state_dict())
        assert torch.equal(variant.main.layers[3][2].weight, whole.main.layers[3][2].weight)
        assert torch.equal(variant.classifier.layers[0][2].weight[:, 2:4], whole.classifier.layers[0][2].weight[:, 4:6])
    inputs = [torch.randn(1, 1, n, n, n) for n in (33, 23, 21, 33)]
    without, channel = (variant(*inputs) for variant in variants)
    assert torch.allclose(without, channel, atol=1e-6)
    with pytest.raises(ValueError, match="no such variable"):
        adopt_variables(build_network(NetworkConfig(architecture="unet", **widths)), whole.state_dict())


@torch.no_grad()
@pytest.mark.parametrize("architecture", ["deepmedic", "unet"])
def test_relu_is_prelu_without_slopes(architecture):
    sloped = build_network(NetworkConfig(architecture=architecture, **SMALL)).eval()
    plain = build_network(NetworkConfig(architecture=architecture, activation="relu", **SMALL)).eval()
    adopt_variables(plain, sloped.state_dict())
    for module in sloped.modules():
        if isinstance(module, torch.nn.PReLU):
            module.weight.zero_()
    inputs = [torch.randn(1, 1, n, n, n) for n in (33, 23, 21, 33)]
    assert torch.allclose(plain(*inputs), sloped(*inputs), atol=1e-6)
