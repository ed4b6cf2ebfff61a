"""The losses on arrays worked out by hand, and their gradients."""

import math

import pytest
import torch

from training.train.loss import bce, jvss, loss_by_name, sse, sub_volumes, vss, vss_terms

# Three sub-volumes of four voxels. The first holds two tumour voxels, of which the better is found with 0.8 although
# the highest probability, 0.9, lies outside. The second and third are negative with maxima 0.3 and 0.5.
PROBABILITY = torch.tensor([[0.9, 0.8, 0.1, 0.0], [0.3, 0.2, 0.0, 0.0], [0.5, 0.5, 0.1, 0.0]], dtype=torch.float64)
LABEL = torch.tensor([[0.0, 1.0, 1.0, 0.0], [0.0] * 4, [0.0] * 4], dtype=torch.float64)


def test_paper_terms():
    sensitivity, specificity = vss_terms(PROBABILITY, LABEL)
    assert sensitivity.item() == pytest.approx(0.8, abs=1e-5)
    assert specificity.item() == pytest.approx((0.7 + 0.5) / 2, abs=1e-5)


def test_authors_terms():
    sensitivity, specificity = vss_terms(PROBABILITY, LABEL, "authors")
    assert sensitivity.item() == pytest.approx(0.8 / 2)
    assert specificity.item() == pytest.approx(1 - 0.8 / 3)


def test_vss_weighs_by_alpha():
    assert vss(PROBABILITY, LABEL, 1.0).item() == pytest.approx(0.2, abs=1e-5)
    assert vss(PROBABILITY, LABEL, 0.0).item() == pytest.approx(0.4, abs=1e-5)
    assert vss(PROBABILITY, LABEL, 0.25).item() == pytest.approx(1 - (0.25 * 0.8 + 0.75 * 0.6), abs=1e-5)


def test_batches_of_one_kind_only():
    negatives = torch.zeros(2, 4)
    assert vss(torch.zeros(2, 4), negatives, 0.5).item() == pytest.approx(0.5)
    assert vss(torch.ones(2, 4), torch.ones(2, 4), 0.5).item() == pytest.approx(0.5, abs=1e-5)


def test_bce_is_the_mean_over_voxels():
    logit = torch.tensor([[math.log(4.0), math.log(1 / 3)]])  # probabilities 0.8 and 0.25
    label = torch.tensor([[1.0, 0.0]])
    assert bce(logit, label).item() == pytest.approx(-(math.log(0.8) + math.log(0.75)) / 2, rel=1e-5)


def test_jvss_is_a_sum_and_the_authors_halve_it():
    logit = torch.logit(PROBABILITY.clamp(0.01, 0.99))
    p = torch.sigmoid(logit)
    paper = vss(p, LABEL, 0.5) + bce(logit, LABEL)
    authors = 0.5 * vss(p, LABEL, 0.5, "authors") + 0.5 * bce(logit, LABEL)
    assert jvss(logit, LABEL, 0.5).item() == pytest.approx(paper.item())
    assert jvss(logit, LABEL, 0.5, "authors").item() == pytest.approx(authors.item())


def test_sse():
    missed = (0.2**2 + 0.9**2) / 2
    invented = (0.9**2 + 0.3**2 + 0.2**2 + 2 * 0.5**2 + 0.1**2) / 10
    assert sse(PROBABILITY, LABEL, 1.0).item() == pytest.approx(missed, rel=1e-5)
    assert sse(PROBABILITY, LABEL, 0.0).item() == pytest.approx(invented, rel=1e-5)
    assert sse(PROBABILITY, LABEL, 0.3).item() == pytest.approx(0.3 * missed + 0.7 * invented, rel=1e-5)


@pytest.mark.parametrize("name", ["bce", "jvss", "sse"])
@pytest.mark.parametrize("form", ["paper", "authors"])
def test_gradients(name, form):
    generator = torch.Generator().manual_seed(3)
    logit = torch.randn(4, 3, 3, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    label = (torch.rand(4, 3, 3, 3, generator=generator) > 0.8).double()
    label[2:] = 0
    loss = loss_by_name(name, 0.7, form)
    assert torch.autograd.gradcheck(lambda z: loss(z, label), (logit,))


def test_vss_moves_only_the_voxels_it_names():
    p = PROBABILITY.clone().requires_grad_()
    vss(p, LABEL, 0.5).backward()
    moved = [tuple(index) for index in p.grad.nonzero().tolist()]
    assert moved == [(0, 1), (1, 0), (2, 0), (2, 1)]  # the better tumour voxel; the maxima of the negatives (one tied)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="dice"):
        loss_by_name("dice", 0.5, "paper")
    with pytest.raises(ValueError, match="mine"):
        vss_terms(PROBABILITY, LABEL, "mine")


def test_a_crop_is_cut_into_its_sub_volumes():
    crop = torch.arange(2 * 6**3).reshape(2, 6, 6, 6)
    blocks = sub_volumes(crop, 3)
    assert blocks.shape == (16, 3, 3, 3)
    assert torch.equal(blocks[0], crop[0, :3, :3, :3]) and torch.equal(blocks[8 + 5], crop[1, 3:, :3, 3:])
    assert torch.equal(sub_volumes(crop, 6), crop)
    with pytest.raises(ValueError, match="cannot be cut"):
        sub_volumes(crop, 4)


def test_sub_volumes_with_a_sliver_of_metastasis_count_nowhere():
    p = torch.tensor([[0.9, 0.2], [0.4, 0.6], [0.3, 0.1]])
    y = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    sensitivity, specificity = vss_terms(p, y, smallest=2)
    assert (sensitivity.item(), specificity.item()) == pytest.approx((0.9, 0.7), abs=1e-5)
    assert vss_terms(p, y)[0].item() == pytest.approx((0.9 + 0.4) / 2, abs=1e-5)


def test_bce_weighs_sub_volumes_with_metastasis_as_asked():
    logit = torch.tensor([[0.0, 0.0], [2.0, 2.0], [-1.0, -1.0]])
    label = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    each = [bce(logit[n : n + 1], label[n : n + 1]).item() for n in range(3)]
    assert bce(logit, label, 0.4).item() == pytest.approx(0.4 * each[0] + 0.6 * (each[1] + each[2]) / 2, rel=1e-5)
    # Where all are of one kind, that kind has all the weight.
    assert bce(logit[1:], label[1:], 0.4).item() == pytest.approx((each[1] + each[2]) / 2, rel=1e-5)
