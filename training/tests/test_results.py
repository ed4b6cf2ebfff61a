"""The results page: rates worked out by hand, and curves with a known area."""

import json

import numpy as np
import pytest

from training.evaluate.bootstrap import value
from training.evaluate.score import subvolume_scores, summary_of_rows
from training.evaluate.scores import (
    curves,
    sensitivity_of,
    subvolume_precision,
    subvolume_specificity,
    through_ends,
    weight_areas,
    weight_curve,
)
from training.paper.results import write_results
from training.paper.tables import prior_table, training_table
from training.paper.targets import BY_ALPHA, BY_WEIGHT_OF_SSE, SCHWANNOMA, target_table


def row(case, metastases, found, false, positive=(), negative=()):
    lesions = [
        {"mm3": 50 if n else 500, "found": n < found, "change": "stable" if n else "new"} for n in range(metastases)
    ]
    return {
        "network": "sens",
        "case": case,
        "seed": 9000,
        "prior": True,
        "priorShiftMm": 0.5,
        "lesions": lesions,
        "metastases": metastases,
        "found": found,
        "falsePositives": false,
        "dice": [0.8] * found,
        "foundIou10": found,
        "falsePositivesIou10": false,
        "subvolumes": {"positive": list(positive), "negative": list(negative)},
    }


def test_weight_curve_area():
    # One weight finds half with precision 1, another everything with 0.5: 0.5 + 0.375, and nothing beyond.
    networks = [[row("a/t0", 4, 4, 4)], [row("a/t0", 4, 2, 0)]]
    recall, exact, area = weight_curve(networks)
    assert recall.tolist() == [0, 0.5, 1, 1] and exact.tolist() == [1, 1, 0.5, 0]
    assert area == pytest.approx(0.875)


def test_subvolume_rates():
    rows = [row("a/t0", 1, 1, 0, positive=[0.9, 0.3], negative=[0.1, 0.6, 0.2]), row("b/t0", 1, 1, 0, negative=[0.7])]
    assert value(rows, subvolume_specificity) == pytest.approx(0.5)
    assert value(rows, subvolume_precision) == pytest.approx(1 / 3)


def test_what_evaluate_says_beyond_counts():
    rows = [
        {**row("a/t0", 4, 3, 1, [0.9], [0.2, 0.6]), "foundIou10": 2, "falsePositivesIou10": 2},
        {**row("b/t0", 4, 2, 0, [0.4], [0.1]), "priorShiftMm": None},
    ]
    got = summary_of_rows(rows)
    assert got["iou10"] == {"sensitivity": 0.5, "precision": 0.667}
    assert got["subvolumes"] == {
        "sensitivity": 0.5,
        "specificity": 0.667,
        "precision": 0.5,
        "rocArea": 0.833,
        "prArea": 0.833,
    }
    assert got["byPriorShift"] == {"0.5-1 mm": {"volumes": 1, "sensitivity": 0.75, "falsePositivesPerVolume": 1.0}}
    assert summary_of_rows([])["subvolumes"]["precision"] is None


def test_roc_area():
    apart = [row("a/t0", 1, 1, 0, positive=[0.9, 0.8], negative=[0.1, 0.2])]
    assert curves(apart)["rocArea"] == pytest.approx(1)
    assert curves(apart)["prArea"] == pytest.approx(1)
    alike = [row("a/t0", 1, 1, 0, positive=[0.5, 0.5], negative=[0.5, 0.5])]
    assert curves(alike)["rocArea"] == pytest.approx(0.5)
    # Of the four pairs, three are in order: the area is the share of ordered pairs.
    mixed = [row("a/t0", 1, 1, 0, positive=[0.9, 0.3], negative=[0.1, 0.6])]
    assert curves(mixed)["rocArea"] == pytest.approx(0.75)
    # The first is found with nothing false before it, the second as the third of all: (1 + 2/3) / 2.
    assert curves(mixed)["prArea"] == pytest.approx(5 / 6)


def test_lesions_by_class():
    rows = [row("a/t0", 4, 3, 1), row("b/t0", 2, 0, 0)]
    shares = {name: value(rows, sensitivity_of(name)) for name in ("new", "stable", "< 0.1 cm³", "6-10 mm")}
    assert shares == {"new": 0.5, "stable": 0.5, "< 0.1 cm³": 0.5, "6-10 mm": 0.5}
    assert np.isnan(value(rows, sensitivity_of("grown")))


def test_targets():
    without = [row("a/t0", 20, 19, 10), row("b/t0", 20, 19, 10)]
    having = [row("a/t0", 20, 19, 5), row("b/t0", 20, 19, 6)]
    lines = "\n".join(target_table({"jvss-0.995": without, "m-sens": having}))
    assert "| the prior takes ≥ 36 % of M_sens's false positives | 0.450 (0.400 to 0.500) | yes |" in lines
    assert "| and loses no stable metastases | 0 lost, 0 gained | yes |" in lines
    assert "| M_sens: sensitivity ≥ 0.93 | 0.950 (0.950 to 0.950) | yes |" in lines
    assert "not scored: bce-no-prior" in lines
    worse = "\n".join(target_table({"jvss-0.995": having, "m-sens": [row("a/t0", 20, 18, 9), row("b/t0", 20, 20, 11)]}))
    assert "| the prior takes ≥ 36 % of M_sens's false positives | -0.818 (" in worse and ") | **no** |" in worse
    # One stable metastasis is missed that was found without the prior, another one found instead: a loss all the same.
    assert "| and loses no stable metastases | 1 lost, 1 gained | **no** |" in worse


def patients(found: int, false: int, shift=0.5) -> list:
    """Three patients of ten metastases, all alike."""
    return [{**row(f"{patient}/t1", 10, found, false), "priorShiftMm": shift} for patient in "abc"]


def judged(words: str, scores: dict) -> str:
    return next(line for line in target_table(scores) if words in line)


def test_alpha_moves_sensitivity_and_precision():
    falling = {network: patients(9 - n, 12 - 2 * n) for n, network in enumerate(BY_ALPHA)}
    assert "| no step against it | yes |" in judged("falls and precision rises", falling)
    against = {**falling, "jvss-0.99": patients(9, 13)}
    line = judged("falls and precision rises", against)
    assert "| sensitivity from jvss-0.995 to jvss-0.99, precision from jvss-0.995 to jvss-0.99 | **no** |" in line


def test_areas_over_the_weight_have_an_interval():
    scores = {
        **{network: patients(9, 0) for network in BY_ALPHA},
        **{network: patients(5, 0) for network in BY_WEIGHT_OF_SSE},
    }
    # (0, 1) to (0.9, 1) to (1, 0), and (0, 1) to (0.5, 1) to (1, 0).
    assert (
        "| +0.200 (+0.200 to +0.200): 0.950 against 0.750, of which 0.900 and 0.500 before the first network"
        in judged("area under JVSS", scores)
    )
    assert judged("area under JVSS", scores).endswith("| yes |")
    # Better in two of three patients is not better beyond the interval.
    unsure = {**scores, **{network: [*patients(9, 0)[:2], *patients(1, 9)[2:]] for network in BY_ALPHA}}
    assert judged("area under JVSS", unsure).endswith("| **no** |")
    assert through_ends([(0.5, 1)])[2] == pytest.approx(0.75)
    (area,), drawn = weight_areas([[patients(5, 0)]])
    assert area == pytest.approx(0.75) and np.allclose(drawn, area)


def test_a_channel_is_worse_when_it_is_worse_in_one_way_and_not_better_in_the_other():
    words, path = "as a channel", patients(8, 4)
    for found, false, verdict in (
        (7, 4, "yes"),
        (8, 5, "yes"),
        (7, 5, "yes"),
        (8, 4, "**no**"),
        (9, 5, "**no**"),
        (7, 3, "**no**"),
    ):
        assert judged(words, {"m-sens": path, "prior-channel": patients(found, false)}).endswith(f"| {verdict} |")


def test_prior_table():
    asis = patients(8, 4, 0.2)[:2] + patients(6, 4, 0.7)[2:]
    lines = prior_table({"as registered": asis, "withheld": patients(8, 7)})
    assert lines[2].startswith("| as registered | 3 | 0.733 (")
    assert (
        lines[3]
        == "| of these, 0 to 0.5 mm off | 2 | 0.800 (0.800 to 0.800) | 0.667 (0.667 to 0.667) | 4.000 (4.000 to 4.000) |  |  |"
    )
    assert lines[4].startswith("| of these, 0.5 to 1 mm off | 1 | 0.600 (") and lines[5].startswith(
        "| of these, 1 to 2 mm off | 0 |  |"
    )
    assert lines[6].endswith("| +0.067 (+0.000 to +0.200) | +3.000 (+3.000 to +3.000) |")


def test_targets_of_the_ensemble_and_of_real_heads():
    head, centre, reach = SCHWANNOMA
    on_it = {"confidence": "confirmed", "templateMm": list(centre)}
    elsewhere = {"confidence": "confirmed", "templateMm": [c + reach for c in centre]}
    ensemble = [{"case": "a/t0", "candidatesFalse": 1}, {"case": "a/t1", "candidatesFalse": 3}]
    lines = "\n".join(target_table({}, ensemble, [{"head": head, "findings": [on_it]}]))
    assert "false candidates a volume | 2.00 (2.00 to 2.00) | **no** |" in lines
    assert "but on the schwannoma | 0 | yes |" in lines
    for heads in ([{"head": head, "findings": [elsewhere]}], [{"head": "another", "findings": [on_it]}]):
        assert "but on the schwannoma | 1 | **no** |" in "\n".join(target_table({}, ensemble, heads))


def test_subvolume_scores():
    probability = np.zeros((40, 37, 37), np.float32)
    label = np.zeros(probability.shape, np.uint8)
    label[2, 2, 2] = 1
    probability[2, 2, 2], probability[5, 5, 5], probability[38, 0, 0] = 0.5, 0.9, 1 - 2.0**-20
    # What a network is certain of is told from what it is more certain of.
    assert subvolume_scores(probability, label, np.ones(label.shape, bool)) == {
        "positive": [0.5],
        "negative": [0.99999905],
    }


def test_page(tmp_path):
    for network in ("bce", "m-sens"):
        (tmp_path / network).mkdir()
        scores = {"volumes": [row("a/t0", 4, 3, 1, [0.9], [0.2, 0.6]), row("b/t0", 4, 2, 0, [0.4], [0.1])]}
        (tmp_path / network / "test.json").write_text(json.dumps(scores))
    (tmp_path / "ensemble").mkdir()
    counts = [
        {"case": f"{patient}/t0", "confirmed": 2, "confirmedFalse": 1, "candidates": 4, "candidatesFalse": 3}
        for patient in "ab"
    ]
    found = {"sens": (True, True, False, False), "spec": (False, True, True, False)}
    volumes = [
        {
            **row(f"{patient}/t0", 4, 2, 1),
            "network": key,
            "lesions": [{"found": hit, "mm3": 50, "change": None} for hit in hits],
        }
        for patient in "ab"
        for key, hits in found.items()
    ]
    for split in ("test", "test-familiar"):
        (tmp_path / "ensemble" / f"{split}.json").write_text(json.dumps({"volumes": volumes, "ensemble": counts}))
    finding = {
        "confidence": "confirmed",
        "volumeMm3": 132.4,
        "longAxisMm": 8,
        "probability": 0.9,
        "templateMm": [-30, 10, 5],
        "site": None,
    }
    heads = [
        {
            "head": "a",
            "status": "reported",
            "reason": None,
            "findings": [finding, {**finding, "confidence": "candidate"}],
        },
        {
            "head": SCHWANNOMA[0],
            "status": "reported",
            "reason": None,
            "findings": [{**finding, "confidence": "candidate", "templateMm": list(SCHWANNOMA[1])}],
        },
        {"head": "fruit", "status": "rejected", "reason": "no brain", "findings": []},
    ]
    (tmp_path / "real-heads.json").write_text(json.dumps(heads))
    write_results(tmp_path, tmp_path / "docs")
    page = (tmp_path / "docs" / "results.md").read_text()
    assert "| yes | JVSS α = 0.995 (M_sens) | 0.625 (" in page
    assert "not scored" in page and "| unseen scanner and head | 2 |" in page and training_table(["m-sens"])[-1] in page
    assert f"| {SCHWANNOMA[0]} | 0 | 1 | the schwannoma (candidate), 132 |" in page
    assert "| a | 1 | 1 | (-30, 10, 5) mm, 132 |" in page and "| fruit | not read | | no brain |" in page
    assert (tmp_path / "docs" / "pictures" / "real-heads.png").stat().st_size > 1000
    assert (tmp_path / "docs" / "pictures" / "roc.png").stat().st_size > 1000
    assert "All of them, the ensemble too, were run everywhere in the brain" in page
    # Of four metastases each network finds two, one of them alone.
    shown = "2 | 0.750 (0.750 to 0.750) | 0.500 (0.500 to 0.500) | 2.00 (2.00 to 2.00) | 1.00 (1.00 to 1.00) | 4.00 (4.00 to 4.00) | 3.00 (3.00 to 3.00) |"
    assert f"| test | {shown}" in page and f"| head and scanners of the training | {shown}" in page
    assert (
        "| JVSS α = 0.995 (M_sens), prior: yes | other patients: head and scanners of the training | 2 | 0.500" in page
    )

    maps = tmp_path / "m-sens" / "test"
    maps.mkdir()
    note = maps / "origin.json"
    note.write_text(json.dumps({"screen": {"threshold": 0.005}}))
    with pytest.raises(SystemExit, match="m-sens were run only where a screen looks"):
        write_results(tmp_path, tmp_path / "docs")
    note.write_text(json.dumps({"screen": None}))
    # Half of a network's volumes make no table.
    (tmp_path / "bce" / "test.json").write_text(json.dumps({"volumes": [row("a/t0", 4, 3, 1)]}))
    with pytest.raises(SystemExit, match="m-sens and bce were scored on other volumes"):
        write_results(tmp_path, tmp_path / "docs")
