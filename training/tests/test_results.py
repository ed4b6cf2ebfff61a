"""The results page: rates worked out by hand, and curves with a known area."""

import json

import numpy as np
import pytest

from evaluate import subvolume_scores
from results import write_results
from scores import LESION_CLASSES, curves, found_of, interval, precision, sensitivity
from targets import target_table


def row(case, metastases, found, false, positive=(), negative=()):
    lesions = [{"mm3": 50 if n else 500, "found": n < found, "change": "stable" if n else "new"} for n in range(metastases)]
    return {"network": "sens", "case": case, "prior": True, "priorShiftMm": 0.5, "lesions": lesions, "metastases": metastases, "found": found, "falsePositives": false, "dice": [0.8] * found,
            "foundIou10": found, "falsePositivesIou10": false, "subvolumes": {"positive": list(positive), "negative": list(negative)}}


def test_rates_and_interval():
    rows = [row("a/t0", 4, 3, 1), row("a/t1", 2, 2, 0), row("b/t0", 4, 1, 3)]
    assert sensitivity(rows) == pytest.approx(0.6)
    assert precision(rows) == pytest.approx(0.6)
    # Two patients: drawing one of them twice gives 5/6 or 1/4, the ends of the interval.
    assert interval(rows, sensitivity) == pytest.approx((0.6, 0.25, 5 / 6))


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
    assert found_of(rows, LESION_CLASSES["new"]) == (1, 2)
    assert found_of(rows, LESION_CLASSES["stable"]) == (2, 4)
    assert found_of(rows, LESION_CLASSES["< 0.1 cm³"]) == (2, 4)
    assert found_of(rows, LESION_CLASSES["6-10 mm"]) == (1, 2)


def test_targets():
    without = [row("a/t0", 20, 19, 10), row("b/t0", 20, 19, 10)]
    having = [row("a/t0", 20, 19, 5), row("b/t0", 20, 19, 6)]
    lines = "\n".join(target_table({"jvss-0.995": without, "m-sens": having}))
    assert "| the prior takes ≥ 36 % of M_sens's false positives | 0.450 | yes |" in lines
    assert "| and loses no stable metastases | 36 of 38 with, 36 without | yes |" in lines
    assert "| M_sens: sensitivity ≥ 0.93 | 0.950 | yes |" in lines
    assert "not scored: bce-no-prior" in lines
    worse = "\n".join(target_table({"jvss-0.995": having, "m-sens": without}))
    assert "| the prior takes ≥ 36 % of M_sens's false positives | -0.818 | **no** |" in worse


def test_subvolume_scores():
    probability = np.zeros((40, 37, 37), np.float32)
    label = np.zeros(probability.shape, np.uint8)
    label[2, 2, 2] = 1
    probability[2, 2, 2], probability[5, 5, 5], probability[38, 0, 0] = 0.4, 0.9, 0.7
    assert subvolume_scores(probability, label, np.ones(label.shape, bool)) == {"positive": [0.4], "negative": [0.7]}


def test_page(tmp_path):
    for network in ("bce", "m-sens"):
        (tmp_path / network).mkdir()
        scores = {"volumes": [row("a/t0", 4, 3, 1, [0.9], [0.2, 0.6]), row("b/t0", 4, 2, 0, [0.4], [0.1])]}
        (tmp_path / network / "test.json").write_text(json.dumps(scores))
    write_results(tmp_path, tmp_path / "docs")
    page = (tmp_path / "docs" / "results.md").read_text()
    assert "| yes | JVSS α = 0.995 (M_sens) | 0.625 (" in page
    assert "not trained" in page
    assert (tmp_path / "docs" / "pictures" / "roc.png").stat().st_size > 1000
