"""Run an exported network: with Python's onnxruntime where it is installed, else through onnxruntime-node."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

SCRIPT = Path(__file__).with_name("run_onnx.mjs")


def run_onnx(model: Path, inputs: dict) -> dict:
    """Feed float32 arrays by input name, return the outputs by name.

    Raises subprocess.CalledProcessError (or onnxruntime's own error) when the network cannot be loaded or run.
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
            np.ascontiguousarray(array, "<f4").tofile(folder / f"input-{key}.f32")
            request.append({"name": key, "shape": list(array.shape), "file": f"input-{key}.f32"})
        (folder / "request.json").write_text(json.dumps(request))
        subprocess.run(["node", str(SCRIPT), str(Path(model).resolve()), str(folder)], check=True, capture_output=True)
        reply = json.loads((folder / "reply.json").read_text())
        return {o["name"]: np.fromfile(folder / o["file"], "<f4").reshape(o["shape"]) for o in reply}
