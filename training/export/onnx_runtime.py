"""Run an exported network: with Python's onnxruntime if it is installed, else through onnxruntime-node."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

SCRIPT = Path(__file__).with_name("run_onnx.mjs")
# This is read when the library is loaded, here or in the child: otherwise ONNX Runtime posts usage data to its maker.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
#: Element types by ONNX Runtime's name.
TYPES = {"float32": "<f4", "uint8": "u1", "int32": "<i4"}


def run_onnx(model: Path, inputs: dict) -> dict:
    """Feed arrays (of TYPES) by input name, return the outputs by name.

    Raises subprocess.CalledProcessError (or onnxruntime's own error) if the network cannot be loaded or run.
    """
    try:
        import onnxruntime
    except ImportError:
        return _run_in_node(model, inputs)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


def _run_in_node(model: Path, inputs: dict) -> dict:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        request = []
        for key, array in inputs.items():
            np.ascontiguousarray(array, TYPES[array.dtype.name]).tofile(folder / f"input-{key}")
            shape = list(array.shape)
            request.append({"name": key, "type": array.dtype.name, "shape": shape, "file": f"input-{key}"})
        (folder / "request.json").write_text(json.dumps(request))
        subprocess.run(["node", str(SCRIPT), str(Path(model).resolve()), str(folder)], check=True, capture_output=True)
        reply = json.loads((folder / "reply.json").read_text())
        return {o["name"]: np.fromfile(folder / o["file"], TYPES[o["type"]]).reshape(o["shape"]) for o in reply}
