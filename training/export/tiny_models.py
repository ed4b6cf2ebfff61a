"""A tiny hand-set pair of networks with the interface of the shipped networks, for the node's tests. Nothing is
learned.

    python3 -m training.export.tiny_models --to test/fixtures/models

The centre voxel of `current` passes through every layer of the main path; the probability rises with it, crossing one
half at `turning` standard deviations: 2 for the sensitive network, 3 for the specific one.
"""

import argparse

import torch
from torch import nn

from training.export.write_model import write_model
from training.network.build import build_network
from training.network.config import NetworkConfig
from training.network.deepmedic import DeepMedic

CONFIG = NetworkConfig(widths=(1,) * 9, classifier_widths=(2, 2), dropout=0.0, bn_window=1)
#: Rise of the logit per standard deviation.
SLOPE = 4.0


def brightness_network(turning: float) -> DeepMedic:
    """sigmoid(SLOPE (current - turning)) where current >= 0."""
    network = build_network(CONFIG)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv3d):
                module.weight.zero_()
        for number, layer in enumerate(network.main.layers, start=1):
            # Residual layers already receive the value from two layers before.
            layer[-1].weight[0, 0, 1, 1, 1] = 0.0 if number in (4, 6, 8) else 1.0
        first, second, last = network.classifier.layers
        first[-1].weight[0, 0] = 1.0
        # The second layer adds the concatenated maps themselves: nothing more is needed there.
        last[-1].weight[1, 0] = SLOPE
        network.classifier.bias[1] = -SLOPE * turning
    return network.eval()


def write_tiny_models(folder) -> None:
    for name, role, turning in (("M_sens", "sensitivity", 2.0), ("M_spec", "specificity", 3.0)):
        training = {
            "data": "None",
            "recipe": f"Set by hand: the probability crosses one half at {turning} standard deviations of brightness.",
            "config": {},
            "steps": 0,
            "dataHash": "",
            "results": {},
        }
        write_model(folder, name, role, "0.0.0", brightness_network(turning), training)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", default="test/fixtures/models")
    write_tiny_models(parser.parse_args().to)
