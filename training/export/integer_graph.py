"""An ONNX graph of 8-bit tensors, built operation by operation: with it `training.export.screen` writes a screen."""

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import helper, numpy_helper

from training.export.parts import PARTS

#: The channels of a tensor are padded to a multiple of this: what integer convolutions handle at once.
CHANNEL_BLOCK = 16
OPSET = 13
#: Weights of seven bits: processors without VNNI add two products of an unsigned and a signed byte in 16 bits
#: (PMADDUBSW), and so can never saturate there. A screen is one function on every processor.
LARGEST_WEIGHT = (2**15 - 1) // (2 * 255)


@dataclass
class Stored:
    """A uint8 tensor of the graph: real value = scale (q - zero)."""

    name: str
    scale: float
    zero: int


@dataclass
class Graph:
    """Nodes and constants of one part under construction."""

    block: int  # voxels per axis (j, i) of a folded position: 2, or 1 if nothing is folded
    nodes: list = field(default_factory=list)
    constants: dict = field(default_factory=dict)

    def constant(self, name: str, value) -> str:
        self.constants[name] = np.asarray(value)
        return name

    def node(self, kind: str, inputs: list, output: str, domain="", **attributes) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def scaled(self, stored: Stored) -> list:
        """Name of the tensor, its scale and its zero point, as the integer operators take them."""
        scale = self.constant(f"{stored.name}_scale", np.float32(stored.scale))
        return [stored.name, scale, self.constant(f"{stored.name}_zero", np.uint8(stored.zero))]

    def quantise(self, source: str, low: float, high: float) -> Stored:
        result = Stored(f"{source}_q", *scale_and_zero(low, high))
        self.node("QuantizeLinear", [source, *self.scaled(result)[1:]], result.name)
        return result

    def relu(self, x: Stored) -> Stored:
        zero = self.constant(f"{x.name}_floor", np.full((1,), x.zero, np.uint8))
        self.node("Max", [x.name, zero], f"{x.name}_relu")
        return Stored(f"{x.name}_relu", x.scale, x.zero)

    def convolve(self, name: str, x: Stored, weight: np.ndarray, bias: np.ndarray, out: Stored) -> Stored:
        """Channels last; `weight` [out, in, ...] and `bias` in real units."""
        scale = np.maximum(np.abs(weight).reshape(len(weight), -1).max(1), 1e-12) / LARGEST_WEIGHT
        quantised = np.round(weight / scale.reshape(-1, *[1] * (weight.ndim - 1))).astype(np.int8)
        steps = np.clip(np.round(bias / (scale * x.scale)), -(2**30), 2**30).astype(np.int32)
        inputs = self.scaled(x) + [
            self.constant(f"{name}_weight", quantised),
            self.constant(f"{name}_weight_scale", scale.astype(np.float32)),
            self.constant(f"{name}_weight_zero", np.zeros(len(scale), np.int8)),
            *self.scaled(out)[1:],
            self.constant(f"{name}_bias", steps),
        ]
        self.node("QLinearConv", inputs, out.name, "com.microsoft", channels_last=1)
        return out

    def add(self, a: Stored, b: Stored, out: Stored) -> Stored:
        self.node("QLinearAdd", self.scaled(a) + self.scaled(b) + self.scaled(out)[1:], out.name, "com.microsoft")
        return out

    def slice(self, x: str, axes: list, starts: list, ends: list) -> str:
        names = [
            self.constant(f"{x}_{n}", np.array(v, np.int64))
            for n, v in (("starts", starts), ("ends", ends), ("axes", axes))
        ]
        return self.node("Slice", [x, *names], f"{x}_cut")

    def cropped(self, x: Stored, narrow: int, out: int) -> Stored:
        """The middle of `x`, two voxels from each side, its `narrow` channels per voxel padded to `out` with zeros."""
        edge = 2 // self.block
        name = self.slice(x.name, [1, 2, 3], [2, edge, edge], [-2, -edge, -edge])
        if narrow < out:
            voxels = self.reshape(name, [0, 0, 0, 0, self.block**2, narrow], f"{name}_voxels")
            pads = self.constant(f"{name}_pads", np.array([0] * 11 + [out - narrow], np.int64))
            filled = self.node("Pad", [voxels, pads, self.constant(f"{name}_fill", np.uint8(x.zero))], f"{name}_filled")
            name = self.reshape(filled, [0, 0, 0, 0, self.block**2 * out], f"{name}_widened")
        return Stored(name, x.scale, x.zero)

    def reshape(self, x: str, shape: list, output: str) -> str:
        return self.node("Reshape", [x, self.constant(f"{output}_shape", np.array(shape, np.int64))], output)

    def save(self, part: str, types: dict, file) -> None:
        """Write the graph; `types`: name -> (element type, rank) of its inputs and outputs."""

        def described(names):
            return [helper.make_tensor_value_info(n, types[n][0], [None] * types[n][1]) for n in names]

        inputs, outputs = PARTS[part]
        constants = [numpy_helper.from_array(value, name) for name, value in self.constants.items()]
        graph = helper.make_graph(self.nodes, part, described(inputs), described(outputs), constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="priora")
        model.ir_version = 7
        onnx.save(model, str(file))


def scale_and_zero(low: float, high: float) -> tuple:
    """Quantisation of [low, high], which must contain 0."""
    low, high = min(low, 0.0), max(high, 1e-6)
    scale = (high - low) / 255
    return scale, int(round(-low / scale))


def padded(channels: int, block: int) -> int:
    """Channels of a voxel in a tensor, padded so that those of a position are a multiple of CHANNEL_BLOCK."""
    unit = max(CHANNEL_BLOCK // block**2, 1)
    return -(-channels // unit) * unit


def wide(values: np.ndarray, channels: int) -> np.ndarray:
    """Per-channel values padded with zeros."""
    return np.concatenate([values, np.zeros(channels - len(values))])
