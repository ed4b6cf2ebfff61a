"""Losses of Huang et al. 2021: BCE, VSS and JVSS (eqs. 1-4), SSE (eq. 5), and their weights in the authors' program.

All take `probability` and `label` of shape [B, ...] (one sub-volume per batch entry, label 0 or 1) and return a scalar
to be minimised. BCE takes the logit instead of the probability, because its gradient survives saturation.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

#: Guards eqs. 1 and 2 against batches without positive, or without negative, sub-volumes.
EPSILON = 1e-6
FORMS = ("paper", "authors")


def bce(logit: Tensor, label: Tensor) -> Tensor:
    """Binary cross-entropy, averaged over all voxels of all sub-volumes."""
    return F.binary_cross_entropy_with_logits(logit, label)


def vss_terms(probability: Tensor, label: Tensor, form: str = "paper") -> tuple:
    """Volume-level sensitivity and specificity of a batch (Huang 2021, eqs. 1 and 2).

    `form="authors"` is what their program computes: denominators sum + 1 in place of sum + epsilon, and specificity as
    1 - sum(max p over negative sub-volumes) / (negative sub-volumes + 1).
    """
    if form not in FORMS:
        raise ValueError(f"form {form!r} is none of {FORMS}")
    p, y = probability.flatten(1), label.flatten(1)
    positive = y.amax(1)
    negative = 1 - positive
    detected = (p * y).amax(1).sum()
    if form == "authors":
        return detected / (positive.sum() + 1), 1 - (negative * p.amax(1)).sum() / (negative.sum() + 1)
    spared = (negative * (1 - p.amax(1))).sum()
    return detected / (positive.sum() + EPSILON), spared / (negative.sum() + EPSILON)


def vss(probability: Tensor, label: Tensor, alpha: float, form: str = "paper") -> Tensor:
    """Volume-level sensitivity-specificity loss (Huang 2021, eq. 3); alpha = 1 looks at sensitivity only."""
    sensitivity, specificity = vss_terms(probability, label, form)
    return 1 - (alpha * sensitivity + (1 - alpha) * specificity)


def jvss(logit: Tensor, label: Tensor, alpha: float, form: str = "paper") -> Tensor:
    """VSS + BCE (Huang 2021, eq. 4); the authors' program weighs each by one half."""
    weight = 0.5 if form == "authors" else 1.0
    return weight * (vss(torch.sigmoid(logit), label, alpha, form) + bce(logit, label))


def sse(probability: Tensor, label: Tensor, alpha: float) -> Tensor:
    """Voxel-level sensitivity-specificity error over the whole batch (Huang 2021, eq. 5); the authors use alpha =
    0.5."""
    squared = (label - probability) ** 2
    missed = (squared * label).sum() / (label.sum() + EPSILON)
    invented = (squared * (1 - label)).sum() / ((1 - label).sum() + EPSILON)
    return alpha * missed + (1 - alpha) * invented


def loss_by_name(name: str, alpha: float, form: str):
    """The function (logit, label) -> scalar for a configuration's `loss`, `alpha` and `loss_form`."""
    losses = {
        "bce": bce,
        "jvss": lambda logit, label: jvss(logit, label, alpha, form),
        "sse": lambda logit, label: sse(torch.sigmoid(logit), label, alpha),
    }
    if name not in losses:
        raise ValueError(f"loss {name!r} is none of {sorted(losses)}")
    return losses[name]
