"""Intervals of a paired comparison."""

import numpy as np
import pytest

from bootstrap import paired_difference, patient_counts


def rows(found, false):
    return [
        {"network": "sens", "case": f"p{i // 2}/{i % 2}", "metastases": 4, "found": f, "falsePositives": p}
        for i, (f, p) in enumerate(zip(found, false))
    ]


def test_time_points_of_a_patient_stay_together():
    counts = patient_counts(rows([1, 2, 3, 4], [0, 1, 0, 0]), "sens")
    assert counts["p0"].tolist() == [8, 3, 1, 2] and counts["p1"].tolist() == [8, 7, 0, 2]
    assert patient_counts(rows([1], [0]), "spec") == {}


def test_difference_and_interval():
    rng = np.random.default_rng(0)
    found = rng.integers(1, 4, 40)
    a = patient_counts(rows(found, [2] * 40), "sens")
    b = patient_counts(rows(found + 1, [1] * 40), "sens")
    result = paired_difference(a, b)
    assert result["sensitivity"] == {"difference": 0.25, "interval": [0.25, 0.25]}
    assert result["falsePositivesPerVolume"]["difference"] == -1
    low, high = result["precision"]["interval"]
    assert low < result["precision"]["difference"] < high and low > 0
    assert paired_difference(a, a)["precision"]["interval"] == [0, 0]


def test_other_patients_are_refused():
    a = patient_counts(rows([1, 1], [0, 0]), "sens")
    with pytest.raises(ValueError, match="different patients"):
        paired_difference(a, patient_counts(rows([1, 1, 1, 1], [0] * 4), "sens"))
