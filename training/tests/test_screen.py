"""8-bit screens are the same function on every processor."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from training.export.calibrated_network import calibrate, fold_network
from training.export.parts import PARTS
from training.export.screen import export_screen
from training.export.write_model import lesion_inputs
from training.network.config import NetworkConfig
from training.tests.test_model import SMALL, trained_a_little

MODELS = Path(__file__).parents[2] / "models"


def weights_of(file) -> dict:
    model = onnx.load(str(file))
    constants = {c.name: numpy_helper.to_array(c) for c in model.graph.initializer}
    return {n.name or n.output[0]: constants[n.input[3]] for n in model.graph.node if n.op_type == "QLinearConv"}


def assert_no_sum_saturates(files) -> None:
    """Processors without VNNI add two products of an unsigned and a signed byte in 16 bits (PMADDUBSW)."""
    found = [weights for file in files for weights in weights_of(file).values()]
    assert found and all(2 * 255 * np.abs(weights.astype(int)).max() <= 2**15 - 1 for weights in found)
    # And the room that this leaves is used.
    assert max(np.abs(weights.astype(int)).max() for weights in found) == 64


def test_no_sum_of_two_products_saturates(tmp_path):
    network = trained_a_little(NetworkConfig(**{**SMALL, "activation": "relu"}))
    folded = fold_network(network)
    calibrate(folded, [lesion_inputs((15, 30, 30), torch.Generator().manual_seed(3))])
    for block in (1, 2):
        files = {part: tmp_path / f"{block}-{part}.onnx" for part in PARTS}
        export_screen(folded, block, files.__getitem__)
        assert_no_sum_saturates(files.values())


@pytest.mark.parametrize("part", PARTS)
def test_no_sum_of_the_shipped_screen_saturates(part):
    assert_no_sum_saturates([MODELS / f"m-sens.screen-{part}.onnx"])
