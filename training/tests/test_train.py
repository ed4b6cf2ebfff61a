"""Training learns, and an interrupted run ends where an uninterrupted one does."""

import json
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import torch

from training.data.cases import Cases
from training.data.toy_patients import write_patients
from training.evaluate.predict import LEAST, Maps, claim, file_of, predict, read_map
from training.evaluate.score import evaluate
from training.export.tiny_models import brightness_network
from training.export.write_model import export_parts
from training.network.build import build_network
from training.network.checkpoint import load_network
from training.network.config import NetworkConfig
from training.network.whole_volume import probability_volume
from training.paper.examples import draw_examples
from training.train.batch import Batches, Mistake, visit
from training.train.config import TrainConfig, read_config
from training.train.mistakes import in_batch, in_volume
from training.train.rmsprop import RMSProp
from training.train.state import RunState, hand_over, pause
from training.train.train import train

#: Sub-volumes of the toy patients a network guessing at random would rank with this area under the curve.
CHANCE = 0.5
MARGIN = 0.3


def config_for(tmp_path, **changes) -> TrainConfig:
    values = {
        "data": str(tmp_path / "data"),
        "cache": str(tmp_path / "cache"),
        "network": {"widths": [4] * 9, "classifier_widths": [8, 8]},
        "segment": 9,
        "sample_by": "lesion",
        "bright_fraction": 0.5,
        "mistake_fraction": 0.5,
        "device": "cpu",
        "threads": 1,
        "learning_rate": 1e-3,
        "epsilon": 1e-8,
        **changes,
    }
    file = tmp_path / "config.json"
    file.write_text(json.dumps(values))
    return read_config(file, [])


@pytest.fixture
def toy(tmp_path):
    write_patients(tmp_path / "data", {"training": 4, "validation": 3}, seed=2, shape=(40, 40, 40))
    return tmp_path


def silent(*_, **__):
    pass


def test_resumed_training_gives_identical_weights(toy):
    through = train(toy / "a", config_for(toy, max_steps=6, sub_epoch=2, batch=4, halve_at=[3]), say=silent)
    train(toy / "b", config_for(toy, max_steps=4, sub_epoch=2, batch=4, halve_at=[3]), say=silent)
    resumed = train(toy / "b", config_for(toy, max_steps=6, sub_epoch=2, batch=4, halve_at=[3]), say=silent)
    assert through.step == resumed.step == 6
    for key, value in through.network.items():
        assert torch.equal(value, resumed.network[key]), key
    losses = [[line["loss"] for line in run.history] for run in (through, resumed)]
    assert losses[0] == losses[1]


def interrupt_at(step: int):
    """A console at which somebody presses Ctrl-C when that step is told."""

    def say(text, **_):
        if text.startswith(f"step={step} "):
            raise KeyboardInterrupt

    return say


def test_averaged_weights_survive_an_interruption(toy):
    options = dict(max_steps=8, sub_epoch=2, batch=4, average_from=2, average_every=2)
    through = train(toy / "a", config_for(toy, **options), say=silent)
    with pytest.raises(KeyboardInterrupt):
        train(toy / "b", config_for(toy, **options), say=interrupt_at(8))
    assert torch.load(toy / "b" / "checkpoint.pt")["step"] == 6
    resumed = train(toy / "b", config_for(toy, **options), say=silent)
    for key, value in through.network.items():
        assert torch.equal(value, resumed.network[key]), key


def test_a_run_with_nothing_to_average_is_refused(toy):
    with pytest.raises(ValueError, match="no weights to average"):
        train(toy / "a", config_for(toy, max_steps=5, average_from=4, average_every=4), say=silent)


def test_a_checkpoint_handed_over_is_the_same_start(toy):
    """It names no folder of the machine it was made on, and a branch begun from the run's own checkpoint goes on from
    it."""
    start, handed = toy / "bce" / "checkpoint.pt", toy / "handed.pt"
    train(start.parent, config_for(toy, max_steps=1, batch=4), say=silent)
    hand_over(start, handed)
    assert str(toy).encode() in start.read_bytes() and str(toy).encode() not in handed.read_bytes()
    train(toy / "branch", config_for(toy, max_steps=1, batch=4), init=start, say=silent)
    assert train(toy / "branch", config_for(toy, max_steps=2, batch=4), init=handed, say=silent).step == 2
    with pytest.raises(ValueError, match="not finished"):
        state = torch.load(start)
        torch.save({**state, "step": 0}, start)
        hand_over(start, handed)


def test_a_run_is_taken_up_elsewhere(toy):
    through = train(toy / "a", config_for(toy, max_steps=6, sub_epoch=3, batch=4), say=silent)
    with pytest.raises(KeyboardInterrupt):
        train(toy / "b", config_for(toy, max_steps=6, sub_epoch=3, batch=4), say=interrupt_at(6))
    paused = toy / "c" / "checkpoint.pt"
    paused.parent.mkdir()
    pause(toy / "b" / "checkpoint.pt", paused)
    assert str(toy).encode() not in paused.read_bytes()
    assert paused.stat().st_size < (toy / "b" / "checkpoint.pt").stat().st_size
    before = RunState.load(paused)
    assert before.step == 3
    resumed = train(paused.parent, config_for(toy, max_steps=6, sub_epoch=3, batch=4), say=silent)
    assert resumed.step == 6
    weight = "main.layers.3.2.weight"
    # The optimiser's memory lost precision; the run goes on all the same.
    assert torch.allclose(through.network[weight], resumed.network[weight], atol=1e-3)
    assert not torch.allclose(before.network[weight], resumed.network[weight], atol=1e-3)


def test_a_run_ends_with_the_mean_of_its_weights(toy):
    options = dict(max_steps=6, batch=4, seed=3)
    weight = "main.layers.3.2.weight"
    alone = {}
    for steps in (4, 6):
        alone[steps] = train(toy / str(steps), config_for(toy, **{**options, "max_steps": steps}), say=silent).network
    averaged = train(toy / "averaged", config_for(toy, **options, average_from=3, average_every=2), say=silent).network
    assert torch.allclose(averaged[weight], (alone[4][weight] + alone[6][weight]) / 2, atol=1e-7)
    assert not torch.equal(averaged[weight], alone[6][weight])
    # Batch statistics are those of the averaged weights: none of the last step's is left.
    means = "main.layers.3.0.means"
    assert not (averaged[means] == alone[6][means]).all(1).any()


def test_a_branch_starts_from_another_runs_network(toy):
    common = train(toy / "bce", config_for(toy, max_steps=2, batch=4), say=silent)
    config = config_for(toy, max_steps=1, batch=4, learning_rate=0.0, l1=0.0, l2=0.0, loss="jvss", alpha=0.995)
    branch = train(toy / "sens", config, init=toy / "bce" / "checkpoint.pt", say=silent)
    assert branch.step == 1 and branch.initial["steps"] == 2 and branch.initial["loss"] == "bce"
    weight = "main.layers.3.2.weight"
    assert torch.equal(common.network[weight], branch.network[weight])
    assert (toy / "sens" / "loss.png").stat().st_size > 0


def test_a_run_goes_on_as_its_checkpoint_says(toy):
    train(toy / "a", config_for(toy, max_steps=2, batch=4, loss="jvss", alpha=0.9), say=silent)
    kept = read_config(None, ["max_steps=4"], toy / "a")
    assert (kept.loss, kept.alpha, kept.batch, kept.max_steps) == ("jvss", 0.9, 4, 4)
    assert read_config(None, [], toy / "new").loss == "bce"
    assert train(toy / "a", kept, say=silent).step == 4


def test_a_branch_of_another_start_is_refused(toy):
    starts = [toy / name / "checkpoint.pt" for name in ("a", "b")]
    for seed, start in enumerate(starts):
        train(start.parent, config_for(toy, max_steps=1, batch=4, seed=seed), say=silent)
    train(toy / "branch", config_for(toy, max_steps=1, batch=4), starts[0], say=silent)
    with pytest.raises(ValueError, match="begun from another checkpoint"):
        train(toy / "branch", config_for(toy, max_steps=2, batch=4), starts[1], say=silent)


def test_whole_volumes_are_validated_and_change_nothing(toy):
    options = dict(max_steps=4, sub_epoch=1, batch=4)
    plain = train(toy / "plain", config_for(toy, **options), say=silent)
    watched = train(toy / "watched", config_for(toy, **options, validate_every=2, validation_cases=2), say=silent)
    scored = ["validationSensitivity" in line for line in watched.history]
    assert scored == [False, True, False, True]
    for key, value in plain.network.items():
        assert torch.equal(value, watched.network[key]), key


def test_a_short_training_beats_chance_by_a_margin(toy):
    """After 60 small batches, the last of them averaged, voxels of unseen metastases rank above other brain with AUC >
    CHANCE + MARGIN (seeds 1 to 6: 0.81 to 0.91)."""
    train(
        toy / "run", config_for(toy, max_steps=60, sub_epoch=20, batch=6, average_from=20, average_every=2), say=silent
    )
    network, state = load_network(toy / "run" / "checkpoint.pt")
    assert state["history"][-1]["loss"] < state["history"][0]["loss"]
    cases = list(Cases(toy / "data", "validation", toy / "cache"))
    positive, negative = [], []
    for case in cases:
        p = probability_volume(network, case.current, case.prior, case.mask)
        positive.append(p[(case.label > 0) & case.mask])
        negative.append(p[(case.label == 0) & case.mask])
    scores = np.concatenate(positive + negative)
    ranks = scores.argsort().argsort()
    n = sum(map(len, positive))
    area = (ranks[:n].mean() - (n - 1) / 2) / (len(scores) - n)
    assert area > CHANCE + MARGIN
    predict(cases[:1], lambda case: probability_volume(network, case.current, case.prior, case.mask), toy, say=silent)
    result = evaluate(cases[:1], {key: lambda case: read_map(toy, case) for key in ("sens", "spec")}, say=silent)
    assert result["summary"]["sens"]["metastases"] == len(cases[0].lesion_centres)
    assert result["summary"]["ensemblePerVolume"]["candidates"] == 0
    draw_examples([c for c in cases if file_of(toy, c).exists()], toy, toy / "examples.png")
    assert (toy / "examples.png").stat().st_size > 1000


def test_maps_are_kept_and_belong_to_one_network(toy):
    network = build_network(NetworkConfig(widths=(2,) * 9, classifier_widths=(4, 4))).eval()
    case = next(iter(Cases(toy / "data", "validation", toy / "cache")))
    maps = toy / "maps"
    claim(maps, {"checkpoint": "a"})
    expected = probability_volume(network, case.current, case.prior, case.mask)
    predict([case], lambda _: expected, maps, say=silent)
    assert np.abs(read_map(maps, case) - expected).max() <= LEAST
    written = file_of(maps, case).stat().st_mtime_ns
    predict([case], lambda _: expected, maps, say=silent)
    assert file_of(maps, case).stat().st_mtime_ns == written
    claim(maps, {"checkpoint": "a"})
    with pytest.raises(SystemExit, match="another network"):
        claim(maps, {"checkpoint": "b"})


@pytest.mark.skipif(shutil.which("npm") is None, reason="the node's engine needs Node.js")
def test_the_nodes_maps_are_those_of_pytorch(toy):
    torch.manual_seed(5)
    configs = {
        a: NetworkConfig(architecture=a, widths=(2,) * 9, classifier_widths=(4, 4))
        for a in ("deepmedic", "deepmedic-no-prior")
    }
    networks = {architecture: build_network(config).eval() for architecture, config in configs.items()}
    for architecture, network in networks.items():
        parts = toy / architecture / "parts"
        parts.mkdir(parents=True)
        export_parts(network, parts, architecture)
        (toy / architecture / "config.json").write_text(json.dumps({"network": configs[architecture].to_dict()}))
    for name, prior in (("asis", "0"), ("moved", "3"), ("withheld", "withheld")):
        options = ["--exact", "--runs", toy, "--split", "validation", "--as", name, "--prior", prior]
        subprocess.run(["npm", "run", "--silent", "predict", "--", *networks, *options], check=True)

    for case in Cases(toy / "data", "validation", toy / "cache"):
        for architecture, network in networks.items():
            maps = {name: Maps(toy / architecture / name) for name in ("asis", "moved", "withheld")}
            asis = maps["asis"].probability(case)
            expected = probability_volume(network, case.current, case.prior, case.mask, background=case.background)
            assert np.abs(asis - expected).max() <= 2 * LEAST
            assert expected.max() - expected[case.mask].min() > 0.1
            for name in ("moved", "withheld"):
                # A first scan has no prior that could be changed.
                assert maps[name].has(case) == case.has_prior
                if case.has_prior:
                    assert np.array_equal(asis, maps[name].probability(case)) == (architecture == "deepmedic-no-prior")


def test_rmsprop_step_by_hand():
    w = torch.tensor([1.0], requires_grad=True)
    optimiser = RMSProp([{"params": [w], "l1": 0.1, "l2": 0.2}], lr=0.01, rho=0.9, epsilon=1e-4, momentum=0.6)
    expected, mean, v = 1.0, 0.0, 0.0
    for gradient in (0.5, -0.2):
        w.grad = torch.tensor([gradient])
        optimiser.step()
        g = gradient + 0.1 + 2 * 0.2 * expected
        mean = 0.9 * mean + 0.1 * g * g
        s = 0.01 * g / (mean + 1e-4) ** 0.5
        v = 0.6 * v - s
        expected += 0.6 * v - s
        assert w.item() == pytest.approx(expected, rel=1e-5)


def test_the_rate_is_halved_where_the_schedule_says(toy):
    run = train(
        toy / "a", config_for(toy, max_steps=4, sub_epoch=1, batch=6, learning_rate=1e-3, halve_at=[1, 3]), say=silent
    )
    assert [line["learningRate"] for line in run.history] == [1e-3, 5e-4, 5e-4, 2.5e-4]
    assert run.optimiser["param_groups"][0]["lr"] == 2.5e-4
    # The log on disk is the checkpoint's, whatever an interruption left behind.
    assert (toy / "a" / "log.jsonl").read_text().splitlines() == [json.dumps(line) for line in run.history]


@pytest.mark.parametrize("share, centred", [(0.5, 4), (0.25, 2), (0.0, 0)])
def test_a_visit_has_its_share_of_segments_centred_on_metastases(toy, share, centred):
    cases = Cases(toy / "data", "training", toy / "cache")
    config = config_for(toy, segments_per_visit=8, tumour_fraction=share, bright_fraction=0.0)
    for seed in range(5):
        cuts = visit(cases.folder(cases.names[0]), [], [seed], config)
        assert sum(int(cut.segment.label[4, 4, 4]) for cut in cuts) == centred


def test_places_of_a_batch_change_in_turn(toy):
    config = config_for(toy, batch=4, segments_per_visit=8)
    batches = Batches(Cases(toy / "data", "training", toy / "cache"), config)
    for step in range(1, 30):
        renewed = [batches.place(slot, step)[1] == 0 for slot in range(4)]
        assert sum(renewed) == (1 if step % 2 == 0 else 0)


def test_batches_are_the_same_whoever_prepares_them_and_wherever_they_begin(toy):
    cases = Cases(toy / "data", "training", toy / "cache")
    config = config_for(toy, batch=3, segments_per_visit=4, strongest_noise=0.2, rotation_deviation=3.0)
    alone, aside = Batches(cases, config), Batches(cases, replace(config, workers=1))
    try:
        later = [Batches(cases, config).at(5, []).inputs[0], aside.at(5, []).inputs[0]]
        for step in range(5):
            assert torch.equal(alone.at(step, []).inputs[0], aside.at(step, []).inputs[0])
        assert all(torch.equal(alone.at(5, []).inputs[0], one) for one in later)
    finally:
        aside.close()


def test_a_time_point_that_is_gone_is_replaced(toy):
    cases = Cases(toy / "data", "training", toy / "cache")
    batches = Batches(cases, config_for(toy, batch=2, segments_per_visit=2, workers=1))
    for name in cases.names[1:]:
        shutil.rmtree(cases.folder(name))
    try:
        for step in range(4):
            assert {cut.case for cut in batches.at(step, []).cuts} == {cases.names[0]}
    finally:
        batches.close()


def test_synthetic_patients_are_used_up_and_no_others(toy, monkeypatch):
    monkeypatch.setattr("training.train.batch.FEWEST", 1)
    cases = Cases(toy / "data", "training", toy / "cache")
    for name in cases.names[:2]:
        note = cases.folder(name) / "case.json"
        note.write_text(json.dumps({"patient": name.partition("/")[0]}))
    cases = Cases(toy / "data", "training", toy / "new-cache")
    batches = Batches(cases, config_for(toy, batch=1, segments_per_visit=1, visits_of_a_patient=2))
    before = list(cases.names)
    for step in range(40):
        batches.at(step, [])
    batches.use_up()
    assert cases.names == before[2:] and not cases.folder(before[0]).exists() and not cases.store(before[0]).exists()


def test_mistakes_come_back_to_the_time_point_they_were_made_in(toy):
    cases = Cases(toy / "data", "training", toy / "cache")
    config = config_for(
        toy, batch=2, segments_per_visit=2, tumour_fraction=0.0, mistake_fraction=1.0, rotation_deviation=4
    )
    made = [Mistake(1, name, (18 + n, 20, 22)) for n, name in enumerate(cases.names)]
    middle = config.segment // 2
    for cut in Batches(cases, config).at(20, made).cuts:
        where = (cut.original_from_segment @ (middle, middle, middle, 1))[:3]
        (expected,) = [m.centre for m in made if m.case == cut.case]
        assert np.abs(where - expected).max() < 1.01
    # Too new for a visit that was prepared before.
    new = [Mistake(19, m.case, m.centre) for m in made]
    assert all(
        np.abs((c.original_from_segment @ (middle, middle, middle, 1))[:3] - (18, 20, 22)).max() > 1.5
        for c in Batches(cases, config).at(20, new).cuts
    )


def test_mistakes_in_a_batch_are_named_by_their_place_in_the_case(toy):
    cases = Cases(toy / "data", "training", toy / "cache")
    config = config_for(toy, batch=2, segment=18, sub_volume=9, rotation_deviation=4, turn_probability=1.0)
    batch = Batches(cases, config).at(0, [])
    p = torch.zeros_like(batch.label)
    p[:, 3, 14, 5] = 0.9
    found = in_batch(p, batch, 2, 7)
    expected = [n for n in range(2) if not batch.label[n, :9, 9:, :9].any()]
    assert len(found) == len(expected)
    for mistake, n in zip(found, expected):
        cut = batch.cuts[n]
        assert (mistake.step, mistake.case) == (7, cut.case)
        assert np.abs((cut.original_from_segment @ (3, 14, 5, 1))[:3] - mistake.centre).max() <= 0.5


def test_whole_volumes_are_mined_for_what_is_no_metastasis(toy):
    case = next(iter(Cases(toy / "data", "training", toy / "cache")))
    # What is brighter than a standard deviation above the mean: metastases, and vessels.
    network = brightness_network(1.0).train()
    found = in_volume(network, case, 5)
    assert network.training and found
    assert all(case.mask[m.centre] and not case.label[m.centre] and m.case == case.name for m in found)


def test_a_patient_in_two_splits_is_refused(toy):
    shutil.copytree(toy / "data" / "training" / "toy-training-000", toy / "data" / "validation" / "toy-training-000")
    with pytest.raises(
        ValueError, match="1 patients are in more than one split, such as toy-training-000 in training and validation"
    ):
        train(toy / "a", config_for(toy, max_steps=1), say=silent)


def test_unknown_options_are_refused(tmp_path):
    with pytest.raises(ValueError, match="learningrate"):
        read_config(None, ["learningrate=1"])
