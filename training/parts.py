"""The network cut into the parts that the node runs, each exported to its own ONNX file.

`context` is computed once for the whole brain, since neighbouring tiles would repeat most of it: the two low-resolution paths.
`prior` is the path of the registered prior. Where there is no prior its input is one value everywhere, so its output is one vector;
the node computes that once, from the smallest input, and feeds it as features of size 1.
`detail` is the full-resolution path of the current image and the classifier. It does not know where on the 3- and 5-voxel
lattices its box lies: `index_by3` and `index_by5` name, for each voxel of the box, its row of the context features.

Every image and index is [k, j / b, b, i / b, b] with b voxels a block (1 here, 1 or 2 in `screen.py`), which in memory is [k, j, i]; so
is the probability. Context features are [voxel, channel]; prior features are what `detail` takes them for.
A network without a prior path has the same parts; its `prior` gives a zero that its `detail` adds.
Together the parts are the network's function, which `export_onnx.py` proves for every file it writes.
"""

import torch
from torch import Tensor, nn

from model import DeepMedic, Path

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
    """[k, j, 1, i, 1] -> [1, 1, k, j, i]."""
    return blocks[None, None, :, :, 0, :, 0]


class Context(nn.Module):
    def __init__(self, network: DeepMedic):
        super().__init__()
        self.by3, self.by5 = network.by3, network.by5

    def forward(self, current_by3: Tensor, current_by5: Tensor) -> tuple:
        return tuple(
            path(image(x))[0].flatten(1).transpose(0, 1) for path, x in ((self.by3, current_by3), (self.by5, current_by5))
        )


class Prior(nn.Module):
    def __init__(self, path: Path):
        super().__init__()
        self.path = path

    def forward(self, prior: Tensor) -> Tensor:
        return self.path(image(prior))


class NoPrior(nn.Module):
    def forward(self, prior: Tensor) -> Tensor:
        return 0 * image(prior)[:, :, :1, :1, :1]


class Detail(nn.Module):
    def __init__(self, network: DeepMedic):
        super().__init__()
        self.main, self.classifier, self.has_prior = network.main, network.classifier, network.prior is not None

    def forward(self, current, prior_features, context_by3, index_by3, context_by5, index_by5) -> Tensor:
        main = self.main(image(current))
        context = [
            features.index_select(0, index.flatten()).transpose(0, 1).reshape(1, features.shape[1], *main.shape[2:])
            for features, index in ((context_by3, index_by3), (context_by5, index_by5))
        ]
        if self.has_prior:
            features = [main, prior_features.expand_as(main), *context]
        else:
            features = [main + prior_features, *context]
        scores = self.classifier(torch.cat(features, 1))[0]
        return torch.sigmoid(scores[1] - scores[0])


def part_modules(network: DeepMedic) -> dict:
    """Part -> module, sharing the variables of `network`."""
    return {"context": Context(network), "prior": Prior(network.prior) if network.prior else NoPrior(), "detail": Detail(network)}


def part_inputs(inputs: tuple, block: int) -> dict:
    """The four inputs of a whole network for one box ([1, 1, k, j, i] arrays) as the parts take them; all of size a multiple of `block`.

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
