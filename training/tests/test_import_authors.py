"""Invented TensorFlow variables: our network against a forward pass written in NumPy from the description alone."""

import numpy as np
import pytest
import torch

from training.export.import_authors import import_variables
from training.network.build import Probability
from training.network.config import AUTHORS, NetworkConfig

WIDTHS = (2, 3, 3, 4, 4, 5, 5, 6, 6)
HIDDEN = (7, 5)
CONFIG = NetworkConfig(widths=WIDTHS, classifier_widths=HIDDEN, bn_epsilon=float(np.finfo(np.float32).tiny))


def invented(rng, config=CONFIG) -> dict:
    """A dump of the four-path network: TensorFlow's names, in creation order, with optimiser slots among them."""
    dump, counts = {}, {}

    def add(kind, array):
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        dump[f"net/{kind}{f'_{number}' if number else ''}:0"] = array.astype(np.float32)

    def normalised(channels):
        add("gBn", rng.uniform(0.5, 1.5, channels))
        add("bBn", rng.normal(0, 0.3, channels))
        add("aPrelu", rng.uniform(0, 0.3, channels))
        add("muBnsForRollingAverage", rng.normal(0, 0.5, (60, channels)))
        add("varBnsForRollingAverage", rng.uniform(0.5, 2, (60, channels)))

    widths, hidden = config.widths, config.classifier_widths
    for _ in range(4):
        for before, after in zip((1, *widths), widths):
            if before == 1:
                add("b", rng.normal(0, 0.3, 1))
            else:
                normalised(before)
            add("W", rng.normal(0, (2 / before / 27) ** 0.5, (after, before, 3, 3, 3)))
    for before, after in zip((4 * widths[-1], *hidden), (*hidden, 2)):
        normalised(before)
        add("W", rng.normal(0, (2 / before) ** 0.5, (after, before, 1, 1, 1)))
    add("b", rng.normal(0, 0.3, 2))
    dump["net/W/RMSProp:0"] = np.zeros(3)
    dump["global_step:0"] = np.zeros(())
    return dump


class Reference:
    """The authors' inference in NumPy on arrays [channel, x, y, z]."""

    def __init__(self, dump):
        kinds = ("W", "b", "gBn", "bBn", "aPrelu", "muBnsForRollingAverage", "varBnsForRollingAverage")
        self.variables = {
            kind: iter(
                [
                    dump[f"net/{kind}{f'_{n}' if n else ''}:0"]
                    for n in range(100)
                    if f"net/{kind}{f'_{n}' if n else ''}:0" in dump
                ]
            )
            for kind in kinds
        }
        self.convolved = []  # of every layer, in the order of the paths main, prior, by 3, by 5, classifier

    def next(self, kind, extra=3):
        array = next(self.variables[kind]).astype(np.float64)
        return (
            array.reshape(-1, *[1] * extra)
            if kind not in ("W", "muBnsForRollingAverage", "varBnsForRollingAverage")
            else array
        )

    def activate(self, x):
        mean = self.next("muBnsForRollingAverage").mean(0).reshape(-1, 1, 1, 1)
        variance = self.next("varBnsForRollingAverage").mean(0).reshape(-1, 1, 1, 1)
        x = self.next("gBn") * (x - mean) / np.sqrt(variance) + self.next("bBn")
        slope = self.next("aPrelu")
        return np.where(x > 0, x, slope * x)

    def convolve(self, x):
        kernel = self.next("W")
        windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[2:], axis=(1, 2, 3))
        self.convolved.append(np.einsum("cxyzuvw,ocuvw->oxyz", windows, kernel, optimize=True))
        return self.convolved[-1]

    @staticmethod
    def plus(y, residual):
        y = y.copy()
        channels = min(len(y), len(residual))
        y[:channels] += residual[:channels]
        return y

    def path(self, image):
        inputs = []
        x = image[None]
        for layer in range(1, 10):
            inputs.append(x)
            y = self.convolve(x + self.next("b") if layer == 1 else self.activate(x))
            if layer in (4, 6, 8):
                y = self.plus(y, inputs[-2][:, 2:-2, 2:-2, 2:-2])
            x = y
        return x

    def probability(self, image, prior, by3, by5):
        main = self.path(image)
        parts = [main, self.path(prior)]
        for low, factor in ((by3, 3), (by5, 5)):
            out = self.path(low)
            for axis in (1, 2, 3):
                out = out.repeat(factor, axis)
            parts.append(out[:, : main.shape[1], : main.shape[2], : main.shape[3]])
        together = np.concatenate(parts)
        x = self.convolve(self.activate(together))
        x = self.plus(self.convolve(0.5 * self.activate(x)), together)
        x = self.convolve(0.5 * self.activate(x)) + self.next("b")
        return np.exp(x[1]) / np.exp(x).sum(0)


@pytest.mark.parametrize("config, size", [(CONFIG, (7, 5, 6)), (AUTHORS, (2, 1, 3))], ids=["small", "authors"])
def test_imported_network_equals_the_reference_in_every_layer(config, size):
    """`size` of the output along x, y, z."""
    rng = np.random.default_rng(11)
    dump = invented(rng, config)
    images = [rng.standard_normal([n + 18 for n in size]) for _ in range(2)]
    images += [rng.standard_normal([-(-n // f) + 18 for n in size]) for f in (3, 5)]
    reference = Reference(dump)
    expected = reference.probability(*images)
    network = import_variables(dump, config)
    current, prior, by3, by5 = (torch.from_numpy(x.transpose(2, 1, 0)[None, None].astype(np.float32)) for x in images)
    convolved = []
    for module in network.modules():
        if isinstance(module, torch.nn.Conv3d):
            module.register_forward_hook(
                lambda _, __, output: convolved.append(output[0].numpy().transpose(0, 3, 2, 1))
            )
    with torch.no_grad():
        got = Probability(network)(current, by3, by5, prior)[0, 0].numpy().transpose(2, 1, 0)
    assert len(convolved) == len(reference.convolved) == 4 * 9 + 3
    for number, (ours, theirs) in enumerate(zip(convolved, reference.convolved)):
        assert np.abs(ours - theirs).max() < 1e-4 * max(1, np.abs(theirs).max()), number
    assert expected.std() > 0.01
    assert np.abs(got - expected).max() < 1e-4


def test_mirroring_an_axis_is_mirroring_the_image():
    rng = np.random.default_rng(12)
    dump = invented(rng)
    x = torch.from_numpy(rng.standard_normal((1, 1, 23, 24, 25)).astype(np.float32))
    plain, mirrored = import_variables(dump, CONFIG), import_variables(dump, CONFIG, mirror="i")
    with torch.no_grad():
        assert torch.allclose(plain.main(x).flip(4), mirrored.main(x.flip(4)), atol=1e-4)


def test_what_does_not_fit_is_named():
    dump = invented(np.random.default_rng(13))
    lacking = {k: v for k, v in dump.items() if k != "net/W_38:0"}
    with pytest.raises(ValueError, match="classifier, layer 3"):
        import_variables(lacking, CONFIG)
    with pytest.raises(ValueError, match=r"W number 1 \(main, layer 2\)"):
        import_variables({**dump, "net/W_1:0": np.zeros((3, 2, 3, 3, 1))}, CONFIG)
    with pytest.raises(ValueError, match="left over"):
        import_variables({**dump, "net/W_39:0": np.zeros(1)}, CONFIG)
