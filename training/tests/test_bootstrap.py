"""Rates, and intervals of a paired comparison."""

import numpy as np
import pytest

from training.evaluate.bootstrap import (
    false_per_volume,
    interval,
    paired,
    precision,
    sensitivity,
    sums_by_patient,
    value,
)


def rows(found, false):
    return [
        {"case": f"p{i // 2}/{i % 2}", "metastases": 4, "found": f, "falsePositives": p}
        for i, (f, p) in enumerate(zip(found, false))
    ]


def test_time_points_of_a_patient_stay_together():
    sums = sums_by_patient(rows([1, 2, 3, 4], [0, 1, 0, 0]), sensitivity)
    assert sums["p0"].tolist() == [3, 8] and sums["p1"].tolist() == [7, 8]


def test_rates_and_interval():
    # Two patients: drawing one of them twice gives 5/8 or 2/8, the ends of the interval.
    scored = rows([3, 2, 1, 1], [1, 0, 3, 1])
    assert value(scored, sensitivity) == pytest.approx(7 / 16)
    assert value(scored, precision) == pytest.approx(7 / 12)
    assert interval(scored, sensitivity) == pytest.approx((7 / 16, 2 / 8, 5 / 8))
    assert np.isnan(value([], sensitivity))


def test_difference_and_interval():
    found = np.random.default_rng(0).integers(1, 4, 40)
    a, b = rows(found, [2] * 40), rows(found + 1, [1] * 40)
    assert paired(a, b, sensitivity) == pytest.approx((0.25, 0.25, 0.25))
    assert paired(a, b, false_per_volume)[0] == -1
    assert paired(a, b, false_per_volume, lambda a, b: 1 - b / a) == pytest.approx((0.5, 0.5, 0.5))
    point, low, high = paired(a, b, precision)
    assert 0 < low < point < high
    assert paired(a, a, precision) == (0, 0, 0)


def test_other_patients_are_refused():
    with pytest.raises(ValueError, match="different patients"):
        paired(rows([1, 1], [0, 0]), rows([1, 1, 1, 1], [0] * 4), sensitivity)
