"""ONNX files equal PyTorch, and their manifests describe them."""

import hashlib
import json
import shutil

import numpy as np
import pytest
import torch

from training.export import write_model as exporter
from training.export.onnx_runtime import run_onnx
from training.export.tiny_models import SLOPE, write_tiny_models
from training.network.config import ACTIVATIONS, NetworkConfig
from training.tests.test_model import SMALL, trained_a_little

needs_runtime = pytest.mark.skipif(
    shutil.which("node") is None, reason="neither Python's onnxruntime nor node to run onnxruntime-node"
)


@needs_runtime
def test_export_is_equal_at_two_sizes_and_described(tmp_path):
    network = trained_a_little(NetworkConfig(**SMALL))
    training = {
        "data": "d",
        "recipe": "r",
        "config": {},
        "steps": 3,
        "dataHash": "h",
        "results": {"found": 2},
        "sources": {"brats-mets": "as agreed"},
    }
    written = exporter.write_model(tmp_path, "M_sens", "sensitivity", "0.1.0", network, training)
    file = tmp_path / "m-sens.onnx"
    assert written["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert json.loads((tmp_path / "m-sens.json").read_text()) == written
    assert written["widths"] == list(SMALL["widths"]) and written["inputs"] == list(exporter.INPUTS)
    card = (tmp_path / "m-sens.md").read_text()
    assert "\n- brats-mets: as agreed\n" in card
    assert "Not for clinical use" in card and "- found: 2" in card and written["sha256"] in card


@needs_runtime
def test_an_unequal_export_is_refused(tmp_path, monkeypatch):
    honest = exporter.run_onnx
    monkeypatch.setattr(exporter, "run_onnx", lambda *a: {k: v + 2e-4 for k, v in honest(*a).items()})
    with pytest.raises(ValueError, match="differs"):
        exporter.export_network(trained_a_little(NetworkConfig(**SMALL)), tmp_path / "x.onnx")


@needs_runtime
def test_the_tiny_pair_follows_brightness(tmp_path):
    write_tiny_models(tmp_path)
    inputs = exporter.random_inputs((4, 5, 6), torch.Generator().manual_seed(1))
    inputs = [3 * x.abs().numpy() for x in inputs]
    brightness = inputs[0][0, 0, 9:-9, 9:-9, 9:-9]
    for stem, turning in (("m-sens", 2), ("m-spec", 3)):
        got = run_onnx(tmp_path / f"{stem}.onnx", dict(zip(exporter.INPUTS, inputs)))["probability"][0, 0]
        assert np.allclose(got, 1 / (1 + np.exp(-SLOPE * (brightness - turning))), atol=1e-3)


@needs_runtime
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_screen_follows_its_network(tmp_path, activation):
    network = trained_a_little(NetworkConfig(**{**SMALL, "activation": activation}))
    generator = torch.Generator().manual_seed(3)
    segments = [exporter.lesion_inputs((15, 30, 30), generator) for _ in range(2)]
    folded = exporter.fold_network(network)
    logits = exporter.calibrate(folded, segments)[0, 0]
    with torch.no_grad():
        scores = network.eval()(*segments[-1])[0]
        # Without rounding, normalisation folded away is the same function.
        assert torch.allclose(scores[1] - scores[0], logits, atol=1e-3)
    for block in (1, 2):
        files = {part: tmp_path / f"{block}-{part}.onnx" for part in exporter.PARTS}
        exporter.export_screen(folded, block, files.__getitem__)
        got = exporter.run_parts(files, exporter.part_inputs(segments[-1], block))
        assert np.abs(got - torch.sigmoid(logits).numpy()).mean() < 0.05
