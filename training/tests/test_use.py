"""No network loses its safety labels but by a person's word and by its scores."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from training.export.use import CLINICAL_STUDY, DEMONSTRATION, Grant, decide_use, sentences
from training.export.write_model import write_model
from training.network.config import NetworkConfig
from training.recipe_runs import Runs
from training.tests.test_export import needs_runtime
from training.tests.test_model import SMALL, trained_a_little

GOOD = {"volumes": 30, "metastases": 80, "sensitivity": 0.9, "precision": 0.95, "falsePositivesPerVolume": 0.4}
GRANT = Grant(CLINICAL_STUDY, "Dr. E. Example, chief physicist")


@pytest.mark.parametrize("role", ["sensitivity", "specificity"])
def test_a_person_and_the_scores_together_grant_a_use(role):
    decision = decide_use(GRANT, role, GOOD)
    assert decision["use"] == CLINICAL_STUDY and decision["unmet"] == []
    assert "Dr. E. Example" in sentences(decision) and "metastases at least 50" in sentences(decision)


@pytest.mark.parametrize("role", ["sensitivity", "specificity"])
def test_scores_alone_grant_nothing(role):
    for grant in (None, Grant(DEMONSTRATION, "")):
        assert decide_use(grant, role, GOOD)["use"] == DEMONSTRATION


@pytest.mark.parametrize(
    "role, change, reason",
    [
        ("sensitivity", {"metastases": 2}, "metastases is 2, not at least 50"),
        ("sensitivity", {"volumes": 3}, "volumes is 3, not at least 20"),
        ("sensitivity", {"sensitivity": 0.0}, "sensitivity is 0.0, not at least 0.8"),
        ("sensitivity", {"falsePositivesPerVolume": 33.0}, "falsePositivesPerVolume is 33.0, not at most 10.0"),
        ("specificity", {"precision": 0.35}, "precision is 0.35, not at least 0.8"),
        ("specificity", {"precision": None}, "precision is not known, not at least 0.8"),
    ],
)
def test_a_person_alone_grants_nothing(role, change, reason):
    decision = decide_use(GRANT, role, {**GOOD, **change})
    assert decision["use"] == DEMONSTRATION and decision["unmet"] == [reason]
    assert "Demonstration and testing only" in sentences(decision) and reason in sentences(decision)


def test_without_scores_or_on_phantoms_nothing_is_granted():
    assert decide_use(GRANT, "sensitivity", {})["use"] == DEMONSTRATION
    assert decide_use(GRANT, "sensitivity", GOOD, synthetic=3)["use"] == DEMONSTRATION


def test_a_grant_names_a_person():
    with pytest.raises(ValueError, match="the name of the person"):
        Grant(CLINICAL_STUDY, " ")
    with pytest.raises(ValueError, match="none of"):
        Grant("clinical", "Dr. E. Example")


@needs_runtime
def test_manifest_and_card_record_who_granted_what_on_which_scores(tmp_path):
    network = trained_a_little(NetworkConfig(**SMALL))
    training = {
        "data": "d",
        "recipe": "r",
        "config": {},
        "steps": 4,
        "dataHash": "h",
        "results": {**GOOD, "metastases": 2},
    }
    refused = write_model(tmp_path, "M_sens", "sensitivity", "2.1.0", network, training, grant=GRANT)
    card = (tmp_path / "m-sens.md").read_text()
    assert refused["use"] == DEMONSTRATION == json.loads((tmp_path / "m-sens.json").read_text())["use"]
    assert refused["training"]["release"]["grantedBy"] == GRANT.by
    assert "Not for clinical use" in card and "metastases is 2, not at least 50" in card and "M_sens 2.1.0" in card
    granted = write_model(
        tmp_path, "M_sens", "sensitivity", "2.1.0", network, {**training, "results": GOOD}, grant=GRANT
    )
    card = (tmp_path / "m-sens.md").read_text()
    assert granted["use"] == CLINICAL_STUDY and "Not for clinical use" not in card and GRANT.by in card


def test_a_sites_network_says_what_was_run_and_has_the_sites_version(tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr("training.recipe_runs.python", lambda program, *options: called.append(options))
    monkeypatch.setattr(
        "training.recipe_runs.load_state",
        lambda path: {"step": 4, "config": {"batch": 2, "loss": "bce" if path.parent.name == "start" else "jvss"}},
    )
    runs = Runs(tmp_path, own_data=tmp_path / "hospital", version="2026-11", grant=None)
    for network in ("start", "m-sens"):
        runs.checkpoint(network).parent.mkdir()
        runs.checkpoint(network).touch()
    runs.export("m-sens", tmp_path / "scores.json", "models", "patients of this hospital")
    options = dict(zip(called[0][::2], called[0][1::2]))
    assert options["--version"] == "2026-11" and "--use" not in options
    assert options["--recipe"] == "start: 4 batches of 2 segments, bce; m-sens: 4 batches of 2 segments, jvss."
    runs.grant = GRANT
    runs.export("m-sens", tmp_path / "scores.json", "models", "patients of this hospital")
    assert called[1][-4:] == ("--use", CLINICAL_STUDY, "--granted-by", GRANT.by)


@pytest.mark.parametrize("code, ends", [(0, False), (3, False), (1, True), (-9, True)])
def test_a_screen_that_could_not_be_validated_is_no_success(tmp_path, monkeypatch, code, ends):
    monkeypatch.setattr("subprocess.run", lambda command, **_: subprocess.CompletedProcess(command, code))
    said = []
    runs = Runs(tmp_path)
    if ends:
        with pytest.raises(SystemExit, match="runs this pair without it"):
            runs.validate_screen("models")
    else:
        runs.validate_screen("models", said.append)
    assert [one.startswith("No threshold passes") for one in said] == [True] * (code == 3)


@pytest.mark.parametrize(
    "more, reason",
    [([], "--version"), (["--version", "1", "--use", "clinical-study"], "--granted-by")],
)
def test_a_sites_training_asks_for_what_its_card_needs(tmp_path, more, reason):
    command = [
        sys.executable,
        "-m",
        "training.reproduce",
        "m-sens",
        "m-spec",
        "--data",
        str(tmp_path),
        "--to",
        str(tmp_path),
    ]
    done = subprocess.run(
        [*command, "--runs", str(tmp_path / "runs"), *more],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 2 and reason in done.stderr
