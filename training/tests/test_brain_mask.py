"""Painted heads show the brain that their masks say, and the exported network is the trained one."""

import json

import nibabel
import numpy as np
import pytest
import torch

from training.brain_mask.export import write_model
from training.brain_mask.heads import SHAPE, Head, example, normalised, read_head
from training.brain_mask.network import MULTIPLE, BrainNetwork, dice, loss_of
from training.tests.test_export import needs_runtime


def ball(shape, centre, radius) -> np.ndarray:
    grid = np.ogrid[tuple(slice(0, n) for n in shape)]
    return sum((g - c) ** 2 for g, c in zip(grid, centre)) < radius**2


def toy_head() -> Head:
    """A white ball in fluid, in bone, in skin; 1 mm."""
    labels = np.zeros((150, 190, 150), np.int16)
    centre = (80, 95, 75)
    for radius, label in ((70, 511), (64, 515), (58, 24), (54, 3), (44, 2)):
        labels[ball(labels.shape, centre, radius)] = label
    return Head(labels, np.isin(labels, (2, 3)))


def test_a_label_map_is_turned_upright_and_its_sulci_are_closed(tmp_path):
    # Axes to the left, down, forward.
    values = np.zeros((60, 64, 68), np.int16)
    values[ball(values.shape, (30, 32, 34), 20)] = 3
    values[28:31, 10:30, 34] = 24  # a sulcus, two millimetres wide, open above
    values[40, 20, 50] = 506
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "seg_77.nii.gz")
    head = read_head(tmp_path, "77")
    assert head.labels.shape == (64, 68, 60)
    # Up is where "down" was small; posterior where "forward" was small.
    assert head.labels[63 - 20, 67 - 50, 40] == 506
    assert head.brain[63 - 20, 67 - 34, 29] and not head.brain[63 - 5, 67 - 34, 29]
    assert head.brain[head.labels == 3].all()


def test_examples_follow_from_their_seed_and_show_the_brain():
    heads = [toy_head()]
    image, brain = example(heads, np.random.default_rng(3))
    again, _ = example(heads, np.random.default_rng(3))
    other, _ = example(heads, np.random.default_rng(4))
    assert np.array_equal(image, again) and not np.array_equal(image, other)
    assert image.shape == brain.shape == SHAPE and image.dtype == brain.dtype == np.float32
    assert image.min() >= 0 and image.max() <= 1.5 and set(np.unique(brain)) == {0, 1}
    # As large as a ball of that radius at 2 mm, stretched a little.
    assert brain.sum() * 8 == pytest.approx(4 / 3 * np.pi * 54**3, rel=0.6)


def test_intensities_are_parts_of_the_bright_end():
    image = np.zeros((10, 10, 10), np.float32)
    image[:5] = np.linspace(1, 200, 500).reshape(5, 10, 10)
    assert np.quantile(normalised(image)[image > 0], 0.99) == pytest.approx(1, abs=0.01)
    assert np.allclose(normalised(7 * image), normalised(image), atol=1e-5)
    assert not normalised(np.zeros((4, 4, 4), np.float32)).any()


def test_the_network_is_small_and_learns():
    network = BrainNetwork()
    assert sum(p.numel() for p in network.parameters()) <= 150_000
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    image = torch.zeros(1, 1, *(3 * MULTIPLE,) * 3)
    brain = torch.zeros_like(image)
    brain[..., 6:18, 5:17, 7:20] = 1
    image += 0.5 * brain + 0.05 * torch.randn(image.shape, generator=torch.Generator().manual_seed(1))
    for _ in range(20):
        optimiser.zero_grad()
        loss_of(network(image), brain).backward()
        optimiser.step()
    with torch.no_grad():
        assert dice((network(image) > 0).float(), brain) > 0.9


@needs_runtime
def test_the_export_is_described(tmp_path):
    network = BrainNetwork()
    state = {"network": network.state_dict(), "step": 25, "history": [{"step": 25, "dice": [0.9, 0.8]}]}
    written = write_model(state, tmp_path, "0.1.0")
    assert json.loads((tmp_path / "brain-mask.json").read_text()) == written
    assert "mean 0.850, least 0.800" in (tmp_path / "brain-mask.md").read_text()
