"""The training loop, in the order in which it happens.

A run's folder receives checkpoint.pt (embeds the configuration), log.jsonl and loss.png.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from training.data.case import Case
from training.data.cases import Cases, refuse_shared_patients
from training.data.segment import Segment
from training.evaluate.score import evaluate
from training.network.build import adopt_variables, build_network, tumour_logit
from training.network.checkpoint import digest_of
from training.network.heap import keep_freed_memory
from training.network.layers import RollingBatchNorm
from training.network.whole_volume import TILE, probability_volume
from training.train.batch import draw_batch
from training.train.config import TrainConfig
from training.train.loss import loss_by_name
from training.train.plot import plot_losses
from training.train.rmsprop import optimiser_for
from training.train.state import RunState


def train(run: Path, config: TrainConfig, init: Path | None = None, say: Callable[..., None] = print) -> RunState:
    """Train until `max_steps`, resuming from `run`/checkpoint.pt if it is there. Returns the state the run ends with.

    `init` is a checkpoint whose network the run starts from (weights and batch statistics, not the optimiser). Raises
    ValueError when the run was begun from another one, or when a patient is in two splits of the data.
    """
    # -- Machine
    keep_freed_memory()
    torch.set_num_threads(config.threads)
    # Segments are all of one size: the card may try which of its convolutions is the fastest.
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    run.mkdir(parents=True, exist_ok=True)
    checkpoint = run / "checkpoint.pt"

    # -- Data
    refuse_shared_patients(Path(config.data))
    cases = Cases(Path(config.data), "training", Path(config.cache), config.normalisation)
    validation = validation_cases(config)

    # -- Network, loss and optimiser
    network = build_network(config.network).to(config.device)
    optimiser = optimiser_for(network, config)
    averaged = AveragedModel(network) if config.average_from else None
    loss_of = loss_by_name(config.loss, config.alpha, config.loss_form)

    # -- Where the run stands
    start = torch.load(init, map_location="cpu") if init else None
    step, seconds_before = 0, 0.0
    history: list[dict[str, Any]] = []
    replay: list[Segment] = []
    initial: dict[str, Any] = {}
    if checkpoint.exists():
        state = RunState.load(checkpoint)
        if start and state.initial.get("sha256") != digest_of(start["network"]):
            raise ValueError(f"{run} was begun from another checkpoint than {init}; remove it to begin anew")
        network.load_state_dict(state.network)
        # The optimiser remembers its gradients; its options are those of this configuration.
        for group, now in zip(state.optimiser["param_groups"], optimiser.param_groups):
            group.update({k: v for k, v in now.items() if k != "params"})
        optimiser.load_state_dict(state.optimiser)
        if averaged and state.averaged:
            averaged.load_state_dict(state.averaged)
        torch.set_rng_state(state.torch_rng)
        if state.cuda_rng is not None and torch.cuda.is_available():
            torch.cuda.set_rng_state(state.cuda_rng)
        rng.bit_generator.state = state.numpy_rng
        step, seconds_before, history, initial = state.step, state.seconds, state.history, state.initial
        replay = [Segment(*s) for s in state.replay]
    elif start:
        adopt_variables(network, start["network"])
        initial = {
            "steps": start["step"],
            "loss": start["config"]["loss"],
            "dataHash": start["data_hash"],
            "sha256": digest_of(start["network"]),
        }

    network.train()
    started, validated = time.monotonic(), step
    seen: list[tuple[float, float, float]] = []
    while step < config.max_steps:
        # -- One batch
        rate = config.learning_rate * 0.5 ** sum(step >= s for s in config.halve_at)
        for group in optimiser.param_groups:
            group["lr"] = rate
        segments, inputs, label = draw_batch(cases, rng, replay, config)
        logit = tumour_logit(network(*inputs))
        loss = loss_of(logit, label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        if averaged and step > config.average_from and step % config.average_every == 0:
            averaged.update_parameters(network)
        if averaged and step == config.max_steps:
            adopt_average(network, averaged, lambda: draw_batch(cases, rng, [], config)[1])

        # -- What it shows: the loss, and the sub-volumes' sensitivity and specificity
        with torch.no_grad():
            probability = torch.sigmoid(logit)
            worst = probability.flatten(1).amax(1).cpu().numpy()
            present = label.flatten(1).amax(1).cpu().numpy() > 0
            found = (probability * label).flatten(1).amax(1).cpu().numpy()
        seen.append(
            (
                loss.item(),
                found[present].mean() if present.any() else np.nan,
                1 - worst[~present].mean() if (~present).any() else np.nan,
            )
        )
        # A segment without metastasis in which something was called one is worth another look.
        mistaken = [s for s, p, y in zip(segments, worst, present) if p >= 0.5 and not y]
        replay = (replay + mistaken)[-config.replay_capacity :]

        # -- A sub-epoch's end: progress line, checkpoint, new cases
        if step % config.sub_epoch and step < config.max_steps:
            continue
        seconds = seconds_before + time.monotonic() - started
        means = np.nanmean(np.array(seen), axis=0)
        seen = []
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
        due = validation and step // config.validate_every > validated // config.validate_every
        if validation and (due or step == config.max_steps):
            line |= validate(network, validation)
            validated = step
        history.append(line)
        say(" ".join(f"{k}={v}" for k, v in line.items()), flush=True)
        state = RunState(
            config=config.to_dict(),
            network=network.state_dict(),
            optimiser=optimiser.state_dict(),
            averaged=averaged.state_dict() if averaged else None,
            torch_rng=torch.get_rng_state(),
            cuda_rng=torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
            numpy_rng=rng.bit_generator.state,
            step=step,
            history=history,
            seconds=seconds,
            initial=initial,
            replay=[(s.case, s.centre) for s in replay],
            data_hash=cases.digest,
            preprocessing=cases.preprocessing,
            sources=cases.sources,
            cases=len(cases),
        )
        state.save(checkpoint)
        # All of it anew: what an interruption left behind is not in the checkpoint's history.
        (run / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history))
        plot_losses(history, run / "loss.png")
        cases.refresh()
    return RunState.load(checkpoint)


def validation_cases(config: TrainConfig) -> list[Case]:
    """The time points that are scored while the run goes on, spread over the patients of validation/."""
    if not config.validate_every:
        return []
    everything = list(Cases(Path(config.data), "validation", Path(config.cache), config.normalisation))
    return everything[:: max(1, len(everything) // config.validation_cases)][: config.validation_cases]


def validate(network: nn.Module, cases: list[Case]) -> dict[str, float]:
    """Sensitivity and false positives a volume of the network as it is, over whole volumes."""
    network.eval()

    def map_of(case: Case) -> np.ndarray:
        return probability_volume(network, case.current, case.prior, case.mask, TILE, case.background)

    scored = evaluate(cases, {"sens": map_of}, say=lambda *_, **__: None)["summary"]["sens"]
    network.train()
    return {
        "validationSensitivity": scored["sensitivity"],
        "validationFalsePositives": scored["falsePositivesPerVolume"],
    }


@torch.no_grad()
def adopt_average(network: nn.Module, averaged: AveragedModel, draw_inputs: Callable[[], list[torch.Tensor]]) -> None:
    """Give `network` the averaged weights, and batch statistics that are theirs, from as many batches of
    `draw_inputs()` as its window holds."""
    for own, average in zip(network.parameters(), averaged.module.parameters()):
        own.copy_(average)
    window = max(len(m.means) for m in network.modules() if isinstance(m, RollingBatchNorm))
    for _ in range(window):
        network(*draw_inputs())
