"""Export the brain network to ONNX with its manifest and card, after proving the export equal to PyTorch.

python3 -m training.brain_mask.export --run training/runs/brain-mask --to models/brain-mask --version 0.1.0
"""

import argparse
import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training.brain_mask.heads import SPACING_MM, TRAIN, VALIDATION
from training.brain_mask.network import MULTIPLE, BrainNetwork
from training.export.onnx_runtime import run_onnx
from training.export.write_model import OPSET, TRACED

#: Sizes [k, j, i] at which the export is compared with PyTorch; the first is also the traced one.
PROOF_SIZES = ((32, 40, 48), (64, 48, 40))
#: Largest difference of a probability allowed between the two.
TOLERANCE = 1e-4


class Probability(nn.Module):
    """A brain network followed by a sigmoid."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return torch.sigmoid(self.network(image))


def export_network(network: BrainNetwork, file: Path) -> float:
    """Write `file`, dynamic in all axes. Returns the largest difference from PyTorch; ValueError when too large."""
    module = Probability(network).eval()
    generator = torch.Generator().manual_seed(7)
    images = [torch.rand(1, 1, *size, generator=generator) for size in PROOF_SIZES]
    axes = {name: {2: "k", 3: "j", 4: "i"} for name in ("image", "probability")}
    names: dict[str, Any] = {"input_names": ["image"], "output_names": ["probability"], "dynamic_axes": axes}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (images[0],), str(file), opset_version=OPSET, **names, **TRACED)
    worst = 0.0
    for image in images:
        with torch.no_grad():
            expected = module(image).numpy()
        worst = max(worst, float(np.abs(run_onnx(file, {"image": image.numpy()})["probability"] - expected).max()))
    if not worst <= TOLERANCE:
        raise ValueError(f"{file}: the export differs from PyTorch by {worst}")
    return worst


def write_model(state: dict[str, Any], folder: Path, version: str) -> dict[str, Any]:
    """Write brain-mask.onnx, .json and .md into `folder`; returns the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    network = BrainNetwork()
    network.load_state_dict(state["network"])
    file = folder / "brain-mask.onnx"
    difference = export_network(network, file)
    last = state["history"][-1]
    manifest = {
        "schema": 1,
        "name": "brain-mask",
        "version": version,
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "input": "image",
        "output": "probability",
        "spacingMm": [SPACING_MM] * 3,
        "axes": "[1, 1, k, j, i]: up, to posterior, to the left; each a multiple of the number below",
        "multipleOf": MULTIPLE,
        "intensity": {"unit": "99th percentile of the voxels above zero", "largest": 1.5},
        "threshold": 0.5,
        "training": {
            "data": "label maps of BBillot/SynthSeg (Apache-2.0), painted in random contrasts",
            "heads": list(TRAIN),
            "steps": state["step"],
            "validationHeads": list(VALIDATION),
            "validationDice": last["dice"],
        },
        "licence": "Apache-2.0",
    }
    (folder / "brain-mask.json").write_text(json.dumps(manifest, indent=2) + "\n")
    (folder / "brain-mask.md").write_text(card(manifest, difference))
    return manifest


def card(manifest: dict[str, Any], difference: float) -> str:
    """The manifest in words."""
    training = manifest["training"]
    scores = training["validationDice"]
    return f"""# {manifest["name"]} {manifest["version"]}

Finds the brain, with its sulci, in a T1-weighted image of a head at {SPACING_MM:g} mm, before and after contrast.

- File `{manifest["file"]}`, SHA-256 `{manifest["sha256"]}`
- Data: {training["data"]}; heads {", ".join(training["heads"])}; {training["steps"]} images, each seen once.
- Dice on {len(scores)} painted images of heads {", ".join(training["validationHeads"])}, which it was not trained on:
  mean {np.mean(scores):.3f}, least {min(scores):.3f}.
- The ONNX file differs from PyTorch by at most {difference:.1e}.
- Licence {manifest["licence"]}

No real image was used in training. **Not for clinical use** by itself: whoever uses it looks at its masks.
"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=Path("training/runs/brain-mask"))
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--version", default="0.1.0")
    options = parser.parse_args()
    written = write_model(torch.load(options.run / "checkpoint.pt", map_location="cpu"), options.to, options.version)
    print(f"{written['file']} sha256 {written['sha256']}")
