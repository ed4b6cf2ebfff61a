"""Networks are trained after those that they start from, whatever is there already."""

import json
import threading
from pathlib import Path

import pytest

from training.network.checkpoint import load_network
from training.network.config import AUTHORS, NetworkConfig
from training.recipe import RECIPE, lineage, options_of, start_of
from training.recipe_runs import Runs, pair_of
from training.train.config import TrainConfig, read_config


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
    there = ["jvss-0.5-branch", "bce-no-prior"]
    order = trained(tmp_path, monkeypatch, ["jvss-0.5", "jvss-0.9"], there)
    assert sorted(order) == sorted(["jvss-0.5-branch", "jvss-0.5", "bce-no-prior", "jvss-0.9-branch", "jvss-0.9"])


def test_who_waits_for_a_start_takes_no_place(tmp_path, monkeypatch):
    """Of two lineages both begin, though the second of the first lineage was asked for before the second lineage."""
    first_of_each = ["jvss-0.5-branch", "jvss-0.9-branch"]
    both = threading.Barrier(2, timeout=60)

    def train(self, network: str) -> None:
        if network in first_of_each:
            both.wait()

    monkeypatch.setattr(Runs, "train", train)
    runs = Runs(tmp_path, jobs=2)
    runs.checkpoint("bce-no-prior").parent.mkdir()
    runs.checkpoint("bce-no-prior").touch()
    runs.train_all(["jvss-0.5", "jvss-0.9"])


def test_an_ensemble_is_one_network_of_each_role():
    assert pair_of(["bce", "m-spec", "m-sens"]) == ["m-sens", "m-spec"]
    assert pair_of(["m-sens", "authors-m-sens", "m-spec"]) == [] and pair_of(["m-sens", "bce"]) == []


def test_what_is_held_out_is_for_testing_only_and_no_patient_is_in_two_splits():
    seeds = [
        (split, seed)
        for split, parts in RECIPE["phantoms"].items()
        for part in parts
        for seed in range(part["seed"], part["seed"] + part["patients"])
    ]
    assert len({seed for _, seed in seeds}) == len(seeds)
    held_out = {
        split for split, parts in RECIPE["phantoms"].items() for part in parts if "scanner" in part or "head" in part
    }
    assert held_out == {"test"}


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
            "replay_fraction",
        )
    )


@pytest.mark.parametrize("network", list(RECIPE["networks"]))
def test_every_network_of_the_recipe_has_options_that_the_training_knows(network, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(options_of(network)))
    assert read_config(file, []).max_steps == options_of(network)["max_steps"]


@pytest.mark.parametrize(
    "file", sorted((Path(__file__).parents[1] / "checkpoints").glob("*.pt")), ids=lambda file: file.stem
)
def test_networks_handed_over_are_those_of_the_recipe(file):
    network, state = load_network(file)
    options, start = options_of(file.stem), start_of(file.stem)
    assert network.config.to_dict() == {**NetworkConfig().to_dict(), **options["network"]}
    assert {key: state["config"][key] for key in options if key != "network"} == {
        key: value for key, value in options.items() if key != "network"
    }
    assert state["step"] == options["max_steps"]
    if start:
        assert (state["initial"]["steps"], state["initial"]["loss"]) == (
            options_of(start)["max_steps"],
            options_of(start)["loss"],
        )


def test_nothing_is_there_and_the_whole_lineage_is_trained(tmp_path, monkeypatch):
    assert trained(tmp_path, monkeypatch, ["m-sens"]) == lineage("m-sens")
