"""The network cut into the parts that the node runs, each exported to its own ONNX file.

`context` is computed once for the whole brain, since neighbouring tiles would repeat most of it: the two low-resolution
paths. `prior` is the path of the registered prior. Without a prior its input is one value everywhere, so its output is
one vector; the node computes that once, from the smallest input, and feeds it as features of size 1. `detail` is the
full-resolution path of the current image and the classifier. It does not know where on the 3- and 5-voxel lattices its
box lies: `index_by3` and `index_by5` name, for each voxel of the box, its row of the context features.

Every image and index is [k, j / b, b, i / b, b] with b voxels per block (1 here, 1 or 2 in `training.export.screen`),
which in memory is [k, j, i]; so is the probability. Context features are [voxel, channel]; prior features have the form
in which `detail` takes them. A network without a prior path has the same parts; its `prior` gives a zero that its
`detail` adds. The paths are computed as in `training.export.winograd`. Together the parts are the network's function,
which `training.export.write_model` proves for every file it writes.
"""

import torch
from torch import Tensor, nn

from training.export.winograd import Fold, PairedPath, even_and_odd, turned
from training.network.deepmedic import DeepMedic
from training.network.layers import PlainDropout

#: Part -> its inputs and outputs.
PARTS = {
    "context": (("current_by3", "current_by5"), ("context_by3", "context_by5")),
    "prior": (("prior",), ("prior_features",)),
    "detail": (
        ("current", "prior_features", "context_by3", "index_by3", "context_by5", "index_by5"),
        ("probability",),
    ),
}


def image(blocks: Tensor) -> Tensor:
    """[k, j, 1, i, 1] -> [k, 1, j, i]."""
    return blocks[:, None, :, 0, :, 0]


def rows(pairs: tuple) -> Tensor:
    """(even, odd) slices [k / 2, channel, j, i] -> [2, voxel, channel]."""
    return torch.stack([slices.flatten(2).transpose(1, 2).flatten(0, 1) for slices in pairs])


def gathered(features: Tensor, index: Tensor) -> Tensor:
    """The rows [voxel, channel] of features that the slices of an index ask for -> [2, voxel, channel], even and odd
    slices as `rows` has them.
    """
    pairs = torch.cat([slices.flatten() for slices in even_and_odd(index)])
    return features.index_select(0, pairs).reshape(2, -1, features.shape[1])


class PathShare(nn.Module):
    """What the maps u of a path (`winograd.Fold`) contribute to the classifier: its first layer is a sum over the
    paths, and so is its last, since the residual brings each map of the second hidden layer from one path.
    """

    def __init__(self, network: DeepMedic, number: int):
        super().__init__()
        first, second, last = network.classifier.layers
        width, reached = network.config.widths[-1], network.config.classifier_widths[1]
        maps = slice(number * width, (number + 1) * width)
        #: Those that the second hidden layer has, too.
        also = slice(maps.start, max(min(maps.stop, reached), maps.start))
        matrix_1, matrix_2, matrix_3 = (layer[-1].weight.detach()[..., 0, 0, 0].T for layer in (first, second, last))
        concatenated, hidden, final = (Fold.of(layer[0]) for layer in (first, second, last))
        kept_2, kept_3 = (layer[2].kept if isinstance(layer[2], PlainDropout) else 1.0 for layer in (second, last))
        self.fold = concatenated.part(maps)
        self.activation, self.last_activation = of_maps(first[1], maps), of_maps(last[1], also)
        self.first = nn.Parameter(matrix_1[maps] * self.fold.gain[:, None] * hidden.sign)
        self.second = nn.Parameter(matrix_2[:, also] * (kept_2 * hidden.gain)[:, None] * final.sign[also])
        self.reached = also.stop - also.start
        own = self.fold.part(slice(0, self.reached))
        self.signs = final.sign[also] * own.sign
        self.shift = nn.Parameter(final.shift[also] - self.signs * own.shift)
        self.last = nn.Parameter((matrix_3[also, 1:] - matrix_3[also, :1]) * (kept_3 * final.gain[also])[:, None])

    def hidden(self, u: Tensor) -> Tensor:
        """[..., channel] -> share of the first hidden layer."""
        return on_rows(self.activation, u) @ self.first

    def logit(self, hidden: Tensor, u: Tensor) -> Tensor:
        """[2, voxel, channel] of the first hidden layer after its activation, and u, at least the maps reached -> share
        of the logit, [2, voxel, 1]."""
        from_hidden = torch.addmm(self.shift, hidden.flatten(0, 1), self.second).reshape(2, -1, self.reached)
        residual = turned(u if u.shape[-1] == self.reached else u[..., : self.reached], self.signs)
        return on_rows(self.last_activation, from_hidden + residual) @ self.last


def of_maps(activation: nn.Module, maps: slice) -> nn.Module:
    """The activation of some of the maps."""
    if not isinstance(activation, nn.PReLU):
        return activation
    some = nn.PReLU(maps.stop - maps.start)
    some.weight = nn.Parameter(activation.weight.detach()[maps])
    return some


def on_rows(activation: nn.Module, x: Tensor) -> Tensor:
    """PReLU, which needs its channels second, or ReLU of [..., channel]."""
    return activation(x.flatten(0, -2)).reshape(x.shape) if isinstance(activation, nn.PReLU) else activation(x)


class ExactParts(nn.Module):
    """The paths of a network with fixed batch statistics and their contributions to its classifier, by name."""

    def __init__(self, network: DeepMedic):
        super().__init__()
        names = [name for name in ("main", "prior", "by3", "by5") if getattr(network, name) is not None]
        self.shares = nn.ModuleDict({name: PathShare(network, number) for number, name in enumerate(names)})
        self.paths = nn.ModuleDict(
            {name: PairedPath(getattr(network, name), share.fold) for name, share in self.shares.items()}
        )
        normalisation, self.activation = network.classifier.layers[1][:2]
        self.hidden_shift = nn.Parameter(Fold.of(normalisation).shift)
        self.bias = nn.Parameter((network.classifier.bias[1] - network.classifier.bias[0]).detach())


class Context(nn.Module):
    def __init__(self, exact: ExactParts):
        super().__init__()
        self.exact = exact

    def forward(self, current_by3: Tensor, current_by5: Tensor) -> tuple:
        """[voxel, channel] each: the path's share of the first hidden layer (one of them with that layer's shift), then
        the maps that the second one has, too."""
        features = []
        for name, blocks in (("by3", current_by3), ("by5", current_by5)):
            slices = torch.stack(self.exact.paths[name](image(blocks)), 1).flatten(0, 1)[: blocks[18:].shape[0]]
            u = slices.permute(0, 2, 3, 1).flatten(0, 2)
            share = self.exact.shares[name]
            hidden = share.hidden(u) + (self.exact.hidden_shift if name == "by3" else 0)
            features.append(torch.cat([hidden, u[:, : share.reached]], 1) if share.reached else hidden)
        return tuple(features)


class Prior(nn.Module):
    def __init__(self, exact: ExactParts):
        super().__init__()
        self.path = exact.paths["prior"]

    def forward(self, prior: Tensor) -> Tensor:
        return rows(self.path(image(prior)))


class NoPrior(nn.Module):
    def forward(self, prior: Tensor) -> Tensor:
        return 0 * image(prior)[:1, 0, :1, :1]


class Detail(nn.Module):
    def __init__(self, exact: ExactParts):
        super().__init__()
        self.exact = exact

    def forward(self, current, prior_features, context_by3, index_by3, context_by5, index_by5) -> Tensor:
        shares = self.exact.shares
        main = self.exact.paths["main"](image(current))
        u = {"main": rows(main)}
        hidden = shares["main"].hidden(u["main"])
        if "prior" in shares:
            u["prior"] = prior_features
            hidden = hidden + shares["prior"].hidden(prior_features)
        else:
            hidden = hidden + prior_features
        for name, features, index in (("by3", context_by3, index_by3), ("by5", context_by5, index_by5)):
            found = gathered(features, index)
            if shares[name].reached:
                found, u[name] = found[..., : hidden.shape[-1]], found[..., hidden.shape[-1] :]
            hidden = hidden + found
        hidden = on_rows(self.exact.activation, hidden)
        logit = (
            sum(shares[name].logit(hidden, maps) for name, maps in u.items() if shares[name].reached) + self.exact.bias
        )
        volume = torch.sigmoid(logit).reshape(2, *main[0][:, 0].shape).transpose(0, 1).flatten(0, 1)
        return volume[: index_by3.shape[0]]


def part_modules(network: DeepMedic) -> dict:
    """Part -> module of a network with fixed batch statistics."""
    exact = ExactParts(network)
    return {"context": Context(exact), "prior": Prior(exact) if network.prior else NoPrior(), "detail": Detail(exact)}


def part_inputs(inputs: tuple, block: int) -> dict:
    """The four inputs of a whole network for one box ([1, 1, k, j, i] arrays) in the form the parts take; all sizes are
    a multiple of `block`.

    The indices are those of a context computed for this box alone.
    """
    blocks = [x.reshape(x.shape[2], x.shape[3] // block, block, x.shape[4] // block, block) for x in inputs]
    named = dict(zip(("current", "current_by3", "current_by5", "prior"), blocks))
    size = [n - 18 for n in inputs[0].shape[2:]]
    for factor, low in ((3, inputs[1]), (5, inputs[2])):
        count = [n - 18 for n in low.shape[2:]]
        k, j, i = torch.meshgrid(*(torch.arange(n) // factor for n in size), indexing="ij")
        index = ((k * count[1] + j) * count[2] + i).int()
        named[f"index_by{factor}"] = index.reshape(size[0], size[1] // block, block, size[2] // block, block)
    return named
