"""Metastasis-level scoring on small volumes worked out by hand."""

from functools import partial

import numpy as np
import pytest

from training.evaluate import matching
from training.evaluate.matching import equivalent_diameter, findings
from training.evaluate.score import ensemble_counts, summary

#: Matching itself is shown with components of any size.
match_volume = partial(matching.match_volume, minimum_voxels=1)


def volume(*boxes, shape=(12, 12, 12)):
    """An array holding value at each (slices, value)."""
    array = np.zeros(shape, np.float32)
    for where, value in boxes:
        array[where] = value
    return array


CORNER = np.s_[0:2, 0:2, 0:2]
CENTRE = np.s_[5:8, 5:8, 5:8]
FAR = np.s_[10:12, 10:12, 10:12]


def test_any_overlap_is_a_find_and_the_rest_are_misses_and_false():
    label = volume((CORNER, 1), (CENTRE, 2))
    probability = volume((np.s_[1:4, 1, 1], 0.6), (FAR, 0.9), (CENTRE, 0.49))
    matched = match_volume(probability, label)
    assert matched.lesion_volumes == {1: 8, 2: 27}
    assert matched.found == {1: pytest.approx(2 * 1 / (8 + 3))}
    assert matched.false_volumes == [8] and matched.false_peaks == [pytest.approx(0.9)]
    assert matched.false_centres == [(10, 10, 10)]


def test_one_component_can_find_only_one_metastasis():
    label = volume((np.s_[5, 5, 2:4], 1), (np.s_[5, 5, 6:9], 2))
    matched = match_volume(volume((np.s_[5, 5, 2:9], 0.8)), label)
    assert list(matched.found) == [2] and matched.false_volumes == []


def test_a_second_fragment_is_a_false_positive():
    label = volume((np.s_[5, 5, 2:9], 1))
    matched = match_volume(volume((np.s_[5, 5, 2:4], 0.8), (np.s_[5, 5, 6:9], 0.8)), label)
    assert matched.found[1] == pytest.approx(2 * 3 / (7 + 3)) and matched.false_volumes == [2]


def test_few_voxels_are_no_finding():
    mask = (
        volume(
            (np.s_[1, 1, 1], 1),
            (np.s_[5, 5, 2:4], 1),
            (np.s_[8, 8, 8], 1),
            (np.s_[9, 9, 8:10], 1),
            (np.s_[1:3, 9, 9:11], 1),
        )
        > 0
    )
    numbers, count = findings(mask, 3)
    assert count == 2
    assert numbers[1, 9, 9] == numbers[2, 9, 10] == 1 and numbers[8, 8, 8] == numbers[9, 9, 9] == 2
    assert (numbers > 0).sum() == 7
    few = volume((np.s_[5, 5, 2:4], 0.8))
    assert not matching.match_volume(few, few > 0, minimum_voxels=3).found
    assert matching.match_volume(few, few > 0, minimum_voxels=2).found


def test_as_many_pairs_as_possible():
    # Component A touches metastases 1 (3 voxels) and 2 (1 voxel); component B touches 1 only.
    label = volume((np.s_[5, 5, 0:5], 1), (np.s_[5, 5, 8:10], 2))
    probability = volume((np.s_[5, 5, 0:1], 0.9), (np.s_[5, 5, 2:9], 0.9))
    assert set(match_volume(probability, label).found) == {1, 2}


def test_diagonal_neighbours_are_one_component():
    assert match_volume(volume((np.s_[3, 3, 3], 1), (np.s_[4, 4, 4], 1)), volume()).false_volumes == [2]


def test_stricter_overlap():
    label = volume((CENTRE, 1))
    touching = volume((np.s_[7:9, 7:9, 7:9], 1))
    assert match_volume(touching, label).found
    assert not match_volume(touching, label, minimum_iou=0.1).found


def test_summary_counts_by_size_and_prior():
    label = volume((CORNER, 1), (CENTRE, 2))
    good, bad = match_volume(label, label), match_volume(volume((FAR, 1)), label)
    result = summary([good, bad], [True, False], [{1: "new", 2: "grown"}, {1: "new"}])
    assert (result["metastases"], result["found"], result["falsePositives"]) == (4, 2, 1)
    assert result["sensitivity"] == 0.5 and result["precision"] == 0.667 and result["meanDice"] == 1.0
    assert result["withPrior"]["sensitivity"] == 1.0 and result["firstScans"]["falsePositivesPerVolume"] == 1.0
    assert result["bySize"]["<3 mm"]["metastases"] == 2 and result["bySize"]["3-6 mm"]["metastases"] == 2
    assert result["byChange"]["new"] == {"metastases": 2, "found": 1, "sensitivity": 0.5}
    assert equivalent_diameter(np.pi / 6 * 27) == pytest.approx(3)


def test_ensemble_confirms_what_the_specific_network_sees():
    label = volume((CORNER, 1), (CENTRE, 2))
    sens, spec = volume((CORNER, 0.9), (CENTRE, 0.9), (FAR, 0.9)), volume((np.s_[6, 6, 6], 0.9))
    assert ensemble_counts(sens, spec, label) == {
        "confirmed": 1,
        "confirmedFalse": 0,
        "candidates": 2,
        "candidatesFalse": 1,
    }
