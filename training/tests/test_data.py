"""What is read from disk, and where segments are cut."""

import json
from dataclasses import replace

import nibabel
import numpy as np
import pytest

from training.data.case import normalise, read_case
from training.data.cases import Cases
from training.data.sampling import SamplingConfig
from training.data.segment import choose_centre, cut_segment
from training.data.toy_patients import write_patients
from training.network.geometry import cut, input_positions, low_resolution_size, tiles

PLAIN = SamplingConfig(scale_deviation=0.0, shift_deviation=0.0, flip_probability=(0.0, 0.0, 0.0))


@pytest.fixture
def cases(tmp_path):
    write_patients(tmp_path / "data", {"training": 3}, seed=4, shape=(40, 44, 48))
    return Cases(tmp_path / "data", "training", tmp_path / "cache")


def test_low_resolution_voxels_lie_at_block_centres():
    assert low_resolution_size(19, 3) == 25 and low_resolution_size(19, 5) == 22
    assert input_positions(19, 1)[9] == 0 and input_positions(19, 3)[9] == 1 and input_positions(19, 5)[9] == 2
    assert np.diff(input_positions(19, 5)).tolist() == [5] * 21


@pytest.mark.parametrize("factor", [1, 3, 5])
def test_cut_reads_the_named_voxels_and_zeros_beyond(factor):
    volume = np.arange(20 * 21 * 22, dtype=np.float32).reshape(20, 21, 22) + 1
    start, size = (2, 15, 6), (9, 10, 11)
    got = cut(volume, start, size, factor)
    positions = [start[a] + input_positions(size[a], factor) for a in range(3)]
    assert got.shape == tuple(len(p) for p in positions)
    for index in np.ndindex(*got.shape):
        where = tuple(p[i] for p, i in zip(positions, index))
        inside = all(0 <= w < n for w, n in zip(where, volume.shape))
        assert got[index] == (volume[where] if inside else 0)


@pytest.mark.parametrize("factor", [1, 3, 5])
def test_a_flipped_cut_is_the_cut_of_the_mirrored_volume(factor):
    volume = np.random.default_rng(1).standard_normal((70, 70, 70)).astype(np.float32)
    mirrored = volume[:, :, ::-1]
    assert np.array_equal(
        cut(volume, (30, 31, 22), (9, 9, 9), factor, (False, False, True)),
        cut(mirrored, (30, 31, 70 - 22 - 9), (9, 9, 9), factor),
    )


def test_tiles_cover_once_and_stay_on_the_lattice():
    seen = np.zeros((50, 40, 33), int)
    for start, size in tiles((16, 3, 0), (50, 31, 33), 30):
        assert all(s % 15 == 0 for s in start)
        seen[tuple(slice(s, s + n) for s, n in zip(start, size))] += 1
    assert seen.max() == 1
    assert (seen[16:50, 3:31, 0:33] == 1).all()
    with pytest.raises(ValueError, match="lattice"):
        next(tiles((0, 0, 0), (9, 9, 9), 20))


def test_normalise_inside_the_mask_only():
    mask = np.zeros((4, 5, 6), bool)
    mask[1:3] = True
    image = np.random.default_rng(0).normal(300, 20, mask.shape)
    result, background = normalise(image, mask)
    assert background == 0
    assert result[mask].mean() == pytest.approx(0, abs=1e-5) and result[mask].std() == pytest.approx(1, abs=1e-5)
    assert not result[~mask].any()
    assert not normalise(np.full(mask.shape, 7), mask)[0].any()


def test_normalise_over_the_whole_masked_image():
    mask = np.zeros((4, 5, 6), bool)
    mask[1:3] = True
    image = np.random.default_rng(0).normal(300, 20, mask.shape)
    result, background = normalise(image, mask, "z-score-whole")
    assert result.mean() == pytest.approx(0, abs=1e-5) and result.std() == pytest.approx(1, abs=1e-5)
    assert background == pytest.approx(-1, abs=0.01) and (result[~mask] == np.float32(background)).all()
    with pytest.raises(ValueError, match="none of"):
        normalise(image, mask, "minmax")


def test_whole_image_cases_continue_their_background_beyond_the_crop(cases, tmp_path):
    whole = Cases(tmp_path / "data", "training", tmp_path / "cache", "z-score-whole")
    assert whole.preprocessing["normalisation"] == "z-score-whole" and "backgroundValue" not in whole.preprocessing
    for _ in range(2):  # read, then from the cache
        case = whole.by_name[next(iter(whole)).name]
        assert case.background[0] < 0 and case.current[~case.mask].max() == np.float16(case.background[0])
        segment, _ = cut_segment(case, (0, 0, 0), np.random.default_rng(0), replace(PLAIN, prior_dropout=0.0))
        assert (segment.current[0] == np.float32(case.background[0])).all()
        whole = Cases(tmp_path / "data", "training", tmp_path / "cache", "z-score-whole")
    assert whole.digest != cases.digest
    same = next(iter(cases))
    assert np.array_equal(same.bright_centres, whole.by_name[same.name].bright_centres)


def test_cases_with_and_without_bias_correction_do_not_mix(cases, tmp_path):
    note = tmp_path / "data" / "training" / next(iter(cases)).name / "case.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "biasCorrection": "n4"}))
    with pytest.raises(ValueError, match="do not go together"):
        assert Cases(tmp_path / "data", "training", tmp_path / "other-cache").preprocessing


def test_cases_are_read_cropped_and_cached(cases, tmp_path):
    case = next(iter(cases))
    folder = tmp_path / "data" / "training" / case.name
    whole = np.asarray(nibabel.load(folder / "label.nii.gz").dataobj).transpose(2, 1, 0)
    box = tuple(slice(c, c + n) for c, n in zip(case.corner, case.label.shape))
    assert np.array_equal(whole[box], case.label) and all(c % 15 == 0 for c in case.corner)
    assert sum(len(voxels) for voxels in case.lesion_centres) == (whole > 0).sum()
    again = Cases(tmp_path / "data", "training", tmp_path / "cache")
    assert again.digest == cases.digest
    assert all(np.array_equal(a.current, b.current) for a, b in zip(again, cases))


def test_new_cases_are_picked_up_and_change_the_digest(cases, tmp_path):
    before = cases.digest
    write_patients(tmp_path / "data", {"training": 4}, seed=4, shape=(40, 44, 48))
    cases.refresh()
    assert len(cases) == 4 and cases.digest != before


def test_an_empty_mask_is_refused(cases, tmp_path):
    folder = tmp_path / "data" / "training" / next(iter(cases)).name
    shape = nibabel.load(folder / "mask.nii.gz").shape
    nibabel.save(nibabel.Nifti1Image(np.zeros(shape, np.uint8), np.eye(4)), folder / "mask.nii.gz")
    with pytest.raises(ValueError, match="empty"):
        read_case(folder)


def test_tumour_segments_hold_tumour_at_their_centre(cases):
    rng = np.random.default_rng(3)
    for sample_by in ("voxel", "lesion"):
        for tumour in (True, False):
            case = next(iter(cases))
            centre = choose_centre(case, rng, tumour, [], replace(PLAIN, sample_by=sample_by, bright_fraction=0.5))
            segment, _ = cut_segment(case, centre, rng, PLAIN)
            assert [x.shape[0] for x in segment.inputs] == [37, 25, 22, 37]
            assert (segment.label[9, 9, 9] == 1) == tumour and segment.inside[9, 9, 9] == 1
            assert segment.current[18, 18, 18] == pytest.approx(float(case.current[centre]))


@pytest.mark.parametrize("sample_by", ["voxel", "lesion"])
def test_segments_are_centred_on_metastases_that_are_large_enough(cases, sample_by):
    rng = np.random.default_rng(4)
    case = max(cases, key=lambda one: len({len(lesion) for lesion in one.lesion_centres}))
    sizes = sorted({len(lesion) for lesion in case.lesion_centres})
    config = replace(PLAIN, sample_by=sample_by, smallest_tumour=sizes[1])
    seen = set()
    for _ in range(200):
        number = np.asarray(case.label)[choose_centre(case, rng, True, [], config)]
        seen.add(int(((np.asarray(case.label) == number) & case.mask).sum()))
    assert seen == set(sizes[1:])


def test_mistakes_are_looked_at_again_as_often_as_asked(cases):
    rng, case = np.random.default_rng(4), next(iter(cases))
    known = [(3, 4, 5), (6, 7, 8)]
    chosen = [choose_centre(case, rng, False, known, replace(PLAIN, mistake_fraction=0.5)) for _ in range(200)]
    # Binomial.
    assert 70 <= sum(centre in known for centre in chosen) <= 130 and set(known) <= set(chosen)
    assert not any(choose_centre(case, rng, False, known, PLAIN) in known for _ in range(20))


def test_augmentation_keeps_background_and_resolutions_together(cases):
    config = replace(PLAIN, scale_deviation=0.2, shift_deviation=0.3, gamma_deviation=0.2, bias_deviation=0.5)
    case = next(iter(cases))
    centre = tuple(int(c) for c in np.argwhere(case.mask).mean(0))
    plain, _ = cut_segment(case, centre, np.random.default_rng(8), PLAIN)
    bent, _ = cut_segment(case, centre, np.random.default_rng(8), config)
    assert not bent.current[plain.current == 0].any()
    assert np.abs(bent.current - plain.current).max() > 0.05
    # The voxel at output position 1 is seen at normal resolution and by the path subsampled by 3.
    assert bent.current[10, 10, 10] == pytest.approx(bent.current_by3[9, 9, 9], abs=0.02)


def test_first_scans_and_dropout_give_zero_priors(cases, tmp_path):
    rng = np.random.default_rng(0)
    for case in cases:
        segment, _ = cut_segment(case, tuple(n // 2 for n in case.label.shape), rng, PLAIN)
        assert segment.prior.any() == case.has_prior
        assert not cut_segment(case, (20, 20, 20), rng, replace(PLAIN, prior_dropout=1.0))[0].prior.any()
    assert {json.loads(p.read_text())["has_prior"] for p in tmp_path.glob("cache/*/*/*/case.json")} <= {True, False}


def assert_where(case, segment, case_from_segment):
    """Voxels of the segment are those of the case that the matrix names."""
    for place in ((0, 0, 0), (2, 9, 17), (18, 0, 5)):
        where = tuple(np.rint((case_from_segment @ (*place, 1))[:3]).astype(int))
        assert all(0 <= w < n for w, n in zip(where, case.mask.shape))
        assert segment.inside[place] == case.mask[where] and segment.label[place] == (case.label[where] > 0)


def test_priors_are_moved_by_up_to_a_voxel_as_often_as_asked(cases):
    case = next(case for case in cases if case.has_prior)
    centre = tuple(n // 2 for n in case.label.shape)
    config = replace(PLAIN, prior_dropout=0.0, prior_shift=0.5)
    start = [c - 19 // 2 for c in centre]
    moves = list(np.ndindex(3, 3, 3))
    seen = []
    for seed in range(60):
        prior = cut_segment(case, centre, np.random.default_rng(seed), config)[0].prior
        found = [
            move
            for move in moves
            if np.array_equal(prior, cut(case.prior, [s + m - 1 for s, m in zip(start, move)], (19,) * 3, 1))
        ]
        assert len(found) == 1
        seen += found
    # Half of them stay, and of the others one in 27 (binomial, 60 drawings).
    assert 18 <= seen.count((1, 1, 1)) <= 43 and len(set(seen)) > 12


def test_axes_are_mirrored_as_often_as_asked_and_all_inputs_together(cases):
    case = next(case for case in cases if case.has_prior)
    centre = tuple(n // 2 for n in case.label.shape)
    plain, _ = cut_segment(case, centre, np.random.default_rng(0), replace(PLAIN, prior_dropout=0.0))
    flips = list(np.ndindex(2, 2, 2))
    seen = []
    for seed in range(60):
        config = replace(PLAIN, prior_dropout=0.0, flip_probability=(0, 0.3, 1))
        flipped, case_from_segment = cut_segment(case, centre, np.random.default_rng(seed), config)
        pairs = [(plain.current, flipped.current), (plain.prior, flipped.prior), (plain.label, flipped.label)]
        found = [f for f in flips if all(np.array_equal(np.flip(x, np.flatnonzero(f)), y) for x, y in pairs)]
        assert_where(case, flipped, case_from_segment)
        assert len(found) == 1
        seen += found
    assert all(k == 0 and i == 1 for k, _, i in seen)
    assert 7 <= sum(j for _, j, _ in seen) <= 30


def test_quarter_turns_keep_voxels_of_all_paths_together(cases):
    case = next(case for case in cases if case.has_prior)
    centre = tuple(n // 2 for n in case.label.shape)
    options = replace(PLAIN, prior_dropout=0.0, prior_shift=0.0)
    plain, _ = cut_segment(case, centre, np.random.default_rng(1), options)
    turns = [lambda x, axes=axes: np.rot90(x, 1, axes) for axes in ((0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1))]
    seen = set()
    for seed in range(30):
        config = replace(options, turn_probability=1.0)
        turned, case_from_segment = cut_segment(case, centre, np.random.default_rng(seed), config)
        assert_where(case, turned, case_from_segment)
        current = turned.current
        same = [n for n, turn in enumerate(turns) if np.array_equal(turn(plain.current), current)]
        assert len(same) == 1
        assert np.array_equal(turns[same[0]](plain.prior), turned.prior)
        assert np.array_equal(turns[same[0]](plain.label), turned.label)
        for factor, low in ((3, turned.current_by3), (5, turned.current_by5)):
            # Low-resolution voxel b lies at output voxel factor (b - 9) + factor // 2, nine voxels further in
            # `current`.
            positions = np.array([factor * (b - 9) + factor // 2 + 9 for b in range(low.shape[0])])
            inside = np.flatnonzero((positions >= 0) & (positions < current.shape[0]))
            assert np.array_equal(low[np.ix_(inside, inside, inside)], current[np.ix_(*[positions[inside]] * 3)])
        seen.add(same[0])
    assert len(seen) == 6
