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
from training.evaluate.score import evaluate
from training.network.build import adopt_variables, build_network, tumour_logit
from training.network.checkpoint import digest_of
from training.network.heap import keep_freed_memory
from training.network.layers import RollingBatchNorm
from training.network.whole_volume import TILE, probability_volume
from training.train import mistakes as mining
from training.train.batch import Batches, Mistake
from training.train.config import TrainConfig
from training.train.loss import loss_by_name, sub_volumes
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
    run.mkdir(parents=True, exist_ok=True)
    checkpoint = run / "checkpoint.pt"

    # -- Data
    refuse_shared_patients(Path(config.data))
    cases = Cases(Path(config.data), "training", Path(config.cache), config.normalisation)
    validation = validation_cases(config)
    batches = Batches(cases, config)

    # -- Network, loss and optimiser
    network = build_network(config.network).to(config.device)
    optimiser = optimiser_for(network, config)
    averaged = AveragedModel(network) if config.average_from else None
    loss_of = loss_by_name(config.loss, config.alpha, config.loss_form, config.smallest_tumour, config.positive_share)
    edge = config.sub_volume or config.segment

    # -- Where the run stands
    start = torch.load(init, map_location="cpu") if init else None
    step, seconds_before = 0, 0.0
    history: list[dict[str, Any]] = []
    mistakes: list[Mistake] = []
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
        step, seconds_before, history, initial = state.step, state.seconds, state.history, state.initial
        mistakes = [Mistake(*m) for m in state.mistakes]
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
        seconds = seconds_before + time.monotonic() - started
        rate = rate_at(step, seconds, config)
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = batches.at(step, mistakes)
        with torch.autocast(config.device.split(":")[0], dtype=torch.bfloat16, enabled=config.bfloat16):
            scores = network(*batch.inputs)
        logit = tumour_logit(scores.float())
        # Sub-volumes are what the loss counts; those without brain are nothing.
        logits, labels, inside = (sub_volumes(x, edge) for x in (logit, batch.label, batch.inside))
        counted = inside.flatten(1).amax(1) > 0
        loss = loss_of(logits[counted], labels[counted])
        optimiser.zero_grad()
        loss.backward()
        if config.largest_gradient:
            nn.utils.clip_grad_norm_(network.parameters(), config.largest_gradient)
        optimiser.step()
        step += 1
        if averaged and step > config.average_from and step % config.average_every == 0:
            averaged.update_parameters(network)

        # -- What it shows: the loss, the sub-volumes' sensitivity and specificity, and mistakes
        with torch.no_grad():
            probability = torch.sigmoid(logit) * batch.inside
            parts = sub_volumes(probability, edge)[counted].flatten(1)
            worst = parts.amax(1).cpu().numpy()
            present = labels[counted].flatten(1).amax(1).cpu().numpy() > 0
            found = (parts * labels[counted].flatten(1)).amax(1).cpu().numpy()
        seen.append(
            (
                loss.item(),
                found[present].mean() if present.any() else np.nan,
                1 - worst[~present].mean() if (~present).any() else np.nan,
            )
        )
        mistakes += mining.in_batch(probability, batch, config.segment // edge, step)
        if config.mine_every and step % config.mine_every == 0:
            case = cases.by_name[cases.names[step // config.mine_every * 7919 % len(cases)]]
            mistakes += mining.in_volume(network, case, step)
        # Those that no visit under way can still be given are forgotten.
        oldest = step - 3 * config.segments_per_visit
        mistakes = [m for n, m in enumerate(mistakes[::-1]) if n < config.mistake_capacity or m.step > oldest][::-1]

        # -- The end
        seconds = seconds_before + time.monotonic() - started
        over = step == config.max_steps or 0 < config.max_seconds <= seconds
        if averaged and over:
            adopt_average(network, averaged, batches, step, mistakes)

        # -- A sub-epoch's end: progress line, checkpoint, new cases
        if step % config.sub_epoch and not over:
            continue
        means = np.nanmean(np.array(seen), axis=0)
        seen = []
        line = {
            "step": step,
            "loss": round(float(means[0]), 5),
            "sensitivity": round(float(means[1]), 3),
            "specificity": round(float(means[2]), 3),
            "learningRate": rate,
            "cases": len(cases),
            "mistakes": len(mistakes),
            "seconds": round(seconds),
        }
        due = validation and step // config.validate_every > validated // config.validate_every
        if validation and (due or over):
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
            step=step,
            history=history,
            seconds=seconds,
            initial=initial,
            mistakes=[(m.step, m.case, m.centre) for m in mistakes],
            data_hash=cases.digest,
            preprocessing=cases.preprocessing,
            sources=cases.sources,
            cases=len(cases),
            synthetic=cases.synthetic,
        )
        state.save(checkpoint)
        # All of it anew: what an interruption left behind is not in the checkpoint's history.
        (run / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in history))
        plot_losses(history, run / "loss.png")
        cases.refresh()
        batches.use_up()
        if over:
            break
    batches.close()
    return RunState.load(checkpoint)


def rate_at(step: int, seconds: float, config: TrainConfig) -> float:
    """The learning rate of a batch: halved where the schedule says, and falling to nothing at the run's end."""
    rate = config.learning_rate * 0.5 ** sum(step >= s for s in config.halve_at)
    if not config.cooldown:
        return rate
    done = max(step / config.max_steps, seconds / config.max_seconds if config.max_seconds else 0.0)
    return rate * min(1.0, max(0.0, 1 - done) / config.cooldown)


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
def adopt_average(
    network: nn.Module, averaged: AveragedModel, batches: Batches, step: int, mistakes: list[Mistake]
) -> None:
    """Give `network` the averaged weights, and batch statistics that are theirs, from the batches after `step`: as many
    as its window holds."""
    for own, average in zip(network.parameters(), averaged.module.parameters()):
        own.copy_(average)
    window = max(len(m.means) for m in network.modules() if isinstance(m, RollingBatchNorm))
    for n in range(window):
        network(*batches.at(step + n, mistakes).inputs)
