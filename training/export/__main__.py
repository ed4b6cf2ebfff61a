"""Export a trained network to ONNX with its manifest and model card, after proving the export equal to PyTorch.

    python3 -m training.export --checkpoint training/runs/m-sens/checkpoint.pt --name M_sens \
        --role sensitivity --to models --results training/runs/m-sens/results.json --calibrate training/runs/data
"""

import argparse

from training.data.case import preprocessing
from training.export.calibrated_network import calibration_cases
from training.export.use import DEMONSTRATION, USES, Grant, sentences
from training.export.write_model import results_for, write_model
from training.network.checkpoint import load_network

parser = argparse.ArgumentParser(prog="python3 -m training.export", description=__doc__.splitlines()[0])
parser.add_argument("--checkpoint", required=True)
parser.add_argument("--name", required=True, help="such as M_sens")
parser.add_argument("--role", required=True, choices=["sensitivity", "specificity"])
parser.add_argument("--version", default="0.1.0")
parser.add_argument("--to", default="models")
parser.add_argument("--data", default="synthetic longitudinal patients (phantoms) made from Colin27")
parser.add_argument("--recipe", default="", help="how the run came about, for the card")
parser.add_argument("--use", choices=USES, default=DEMONSTRATION, help="granted only if the scores bear it out, too")
parser.add_argument("--granted-by", default="", metavar="PERSON", help="who grants it, as the card is to name them")
parser.add_argument("--licence", default="Apache-2.0")
parser.add_argument("--results", help="JSON written by training.evaluate on validation patients")
parser.add_argument("--calibrate", help="data folder whose training patients calibrate the 8-bit screen of M_sens")
options = parser.parse_args()
if options.use != DEMONSTRATION and not options.granted_by:
    parser.error(f"--use {options.use} needs --granted-by: the person who grants it")
network, state = load_network(options.checkpoint)
training = {
    "data": options.data,
    "recipe": options.recipe,
    "config": {k: v for k, v in state["config"].items() if k not in ("data", "cache", "threads", "device")},
    "startedFrom": state["initial"],
    "steps": state["step"],
    "cases": state["cases"],
    "dataHash": state["data_hash"],
    "sources": state.get("sources", {}),
    "synthetic": state.get("synthetic"),
    "results": results_for(options.role, options.results) if options.results else {},
}
prepared = state.get("preprocessing", preprocessing())
calibration = options.calibrate and calibration_cases(options.calibrate, prepared["normalisation"])
written = write_model(
    options.to,
    options.name,
    options.role,
    options.version,
    network,
    training,
    prepared,
    Grant(options.use, options.granted_by),
    options.licence,
    calibration,
)
print(f"{written['file']} sha256 {written['sha256']}")
print(sentences(written["training"]["release"]))
