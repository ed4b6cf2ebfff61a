"""An 8-bit approximation of a network, made to find where its exact computation is worthwhile.

It has the parts of `training.export.parts` with the same inputs and outputs, computed by integer convolutions
(QLinearConv: activations of eight bits, weights of seven with a scale per channel). The node trusts it where its
probability stays below a threshold, and computes the network itself around every voxel where it does not. So it may be
crude where that is fast:

- PReLU is replaced by ReLU, which costs nothing (values below the zero point saturate); what the negative slopes let
  through on average is added to the next bias.
- Normalisation disappears (`training.export.calibrated_network`): the stored value is k u, and S / k goes into the next
  weights.
- Convolutions of few channels starve the processor's vector units. Where no layer has more than 32, each 2 x 2 block of
  voxels (j, i) is one position with four times the channels ("folded"): nine more zeros for every sixteen weights, but
  three times the speed.

Tensors are channels last: [1, k, j / b, i / b, (j % b, i % b, channel)] with b = 2 if folded, else 1.
"""

import numpy as np
from onnx import TensorProto

from training.export.calibrated_network import Folded, Layer
from training.export.integer_graph import Graph, Stored, padded, scale_and_zero, wide
from training.network.config import RESIDUAL_LAYERS

#: Widest layer up to which 2 x 2 blocks of voxels are folded into channels.
FOLD_UP_TO = 32


def block_of(widths) -> int:
    """Voxels (j and i) of a folded position."""
    return 2 if max(widths) <= FOLD_UP_TO else 1


def folded_weight(weight: np.ndarray, block: int) -> np.ndarray:
    """3 x 3 x 3 weights [out, in, 3, 3, 3] -> those between folded positions, [block² out, block² in, 3, kernel,
    kernel]."""
    if block == 1:
        return weight
    out, into = weight.shape[:2]
    result = np.zeros((2, 2, out, 2, 2, into, 3, 2, 2))
    for pj in range(2):
        for pi in range(2):
            for dj in range(3):
                for di in range(3):
                    j, i = pj + dj, pi + di
                    result[pj, pi, :, j % 2, i % 2, :, :, j // 2, i // 2] = weight[:, :, :, dj, di]
    return result.reshape(4 * out, 4 * into, 3, 2, 2)


def path_graph(graph: Graph, name: str, layers: list, source: str, span: tuple, end: tuple) -> Stored:
    """Nodes of one path on the image `source`, whose values lie in `span`; `end`: range of the stored values of the
    last layer.
    """
    block = graph.block
    x = graph.quantise(source, *span)
    turned = graph.node("Transpose", [x.name], f"{name}_turned", perm=[0, 1, 3, 2, 4])
    merged = graph.reshape(turned, [0, 0, 0, block**2], f"{name}_merged")
    first = graph.node("Unsqueeze", [merged, graph.constant("leading", np.array([0], np.int64))], f"{name}_input")
    stored: list[Stored] = [Stored(first, x.scale, x.zero)]
    before: Layer | None = None
    for number, layer in enumerate(layers, start=1):
        out = padded(len(layer.high), block)
        weight, bias = quantisable(layer, before, out, 1 if before is None else padded(len(before.high), block))
        weight, bias = folded_weight(weight, block), np.tile(bias, block**2)
        # Layers whose values are added later keep their sign; the others saturate at zero.
        keeps = number + 2 in RESIDUAL_LAYERS
        low, high = (layer.low * layer.gain).min() if keeps else 0.0, (layer.high * layer.gain).max()
        result = Stored(f"{name}_{number}", *scale_and_zero(*(end if number == len(layers) else (low, high))))
        incoming = graph.relu(stored[-1]) if number > 1 and stored[-1].zero > 0 else stored[-1]
        if number in RESIDUAL_LAYERS:
            skipped = graph.cropped(stored[-2], padded(len(layers[number - 3].high), block), out)
            result = graph.add(
                graph.convolve(f"{name}_{number}", incoming, weight, bias, sum_before(layer, name, number)),
                skipped,
                result,
            )
        else:
            result = graph.convolve(f"{name}_{number}", incoming, weight, bias, result)
        stored.append(result)
        before = layer
    return stored[-1]


def sum_before(layer: Layer, name: str, number: int) -> Stored:
    """The convolution's sum before a residual is added."""
    return Stored(
        f"{name}_{number}_sum", *scale_and_zero((layer.low_sum * layer.gain).min(), (layer.high_sum * layer.gain).max())
    )


def quantisable(layer: Layer, before, out: int, into: int) -> tuple:
    """Weight and bias between stored values, gains and the mean below zero included, padded to `out` and `into`
    channels.
    """
    inner, bias = layer.weight * layer.gain.reshape(-1, 1, 1, 1, 1), layer.gain * layer.shift
    if before is not None:
        # `slope` and `below` belong to the values of the layer before, without their gain.
        bias = bias + (inner.sum((2, 3, 4)) * (layer.slope * before.below)).sum(1)
        inner = inner / before.gain.reshape(1, -1, 1, 1, 1)
    weight = np.zeros((out, into, *inner.shape[2:]))
    weight[: inner.shape[0], : inner.shape[1]] = inner
    return weight, wide(bias, out)


def end_range(folded: Folded) -> tuple:
    """Range of the last stored values of all paths, which are concatenated."""
    ends = [layers[-1] for layers in folded.paths.values()]
    return min((e.low * e.gain).min() for e in ends), max((e.high * e.gain).max() for e in ends)


def context_graph(folded: Folded, block: int) -> Graph:
    graph = Graph(block)
    for name in ("by3", "by5"):
        layers = folded.paths[name]
        end = path_graph(graph, name, layers, f"current_{name}", folded.ranges[name], end_range(folded))
        channels = padded(len(layers[-1].high), block)
        voxels = graph.reshape(end.name, [0, 0, 0, 0, block, block, channels], f"{name}_voxels")
        turned = graph.node("Transpose", [voxels], f"{name}_rows", perm=[0, 1, 2, 4, 3, 5, 6])
        graph.reshape(turned, [-1, channels], f"context_{name}")
    return graph


def prior_graph(folded: Folded, block: int) -> Graph:
    graph = Graph(block)
    end = path_graph(graph, "prior", folded.paths["prior"], "prior", folded.ranges["prior"], end_range(folded))
    graph.node("Identity", [end.name], "prior_features")
    return graph


def detail_graph(folded: Folded, block: int) -> Graph:
    graph = Graph(block)
    main = path_graph(graph, "main", folded.paths["main"], "current", folded.ranges["main"], end_range(folded))
    expanded = graph.node(
        "Expand", ["prior_features", graph.node("Shape", [main.name], "main_shape")], "prior_everywhere"
    )
    channels = padded(len(folded.paths["main"][-1].high), block)
    maps = [graph.reshape(n, [0, 0, 0, -1, channels], f"{n}_voxels") for n in (main.name, expanded)]
    for name in ("by3", "by5"):
        turned = graph.node("Transpose", [f"index_{name}"], f"index_{name}_turned", perm=[0, 1, 3, 2, 4])
        flat = graph.reshape(turned, [0, 0, -1], f"index_{name}_flat")
        index = graph.node("Unsqueeze", [flat, "leading"], f"index_{name}_order")
        maps.append(graph.node("Gather", [f"context_{name}", index], f"{name}_everywhere"))
    concatenated = Stored(graph.node("Concat", maps, "concatenated", axis=4), main.scale, main.zero)
    first, second, last = folded.classifier
    # The concatenated maps lie `channels` apart, path by path; the second layer's outputs lie as they do.
    ends = [layers[-1] for layers in folded.paths.values()]
    place = np.concatenate([np.arange(len(e.high)) + i * channels for i, e in enumerate(ends)])
    joined = Layer(None, None, low=None, high=np.concatenate([e.high for e in ends]))
    joined.below, joined.gain = (np.concatenate([getattr(e, a) for e in ends]) for a in ("below", "gain"))
    weight, bias = quantisable(first, joined, padded(len(first.high), 1), len(place))
    spread = np.zeros((len(weight), len(ends) * channels, 1, 1, 1))
    spread[:, place] = weight
    stored = Stored("first", *scale_and_zero(0.0, (first.high * first.gain).max()))
    stored = graph.convolve("first", graph.relu(concatenated), spread, bias, stored)
    weight, bias = quantisable(second, first, len(second.high), padded(len(first.high), 1))
    added = int(place[folded.residual - 1]) + 1
    places = np.concatenate([place[: folded.residual], added + np.arange(len(second.high) - folded.residual)]).astype(
        int
    )
    width = padded(int(places.max()) + 1, 1)
    spread, shift = np.zeros((width, *weight.shape[1:])), np.zeros(width)
    spread[places], shift[places] = weight, bias
    total = graph.convolve("second", stored, spread, shift, sum_before(second, "second", 2))
    skipped = graph.slice(concatenated.name, [4], [0], [min(width, len(ends) * channels)])
    if width > len(ends) * channels:
        raise ValueError("a second classifier layer wider than the concatenated maps has no screening form")
    stored = graph.add(
        total,
        Stored(skipped, main.scale, main.zero),
        Stored("second", *scale_and_zero(0.0, (second.high * second.gain).max())),
    )
    weight, bias = quantisable(last, second, 1, len(second.high))
    spread = np.zeros((1, width, 1, 1, 1))
    spread[:, places] = weight
    reach = max(-last.low.min(), last.high.max())
    logit = graph.convolve("logit", stored, spread, bias, Stored("logit", *scale_and_zero(-reach, reach)))
    graph.node("DequantizeLinear", graph.scaled(logit), "logit_real")
    plain = graph.reshape(
        graph.node("Sigmoid", ["logit_real"], "folded_probability"),
        [0, 0, 0, -1, graph.block, graph.block],
        "probability_blocks",
    )
    graph.node("Transpose", [plain], "probability", perm=[0, 1, 2, 4, 3, 5])
    return graph


def export_screen(folded: Folded, block: int, file_of) -> None:
    """Write the three parts; `file_of(part)` names their files."""
    real, byte, integer = TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT32
    types = dict.fromkeys(("current", "current_by3", "current_by5", "prior"), (real, 5))
    types |= {"context_by3": (byte, 2), "context_by5": (byte, 2), "prior_features": (byte, 5), "probability": (real, 6)}
    types |= {"index_by3": (integer, 5), "index_by5": (integer, 5)}
    for part, build in (("context", context_graph), ("prior", prior_graph), ("detail", detail_graph)):
        build(folded, block).save(part, types, file_of(part))
