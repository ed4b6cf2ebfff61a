"""Networks are trained after those that they start from, whatever is there already."""

import threading

import reproduce
from recipe import RECIPE, lineage, start_of


def trained(tmp_path, monkeypatch, networks, there=(), jobs=1) -> list:
    """The networks of a recipe in the order in which they are trained; `there` have checkpoints from elsewhere."""
    order = []
    monkeypatch.setattr(reproduce.Runs, "train", lambda self, network: order.append(network))
    runs = reproduce.Runs(tmp_path, jobs=jobs)
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

    monkeypatch.setattr(reproduce.Runs, "train", train)
    runs = reproduce.Runs(tmp_path, jobs=2)
    runs.checkpoint("bce-no-prior").parent.mkdir()
    runs.checkpoint("bce-no-prior").touch()
    runs.train_all(["jvss-0.5", "jvss-0.9"])


def test_nothing_is_there_and_the_whole_lineage_is_trained(tmp_path, monkeypatch):
    assert trained(tmp_path, monkeypatch, ["m-sens"]) == lineage("m-sens")
