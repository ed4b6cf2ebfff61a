"""The shipped pair made as wide as the authors' networks, to measure what such networks cost (`bench/inference.ts`,
`scripts/validate-screen.ts`).

    python3 -m training.export.widened_models m-sens m-spec --calibrate training/runs/data --to models-authors

The added maps are zero everywhere: the probabilities are those of the compact networks, the arithmetic is that of the
authors' 4.9 M parameters.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from training.data.case import preprocessing
from training.export.calibrated_network import calibration_cases
from training.export.write_model import write_model
from training.network.build import build_network
from training.network.checkpoint import load_network
from training.network.config import AUTHORS, NetworkConfig
from training.network.deepmedic import DeepMedic
from training.network.layers import InputBias, RollingBatchNorm
from training.recipe import RECIPE


def widen(network: DeepMedic, config: NetworkConfig) -> DeepMedic:
    """A network of `config`, no narrower anywhere, with the same probabilities as `network`, in evaluation mode."""
    wide = build_network(config).eval()
    narrow = network.config
    paths = [name for name, _ in network.named_children() if name != "classifier"]
    # Concatenated paths stay next to each other; so do the maps that the classifier's second layer receives from them.
    concatenated = torch.cat([torch.arange(narrow.widths[-1]) + n * config.widths[-1] for n in range(len(paths))])
    with torch.no_grad():
        for path in paths:
            for own, source in zip(getattr(wide, path).layers, getattr(network, path).layers):
                convolution = source[-1]
                adopt(own, source, torch.arange(convolution.in_channels), torch.arange(convolution.out_channels))
        maps = concatenated
        for number, (own, source) in enumerate(zip(wide.classifier.layers, network.classifier.layers), start=1):
            width = source[-1].out_channels
            to = concatenated[:width] if number == 2 else torch.arange(width)
            adopt(own, source, maps, to)
            maps = to
        wide.classifier.bias.copy_(network.classifier.bias)
    return wide


def adopt(own: nn.Sequential, source: nn.Sequential, maps_in: torch.Tensor, maps_out: torch.Tensor) -> None:
    """Give a wider layer the function of `source`, whose map n is its map `maps_in[n]` before it and `maps_out[n]`
    after it."""
    for target, module in zip(own, source):
        if isinstance(target, InputBias):
            target.bias.copy_(module.bias)
        elif isinstance(target, RollingBatchNorm):
            for name in ("weight", "bias", "means", "variances"):
                getattr(target, name)[..., maps_in] = getattr(module, name)
            target.batches.copy_(module.batches)
        elif isinstance(target, nn.PReLU):
            target.weight.zero_()
            if isinstance(module, nn.PReLU):
                target.weight[maps_in] = module.weight
        elif isinstance(target, nn.Conv3d):
            target.weight.zero_()
            target.weight[maps_out[:, None], maps_in] = module.weight


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "networks", nargs=2, metavar="NETWORK", help="of the recipe, trained, with a role: such as m-sens m-spec"
    )
    parser.add_argument("--runs", type=Path, default=Path(__file__).parents[1] / "runs")
    parser.add_argument("--calibrate", required=True, help="data folder with training patients")
    parser.add_argument("--to", required=True)
    options = parser.parse_args()
    cases = calibration_cases(options.calibrate, preprocessing()["normalisation"])
    for name in options.networks:
        network, _ = load_network(options.runs / name / "checkpoint.pt")
        config = replace(AUTHORS, bn_epsilon=network.config.bn_epsilon, dropout=network.config.dropout)
        training = {
            "data": "none",
            "recipe": f"{name}, widened",
            "config": {},
            "steps": 0,
            "dataHash": "",
            "results": {},
        }
        described = RECIPE["networks"][name]
        write_model(
            options.to,
            described["name"],
            described["role"],
            "0.0.0",
            widen(network, config),
            training,
            calibration=cases,
        )
