"""Take the variables of the authors' TensorFlow program into the same network here, and on to ONNX.

    python3 -m training.export.import_authors --variables sens.npz --name M_sens --role sensitivity --to my-models

The .npz holds one array per variable under TensorFlow's own names: `W`, `W_1`, ... in the order of creation, likewise
`b`, `gBn`, `bBn`, `aPrelu`, `muBnsForRollingAverage`, `varBnsForRollingAverage`. Scopes before a `/` and a trailing
`:0` are ignored, and so is every other variable (optimiser slots). Layers were created path by path (main, prior, by 3,
by 5), then the classifier. Kernels are [out, in, x, y, z] with x, y, z the axes of the authors' NIfTI arrays; --mirror
names those that run against the template's (left, posterior, superior).
"""

import argparse
import hashlib
import re
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.data.case import preprocessing
from training.export.use import DEMONSTRATION, USES, Grant
from training.export.write_model import results_for, write_model
from training.network.build import build_network
from training.network.config import AUTHORS, NetworkConfig
from training.network.deepmedic import DeepMedic
from training.network.layers import InputBias, RollingBatchNorm

KINDS = ("W", "b", "gBn", "bBn", "aPrelu", "muBnsForRollingAverage", "varBnsForRollingAverage")
#: The authors' preprocessing, in the words of the node's manifests.
PREPROCESSING = preprocessing("z-score-whole", "n4")


def in_creation_order(variables: dict) -> dict:
    """Kind -> arrays in the order in which TensorFlow created them."""
    found: dict[str, dict] = {kind: {} for kind in KINDS}
    for name, array in variables.items():
        match = re.fullmatch(r"(?:.*/)?([A-Za-z]+)(?:_(\d+))?(?::0)?", name)
        if match and match[1] in found:
            number = int(match[2] or 0)
            if number in found[match[1]]:
                raise ValueError(f"two variables are called {match[1]} number {number}: one of them is {name}")
            found[match[1]][number] = np.asarray(array)
    return {kind: [arrays[n] for n in sorted(arrays)] for kind, arrays in found.items()}


def assign(target: torch.Tensor, source: np.ndarray, what: str) -> None:
    """Copy after checking the shape; raises ValueError naming the variable."""
    values = torch.from_numpy(np.array(source, np.float32))
    if values.numel() == target.numel() and values.squeeze().shape == target.squeeze().shape:
        values = values.reshape(target.shape)
    if values.shape != target.shape:
        raise ValueError(f"{what} has shape {tuple(values.shape)}, the network needs {tuple(target.shape)}")
    with torch.no_grad():
        target.copy_(values)


def import_variables(variables: dict, config: NetworkConfig = AUTHORS, mirror=()) -> DeepMedic:
    """The network of `config` with the authors' variables, in evaluation mode.

    Raises ValueError if a variable is missing, left over or of another shape than the network's.
    """
    network = build_network(config)
    arrays = in_creation_order(variables)
    taken = dict.fromkeys(KINDS, 0)

    def put(target: torch.Tensor, kind: str, where: str, change=lambda a: a) -> None:
        if taken[kind] >= len(arrays[kind]):
            raise ValueError(f"there are only {len(arrays[kind])} variables {kind}: none is left for {where}")
        assign(target, change(arrays[kind][taken[kind]]), f"{kind} number {taken[kind]} ({where})")
        taken[kind] += 1

    def turned(kernel: np.ndarray) -> np.ndarray:
        """[out, in, x, y, z] -> [out, in, k, j, i]."""
        axes = [2 + "ijk".index(axis) for axis in mirror]
        return np.flip(kernel, axes).transpose(0, 1, 4, 3, 2) if axes else kernel.transpose(0, 1, 4, 3, 2)

    parts = [("main", network.main), ("prior", network.prior), ("by 3", network.by3), ("by 5", network.by5)]
    for part, module in [*parts, ("classifier", network.classifier)]:
        for number, layer in enumerate(module.layers, start=1):
            where = f"{part}, layer {number}"
            for step in layer:
                if isinstance(step, InputBias):
                    put(step.bias, "b", where)
                elif isinstance(step, RollingBatchNorm):
                    put(step.weight, "gBn", where)
                    put(step.bias, "bBn", where)
                    put(step.means, "muBnsForRollingAverage", where)
                    put(step.variances, "varBnsForRollingAverage", where)
                    step.batches.fill_(len(step.means))
                elif isinstance(step, nn.PReLU):
                    put(step.weight, "aPrelu", where)
                elif isinstance(step, nn.Conv3d):
                    put(step.weight, "W", where, turned)
    put(network.classifier.bias, "b", "scores")
    left = {kind: len(arrays[kind]) - count for kind, count in taken.items() if len(arrays[kind]) > count}
    if left:
        raise ValueError(f"variables left over: {left}; is this the four-path network?")
    return network.eval()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variables", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--role", required=True, choices=["sensitivity", "specificity"])
    parser.add_argument("--to", required=True)
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--licence", default="as agreed with the authors")
    parser.add_argument("--use", choices=USES, default=DEMONSTRATION, help="granted only if --results bear it out, too")
    parser.add_argument("--granted-by", default="", metavar="PERSON", help="who grants it, as the card is to name them")
    parser.add_argument("--results", help="JSON written by training.evaluate on your validation patients")
    parser.add_argument("--mirror", default="", help="axes among ijk that run against the template's")
    options = parser.parse_args()
    with np.load(options.variables) as dump:
        network = import_variables(dict(dump), mirror=options.mirror)
    training = {
        "data": "The authors' patients (Huang et al. 2021)",
        "recipe": "Variables of the authors' program, imported.",
        "config": {},
        "steps": 0,
        "dataHash": hashlib.sha256(Path(options.variables).read_bytes()).hexdigest(),
        "results": results_for(options.role, options.results) if options.results else {},
    }
    write_model(
        options.to,
        options.name,
        options.role,
        options.version,
        network,
        training,
        PREPROCESSING,
        Grant(options.use, options.granted_by),
        options.licence,
    )
