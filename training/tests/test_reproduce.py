"""Networks are trained after those that they start from, whatever is there already."""

import json
import threading
from pathlib import Path

import pytest

from training.network.checkpoint import load_network
from training.network.config import AUTHORS, NetworkConfig
from training.paper.paper import PAPER
from training.recipe import RECIPE, lineage, options_of, start_of
from training.recipe_runs import Runs, pair_of
from training.train.config import TrainConfig, read_config

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"


def trained(tmp_path, monkeypatch, networks, there=(), jobs=1) -> list:
    """The networks of a recipe in the order in which they are trained; `there` have checkpoints from elsewhere."""
    order = []
    monkeypatch.setattr(Runs, "train", lambda self, network: order.append(network))
    runs = Runs(tmp_path, jobs=jobs)
    for network in there:
        runs.checkpoint(network).parent.mkdir()
        runs.checkpoint(network).touch()
    runs.train_all(networks)
    return order


def test_every_network_follows_its_start(tmp_path, monkeypatch):
    order = trained(tmp_path, monkeypatch, list(RECIPE["networks"]), jobs=4)
    assert sorted(order) == sorted(RECIPE["networks"])
    for network in order:
        assert start_of(network) is None or order.index(start_of(network)) < order.index(network)


def test_a_run_from_elsewhere_does_not_wait_for_a_start_that_comes_later(tmp_path, monkeypatch):
    order = trained(tmp_path, monkeypatch, ["jvss-0.5", "unet-0.9"], ["jvss-0.5"])
    assert sorted(order) == sorted(["jvss-0.5", "unet-start", "unet-0.9"])


def test_who_waits_for_a_start_takes_no_place(tmp_path, monkeypatch):
    """Two lineages begin at once, though a second network of the first was asked for before the second lineage."""
    first_of_each = ["start", "unet-start"]
    both = threading.Barrier(2, timeout=60)

    def train(self, network: str) -> None:
        if network in first_of_each:
            both.wait()

    monkeypatch.setattr(Runs, "train", train)
    Runs(tmp_path, jobs=2).train_all(["jvss-0.5", "jvss-0.9", "unet-0.9"])


def test_an_ensemble_is_one_network_of_each_role():
    assert pair_of(["bce", "m-spec", "m-sens"]) == ["m-sens", "m-spec"]
    assert pair_of(["m-sens", "authors-m-sens", "m-spec"]) == [] and pair_of(["m-sens", "bce"]) == []


def test_what_is_held_out_is_for_testing_only_and_no_patient_is_in_two_splits(tmp_path):
    seeds = [
        (split, seed)
        for split, parts in RECIPE["phantoms"].items()
        if split != "training"
        for part in parts
        for seed in range(part["seed"], part["seed"] + part["patients"])
    ]
    assert len({seed for _, seed in seeds}) == len(seeds)
    # Training patients come without an end, from other heads than validation and test have.
    assert [part["heads"] for part in RECIPE["phantoms"]["training"]] == ["train"]
    assert {part["heads"] for part in RECIPE["phantoms"]["validation"]} == {"validation"}
    assert {part["heads"] for part in RECIPE["phantoms"]["test"]} == {"test"}
    held_out = {split for split, parts in RECIPE["phantoms"].items() for part in parts if "scanner" in part}
    assert held_out == {"test"}


@pytest.mark.parametrize("shares", [1, 3, 8])
def test_shares_of_phantoms_are_all_of_them_once(tmp_path, shares):
    commands = Runs(tmp_path).phantoms.commands("test", shares)
    made = []
    for command in commands:
        value = {key: command[n + 1] for n, key in enumerate(command) if key.startswith("--")}
        scanner = value.get("--scanner")
        made += [(int(value["--seed"]) + n, scanner) for n in range(int(value["--patients"]))]
        assert value["--split"] == "test" and value["--out"] == str(tmp_path / "data" / "test")
    expected = [(9000 + n, "held-out") for n in range(44)] + [(9100 + n, None) for n in range(22)]
    assert sorted(made, key=str) == sorted(expected, key=str)


def test_every_network_of_the_tables_is_trained_as_long_as_the_others():
    lengths = {n: [(options_of(r)["max_steps"], options_of(r)["batch"]) for r in lineage(n)] for n in PAPER}
    assert len({str(length) for length in lengths.values()}) == 1


def test_the_authors_training_is_that_of_their_program():
    """60 epochs of 20 sub-epochs of 1000 segments, the rate halved after eight of them, their network and
    augmentation."""
    config = TrainConfig.from_dict(options_of("authors-m-sens"))
    assert config.network == AUTHORS and config.alpha == 0.995 and options_of("authors-m-spec")["alpha"] == 0.5
    assert config.max_steps * config.batch == 60 * 20 * 1000
    batches_of_an_epoch = 20 * 1000 // config.batch
    assert list(config.halve_at) == [batches_of_an_epoch * epoch for epoch in (17, 22, 27, 32, 37, 47, 52, 57)]
    assert (config.epsilon, config.momentum, config.rho, config.l1, config.l2) == (1e-4, 0.6, 0.9, 1e-6, 1e-4)
    assert (config.segment, config.tumour_fraction, config.sample_by, config.loss_form) == (19, 0.5, "voxel", "authors")
    assert config.flip_probability == (0, 0, 0.5) and (config.scale_deviation, config.shift_deviation) == (0.01, 0.05)
    assert not any(
        getattr(config, key)
        for key in (
            "gamma_deviation",
            "bias_deviation",
            "turn_probability",
            "prior_shift",
            "prior_dropout",
            "mistake_fraction",
        )
    )


@pytest.mark.parametrize("network", list(RECIPE["networks"]))
def test_every_network_of_the_recipe_has_options_that_the_training_knows(network, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(options_of(network)))
    assert read_config(file, []).max_steps == options_of(network)["max_steps"]


@pytest.mark.parametrize("file", sorted(CHECKPOINTS.glob("*.pt")), ids=lambda file: file.stem)
def test_networks_handed_over_are_whole_and_of_the_recipes_kinds(file):
    network, state = load_network(file)
    assert network.config.to_dict() == {**NetworkConfig().to_dict(), **options_of(file.stem)["network"]}
    assert state["step"] == state["config"]["max_steps"]


def test_nothing_is_there_and_the_whole_lineage_is_trained(tmp_path, monkeypatch):
    assert trained(tmp_path, monkeypatch, ["m-sens"]) == lineage("m-sens")
