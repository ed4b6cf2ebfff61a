"""A case changed as a whole stays one case: scans, labels and matrix agree."""

from dataclasses import replace

import numpy as np
import pytest

from training.data.cases import Cases
from training.data.sampling import SamplingConfig
from training.data.toy_patients import write_patients
from training.data.vary import through_slices, varied


@pytest.fixture
def case(tmp_path):
    write_patients(tmp_path / "data", {"training": 3}, seed=4, shape=(40, 44, 48))
    return next(one for one in Cases(tmp_path / "data", "training", tmp_path / "cache") if one.has_prior)


def test_nothing_asked_nothing_changed(case):
    same, matrix = varied(case, np.random.default_rng(0), SamplingConfig())
    assert same is case and np.array_equal(matrix, np.eye(4))


def test_a_turned_case_is_where_its_matrix_says(case):
    config = SamplingConfig(rotation_deviation=8.0, zoom_deviation=0.05)
    for seed in range(3):
        turned, matrix = varied(case, np.random.default_rng(seed), config)
        assert turned.mask.any() and not np.array_equal(turned.mask, case.mask)
        for voxels in turned.lesion_centres:
            # The middle of a metastasis, taken back, lies in the same metastasis.
            places = np.array(np.unravel_index(voxels, turned.label.shape))
            number = turned.label[tuple(places[:, 0])]
            middle = np.rint((matrix @ (*places.mean(1), 1))[:3])
            original = np.argwhere(np.asarray(case.label) == number)
            assert np.abs(original - middle).sum(1).min() <= 2
        inside = turned.current[turned.mask]
        assert inside.mean() == pytest.approx(0, abs=1e-3) and inside.std() == pytest.approx(1, abs=1e-3)
        assert not turned.current[~turned.mask].any()


def test_both_scans_are_turned_alike_and_a_drift_is_the_priors_alone(case):
    twin = replace(case, prior=case.current, background=(0.0, 0.0))
    still, _ = varied(twin, np.random.default_rng(1), SamplingConfig(rotation_deviation=5.0))
    assert np.allclose(still.current, still.prior, atol=1e-5)
    drifted, matrix = varied(twin, np.random.default_rng(1), SamplingConfig(prior_drift=1.0))
    assert np.array_equal(matrix, np.eye(4)) and np.allclose(drifted.current, case.current, atol=0.01)
    assert np.abs(drifted.current - drifted.prior).max() > 0.1


def test_noise_spread_and_slices_change_the_scans_and_not_the_truth(case):
    for options in ({"strongest_noise": 0.3}, {"widest_spread": 1.0}, {"thick_probability": 1.0}):
        changed, _ = varied(case, np.random.default_rng(2), SamplingConfig(**options))
        assert np.array_equal(changed.label, case.label) and np.array_equal(changed.mask, case.mask)
        assert np.abs(changed.current - case.current)[case.mask].mean() > 0.01
        assert not changed.current[~case.mask].any()


def test_a_first_scan_stays_without_a_prior(case):
    first = replace(case, has_prior=False, prior=np.zeros_like(case.prior))
    changed, _ = varied(first, np.random.default_rng(2), SamplingConfig(strongest_noise=0.3, rotation_deviation=3.0))
    assert not changed.prior.any()


def test_slices_are_read_and_lines_between_them_drawn():
    ramp = np.broadcast_to(np.arange(20, dtype=np.float32).reshape(1, 20, 1), (3, 20, 4))
    assert np.allclose(through_slices(ramp, 1, 2.0, 0.0)[:, 2:-2], ramp[:, 2:-2])
    spike = np.zeros((3, 21, 4), np.float32)
    spike[:, 10] = 1
    assert np.allclose(through_slices(spike, 1, 2.0, 0.0)[0, 8:13, 0], [0, 0.5, 1, 0.5, 0])
