"""Train one network. Interrupt it whenever you like; the same command goes on from the last checkpoint.

    /usr/bin/python3 training/train.py --run RUN --config OPTIONS.json [--init OTHER_RUN/checkpoint.pt]
    ... --set max_steps=2000 --set learning_rate=0.0005     overrides of the configuration, also when resuming

A run that goes on without --config keeps the configuration that its checkpoint embeds.

A run's folder receives checkpoint.pt (embeds the configuration), log.jsonl, loss.png.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel

from checkpoint import digest_of, save_checkpoint
from data import Cases, Segment, batch_arrays, choose_segment, cut_segment, refuse_shared_patients
from evaluate import evaluate
from heap import keep_freed_memory
from inference import TILE, probability_volume
from loss import loss_by_name
from model import NetworkConfig, RollingBatchNorm, adopt_variables, build_network, tumour_logit
from plot import plot_losses
from rmsprop import optimiser_for

DEFAULTS = {
    # The network (model.NetworkConfig).
    "network": {},
    # Folder with training/ and validation/, and where normalised crops are kept.
    "data": "training/runs/data",
    "cache": "training/runs/cache",
    # "z-score-in-mask", or "z-score-whole" as the authors do.
    "normalisation": "z-score-in-mask",
    "seed": 1,
    "threads": 2,
    # Use CUDA where torch has it.
    "device": "cuda" if torch.cuda.is_available() else "cpu",
    # Loss: "bce", "jvss" or "sse"; its alpha; "paper" or "authors" weights and denominators.
    "loss": "bce",
    "alpha": 0.5,
    "loss_form": "authors",
    # Segments: output edge (19: 37 voxels in), batch, share centred on tumour.
    "segment": 19,
    "batch": 10,
    "tumour_fraction": 0.5,
    # "voxel" as the authors do, or "lesion": every metastasis equally often, whatever its size.
    "sample_by": "voxel",
    # Metastases of fewer voxels are no centres of segments: where nobody can see them, losses that count detections call every spot of noise one.
    "smallest_tumour": 1,
    # Of the segments not centred on tumour: share centred on bright voxels, and share drawn again from those the
    # network last mistook for tumour.
    "bright_fraction": 0.0,
    "replay_fraction": 0.0,
    "replay_capacity": 300,
    # Augmentation, in standard deviations of the brain's intensity (bias: relative change per 100 voxels).
    "scale_deviation": 0.01,
    "shift_deviation": 0.05,
    "gamma_deviation": 0.0,
    "bias_deviation": 0.0,
    # Probability of mirroring each axis [k, j, i]; of a quarter turn about an axis drawn by lot; of moving the prior by up to a voxel;
    # of leaving it out.
    "flip_probability": [0.0, 0.0, 0.5],
    "turn_probability": 0.0,
    "prior_shift": 0.0,
    "prior_dropout": 0.0,
    # Optimiser: the authors' RMSProp.
    "learning_rate": 1e-3,
    "rho": 0.9,
    "epsilon": 1e-4,
    "momentum": 0.6,
    "l1": 1e-6,
    "l2": 1e-4,
    # The learning rate is halved at each of these steps.
    "halve_at": [],
    # From this step on (0: never) the weights after every so many batches are averaged, and a run ends with their average (Izmailov et al., UAI 2018):
    # what one step's noise calls tumour, the next step's does not.
    "average_from": 0,
    "average_every": 4,
    # Length, in batches; a sub-epoch ends with a checkpoint, a progress line and a look for new cases on disk.
    "max_steps": 1000,
    "sub_epoch": 25,
    # Every so many batches (0: never) this many time points of validation/ are scored, whole volumes, metastasis by metastasis.
    "validate_every": 0,
    "validation_cases": 4,
}


def read_config(path, overrides, run=None) -> dict:
    """Defaults, then the JSON file (or, without one, what the checkpoint of `run` was trained with), then `key=value` overrides (values are JSON
    where they parse). Unknown keys raise."""
    checkpoint = Path(run) / "checkpoint.pt" if run and not path else None
    kept = torch.load(checkpoint, map_location="cpu")["config"] if checkpoint and checkpoint.exists() else {}
    config = {**DEFAULTS, **kept}
    layers = [json.loads(Path(path).read_text())] if path else []
    for text in overrides:
        key, _, value = text.partition("=")
        try:
            layers.append({key: json.loads(value)})
        except json.JSONDecodeError:
            layers.append({key: value})
    for layer in layers:
        unknown = set(layer) - set(DEFAULTS)
        if unknown:
            raise ValueError(f"unknown options {sorted(unknown)}")
        config.update(layer)
    config["network"] = NetworkConfig.from_dict(config["network"]).to_dict()
    return config


def validate(network, cases) -> dict:
    """Sensitivity and false positives a volume of the network as it is, over whole volumes."""
    network.eval()
    maps = {"sens": lambda case: probability_volume(network, case.current, case.prior, case.mask, TILE, case.background)}
    scored = evaluate(cases, maps, say=lambda *_, **__: None)["summary"]["sens"]
    network.train()
    return {"validationSensitivity": scored["sensitivity"], "validationFalsePositives": scored["falsePositivesPerVolume"]}


def draw_batch(cases, rng: np.random.Generator, replay: list, config: dict) -> tuple:
    """(segments, inputs, label) of a random batch, on the device of the configuration; segments looked at again are taken out of `replay`."""
    segments = []
    for n in range(config["batch"]):
        tumour = n < round(config["batch"] * config["tumour_fraction"])
        if not tumour and replay and rng.random() < config["replay_fraction"]:
            segments.append(replay.pop(int(rng.integers(len(replay)))))
        else:
            segments.append(choose_segment(cases, rng, tumour, config))
    inputs, label = batch_arrays([cut_segment(cases.by_name[s.case], s.centre, config["segment"], rng, config) for s in segments])
    return segments, [torch.from_numpy(x).to(config["device"]) for x in inputs], torch.from_numpy(label).to(config["device"])


@torch.no_grad()
def adopt_average(network, averaged: AveragedModel, draw_inputs) -> None:
    """Give `network` the averaged weights, and batch statistics that are theirs, from as many batches of `draw_inputs()` as its window holds."""
    for own, average in zip(network.parameters(), averaged.module.parameters()):
        own.copy_(average)
    window = max(len(m.means) for m in network.modules() if isinstance(m, RollingBatchNorm))
    for _ in range(window):
        network(*draw_inputs())


def train(run: Path, config: dict, init=None, say=print) -> dict:
    """Train until `max_steps`, resuming from `run`/checkpoint.pt if it is there. Returns the last checkpoint.

    `init` is a checkpoint whose network the run starts from (weights and batch statistics, not the optimiser). Raises ValueError when the run
    was begun from another one, or ends before there is a weight to average, or when a patient is in two splits of the data.
    """
    if config["average_from"] and config["max_steps"] // config["average_every"] * config["average_every"] <= config["average_from"]:
        raise ValueError(f"a run of {config['max_steps']} batches has no weights to average from batch {config['average_from']} on")
    keep_freed_memory()
    run = Path(run)
    run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(config["threads"])
    # Segments are all of one size: the card may try which of its convolutions is the fastest.
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(config["seed"])
    rng = np.random.default_rng(config["seed"])
    refuse_shared_patients(Path(config["data"]))
    cases = Cases(config["data"], "training", config["cache"], config["normalisation"])
    network = build_network(NetworkConfig.from_dict(config["network"])).to(config["device"])
    optimiser = optimiser_for(network, config)
    averaged = AveragedModel(network) if config["average_from"] else None
    loss_of = loss_by_name(config["loss"], config["alpha"], config["loss_form"])
    step, history, replay, seconds = 0, [], [], 0.0
    initial = {}
    start = torch.load(init, map_location="cpu") if init else None
    validation = list(Cases(config["data"], "validation", config["cache"], config["normalisation"])) if config["validate_every"] else []
    validation = validation[:: max(1, len(validation) // config["validation_cases"])][: config["validation_cases"]]
    checkpoint = run / "checkpoint.pt"

    if checkpoint.exists():
        state = torch.load(checkpoint, map_location="cpu")
        network.load_state_dict(state["network"])
        rates = state["optimiser"]
        for group, now in zip(rates["param_groups"], optimiser.param_groups):
            group.update({k: v for k, v in now.items() if k != "params"})
        optimiser.load_state_dict(rates)
        if averaged and state.get("averaged"):
            averaged.load_state_dict(state["averaged"])
        torch.set_rng_state(state["torch_rng"])
        rng.bit_generator.state = state["numpy_rng"]
        step, history, seconds, initial = state["step"], state["history"], state["seconds"], state["initial"]
        if start and initial.get("sha256") != digest_of(start["network"]):
            raise ValueError(f"{run} was begun from another checkpoint than {init}; remove it to begin anew")
        if state.get("cuda_rng") is not None and torch.cuda.is_available():
            torch.cuda.set_rng_state(state["cuda_rng"])
        replay = [Segment(*s) for s in state["replay"]]
    elif start:
        adopt_variables(network, start["network"])
        initial = {"steps": start["step"], "loss": start["config"]["loss"], "dataHash": start["data_hash"], "sha256": digest_of(start["network"])}

    network.train()
    started, seconds_before, sums, validated = time.monotonic(), seconds, [], step
    while step < config["max_steps"]:
        rate = config["learning_rate"] * 0.5 ** sum(step >= s for s in config["halve_at"])
        for group in optimiser.param_groups:
            group["lr"] = rate

        segments, inputs, label = draw_batch(cases, rng, replay, config)
        logit = tumour_logit(network(*inputs))
        loss = loss_of(logit, label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        if averaged and step > config["average_from"] and step % config["average_every"] == 0:
            averaged.update_parameters(network)

        with torch.no_grad():
            worst = torch.sigmoid(logit).flatten(1).amax(1).cpu().numpy()
            present = label.flatten(1).amax(1).cpu().numpy() > 0
            found = (torch.sigmoid(logit) * label).flatten(1).amax(1).cpu().numpy()
        # A segment without tumour in which something was called tumour is worth another look.
        mistaken = [s for s, p, y in zip(segments, worst, present) if p >= 0.5 and not y]
        replay = (replay + mistaken)[-config["replay_capacity"] :]
        sums.append((loss.item(), found[present].mean() if present.any() else np.nan,
                     1 - worst[~present].mean() if (~present).any() else np.nan))

        if averaged and step == config["max_steps"]:
            adopt_average(network, averaged, lambda: draw_batch(cases, rng, [], config)[1])

        if step % config["sub_epoch"] == 0 or step == config["max_steps"]:
            seconds = seconds_before + time.monotonic() - started
            means = np.nanmean(np.array(sums), axis=0)
            sums = []
            line = {
                "step": step,
                "loss": round(float(means[0]), 5),
                "sensitivity": round(float(means[1]), 3),
                "specificity": round(float(means[2]), 3),
                "learningRate": rate,
                "cases": len(cases),
                "replay": len(replay),
                "seconds": round(seconds),
            }
            if validation and (step // config["validate_every"] > validated // config["validate_every"] or step == config["max_steps"]):
                line |= validate(network, validation)
                validated = step
            history.append(line)
            say(" ".join(f"{k}={v}" for k, v in line.items()), flush=True)
            state = {
                "config": config,
                "network": network.state_dict(),
                "optimiser": optimiser.state_dict(),
                "averaged": averaged.state_dict() if averaged else None,
                "torch_rng": torch.get_rng_state(),
                "cuda_rng": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
                "numpy_rng": rng.bit_generator.state,
                "step": step,
                "history": history,
                "seconds": seconds,
                "initial": initial,
                "replay": [(s.case, s.centre) for s in replay],
                "data_hash": cases.digest,
                "preprocessing": cases.preprocessing,
                "sources": cases.sources,
                "cases": len(cases),
            }
            save_checkpoint(checkpoint, state)
            # All of it anew: what an interruption left behind is not in the checkpoint's history.
            (run / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history))
            plot_losses(history, run / "loss.png")
            cases.refresh()
    return torch.load(checkpoint, map_location="cpu")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", required=True, help="folder of this run, created when absent")
    parser.add_argument("--config", help="JSON file of options")
    parser.add_argument("--init", help="checkpoint to start a new run from")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    train(options.run, read_config(options.config, options.set, options.run), options.init)
