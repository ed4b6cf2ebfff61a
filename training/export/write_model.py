"""The files that the node loads, each proved equal to PyTorch: the whole network, its parts, the screen, manifest and
card.
"""

import copy
import hashlib
import inspect
import json
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.data.case import preprocessing
from training.evaluate.matching import MINIMUM_VOXELS
from training.export.calibrated_network import calibrate, fold_network, segments_of
from training.export.card import model_card
from training.export.onnx_runtime import run_onnx
from training.export.parts import PARTS, part_inputs, part_modules
from training.export.screen import block_of, export_screen
from training.export.use import Grant, decide_use
from training.network.build import Probability
from training.network.geometry import cut, low_resolution_size
from training.network.layers import RollingBatchNorm

INPUTS = ("current", "current_by3", "current_by5", "prior")
OUTPUT = "probability"
OPSET = 13
#: Current torch traces only when told to; torch 1.13 knows nothing else.
TRACED = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
#: Output sizes at which the export is compared with PyTorch; the first is also the traced one.
PROOF_SIZES = ((15, 16, 17), (30, 30, 30))
#: Largest difference allowed between the two.
TOLERANCE = 1e-4
#: The probability of the 8-bit screen from which M_sens runs, and that of M_sens from which M_spec runs, until
#: `scripts/validate-screen.ts` chooses them.
SCREEN_THRESHOLDS = {"sensitivity": 0.005, "specificity": 0.025}


def random_inputs(size, generator: torch.Generator) -> tuple:
    """The four inputs, [1, 1, ...] each, for an output of `size` [k, j, i]."""
    normal = [n + 18 for n in size]
    shapes = (normal, [low_resolution_size(n, 3) for n in size], [low_resolution_size(n, 5) for n in size], normal)
    return tuple(torch.randn(1, 1, *shape, generator=generator) for shape in shapes)


def lesion_inputs(size, generator: torch.Generator) -> tuple:
    """The four inputs for an output of `size` with a bright ball of 6 mm in its middle that the prior does not show.

    Unlike on noise, trained networks give both high and low probabilities here.
    """
    margin = 60
    shape = [n + 2 * margin for n in size]
    noise = 0.3 * torch.randn(2, *shape, generator=generator).numpy()
    distance = sum((g - n / 2) ** 2 for g, n in zip(np.ogrid[tuple(slice(0, n) for n in shape)], shape)) ** 0.5
    current = noise[0] + 4 / (1 + np.exp((distance - 3) / 0.4))
    start = (margin,) * 3
    arrays = [cut(current, start, size, factor) for factor in (1, 3, 5)] + [cut(noise[1], start, size, 1)]
    return tuple(torch.from_numpy(a)[None, None] for a in arrays)


def with_fixed_statistics(network: nn.Module) -> nn.Module:
    """A copy whose rolling batch normalisation is replaced by torch's own with the averaged statistics."""
    network = copy.deepcopy(network).eval()
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, RollingBatchNorm):
                fixed = nn.BatchNorm3d(len(child.weight), eps=child.epsilon).eval()
                mean, variance = child.statistics()
                fixed.weight.data, fixed.bias.data = child.weight.data, child.bias.data
                fixed.running_mean, fixed.running_var = mean.clone(), variance.clone()
                setattr(module, name, fixed)
    return network


def export_network(network: nn.Module, file: Path) -> float:
    """Write `file`, dynamic in batch and all three axes. Returns the largest difference from PyTorch.

    Raises ValueError if it exceeds TOLERANCE at any of PROOF_SIZES.
    """
    generator = torch.Generator().manual_seed(7)
    module = Probability(with_fixed_statistics(network)).eval()
    example = random_inputs(PROOF_SIZES[0], generator)
    axes = {n: {0: "batch", 2: f"{n}_k", 3: f"{n}_j", 4: f"{n}_i"} for n in (*INPUTS, OUTPUT)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            example,
            str(file),
            opset_version=OPSET,
            input_names=list(INPUTS),
            output_names=[OUTPUT],
            dynamic_axes=axes,
            **TRACED,
        )
    worst = 0.0
    for size in PROOF_SIZES:
        pairs = [torch.cat(both) for both in zip(random_inputs(size, generator), lesion_inputs(size, generator))]
        with torch.no_grad():
            expected = module(*pairs).numpy()
        got = run_onnx(file, {n: x.numpy() for n, x in zip(INPUTS, pairs)})[OUTPUT]
        if got.shape != expected.shape:
            raise ValueError(f"{file}: the export gives {got.shape} where PyTorch gives {expected.shape}")
        worst = max(worst, float(np.abs(got - expected).max()))
    if not worst <= TOLERANCE:
        raise ValueError(f"{file}: the export differs from PyTorch by {worst}")
    return worst


def export_parts(network: nn.Module, folder: Path, stem: str) -> dict:
    """Write the parts that together are `network`; returns their entries in the manifest.

    Raises ValueError if they differ from the whole network by more than TOLERANCE.
    """
    generator = torch.Generator().manual_seed(7)
    files = {part: folder / f"{stem}.{part}.onnx" for part in PARTS}
    size = PROOF_SIZES[1]
    inputs = lesion_inputs(size, generator)
    named = part_inputs(inputs, 1)
    for part, module in part_modules(with_fixed_statistics(network)).items():
        takes, gives = PARTS[part]
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            example = tuple(named[n] for n in takes)
            outputs = module(*example)
            named.update(zip(gives, outputs if isinstance(outputs, tuple) else (outputs,)))
            axes = {n: {axis: f"{n}_{axis}" for axis in range(named[n].dim())} for n in (*takes, *gives)}
            torch.onnx.export(
                module,
                example,
                str(files[part]),
                opset_version=OPSET,
                input_names=list(takes),
                output_names=list(gives),
                dynamic_axes=axes,
                **TRACED,
            )
    nothing = torch.zeros_like(inputs[3])
    # A prior that is one value everywhere is fed as the features of the smallest input.
    for prior, fed in ((inputs[3], inputs[3]), (nothing, nothing[:, :, :19, :19, :19])):
        with torch.no_grad():
            expected = Probability(with_fixed_statistics(network))(*inputs[:3], prior)[0, 0].numpy()
        got = run_parts(files, part_inputs((*inputs[:3], fed), 1))
        difference = float(np.abs(got - expected).max())
        if not difference <= TOLERANCE:
            raise ValueError(f"{stem}: the parts differ from the whole network by {difference}")
    return {part: entry(file) for part, file in files.items()}


def run_parts(files: dict, inputs: dict) -> np.ndarray:
    """The probability [k, j, i] that the parts in `files` compute from `parts.part_inputs`."""
    named = {n: np.asarray(x) for n, x in inputs.items()}
    for part, (takes, _) in PARTS.items():
        named.update(run_onnx(files[part], {n: named[n] for n in takes}))
    size = [
        named["index_by3"].shape[0],
        *(named["index_by3"].shape[a] * named["index_by3"].shape[a + 1] for a in (1, 3)),
    ]
    return named["probability"].reshape(size)


def entry(file: Path) -> dict:
    """A file in the form in which manifests name it."""
    return {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def export_screening(network: nn.Module, folder: Path, stem: str, cases) -> dict:
    """Write the 8-bit screen, calibrated on `cases`; returns its entry in the manifest, not validated yet."""
    folded = fold_network(network)
    # The node shows a screen no prior.
    calibrate(folded, [(*current, torch.zeros_like(prior)) for *current, prior in segments_of(cases)])
    block = block_of(network.config.widths)
    files = {part: folder / f"{stem}.screen-{part}.onnx" for part in PARTS}
    export_screen(folded, block, files.__getitem__)
    return {
        **{part: entry(file) for part, file in files.items()},
        "block": block,
        "thresholds": SCREEN_THRESHOLDS,
        "validation": None,
    }


def manifest(name: str, role: str, version: str, file: Path, network: nn.Module, training: dict) -> dict:
    """What the node must know to run `file` as it was trained."""
    config = network.config
    return {
        "schema": 3,
        "name": name,
        "role": role,
        "version": version,
        **entry(file),
        "architecture": f"{config.architecture}-{'authors' if config.widths[-1] == 110 else 'compact'}",
        "widths": list(config.widths),
        "classifierWidths": list(config.classifier_widths),
        "inputs": list(INPUTS),
        "output": OUTPUT,
        "spacingMm": [1, 1, 1],
        "shape": [240, 240, 155],
        "preprocessing": preprocessing(),
        "threshold": 0.5,
        "minimumVoxels": MINIMUM_VOXELS,
        "use": "demonstration",
        "training": training,
        "licence": "Apache-2.0",
    }


def write_model(
    folder: Path,
    name: str,
    role: str,
    version: str,
    network: nn.Module,
    training: dict,
    prepared: dict | None = None,
    grant: Grant | None = None,
    licence: str = "Apache-2.0",
    calibration=None,
) -> dict:
    """Write the ONNX files, <name>.json and .md (lower case, hyphens) into `folder`; returns the manifest.

    `grant`: a person's word on what it may be used for (`training.export.use`); None: demonstration. `calibration`:
    cases on which the 8-bit screen of M_sens is calibrated; None writes no screen.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    stem = name.lower().replace("_", "-")
    difference = export_network(network, folder / f"{stem}.onnx")
    described = manifest(name, role, version, folder / f"{stem}.onnx", network, training)
    exact = export_parts(network, folder, stem)
    screen = export_screening(network, folder, stem, calibration) if calibration and role == "sensitivity" else None
    release = decide_use(grant, role, training["results"], training.get("synthetic") or 0)
    described.update(
        preprocessing=prepared or preprocessing(),
        use=release["use"],
        training={**training, "release": release},
        licence=licence,
        execution={"exact": exact, "screen": screen},
    )
    (folder / f"{stem}.json").write_text(json.dumps(described, indent=2) + "\n")
    (folder / f"{stem}.md").write_text(model_card(described, difference))
    return described


def results_for(role: str, path: str) -> dict:
    """What evaluate.py found for the network of `role`, and for the ensemble, on validation patients."""
    found = json.loads(Path(path).read_text())["summary"]
    results = dict(found["sens" if role == "sensitivity" or "spec" not in found else "spec"])
    if "ensemblePerVolume" in found:
        results["ensemblePerVolume"] = found["ensemblePerVolume"]
    return results
