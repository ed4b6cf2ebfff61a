"""Losses of Huang et al. 2021: BCE, VSS and JVSS (eqs. 1-4), SSE (eq. 5), and their weights in the authors' program.

All take `logit` or `probability` and `label` of shape [N, ...] (one sub-volume per entry, label 0 or 1) and return a
scalar to be minimised. BCE takes the logit, because its gradient survives saturation.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

#: Guards eqs. 1 and 2 against batches without positive, or without negative, sub-volumes.
EPSILON = 1e-6
FORMS = ("paper", "authors")


def sub_volumes(values: Tensor, edge: int) -> Tensor:
    """Cut [B, n, n, n] into blocks [B (n / edge)^3, edge, edge, edge]. Raises ValueError when n is no multiple."""
    batch, size = values.shape[0], values.shape[1]
    count = size // edge
    if count * edge != size:
        raise ValueError(f"an output of {size} voxels cannot be cut into sub-volumes of {edge}")
    blocks = values.reshape(batch, count, edge, count, edge, count, edge)
    return blocks.permute(0, 1, 3, 5, 2, 4, 6).reshape(-1, edge, edge, edge)


def bce(logit: Tensor, label: Tensor, positive_share: float = 0.0) -> Tensor:
    """Binary cross-entropy, averaged over all voxels of all sub-volumes.

    `positive_share`: the share of the weight that sub-volumes with metastasis have together, as if as many of the
    segments had been centred on one; 0: as many as they are.
    """
    if not positive_share:
        return F.binary_cross_entropy_with_logits(logit, label)
    each = F.binary_cross_entropy_with_logits(logit, label, reduction="none").flatten(1).mean(1)
    positive = label.flatten(1).amax(1)
    share = torch.where(
        positive > 0,
        positive_share / positive.sum().clamp(min=1),
        (1 - positive_share) / (1 - positive).sum().clamp(min=1),
    )
    return (share * each).sum() / share.sum()


def vss_terms(probability: Tensor, label: Tensor, form: str = "paper", smallest: int = 1) -> tuple[Tensor, Tensor]:
    """Volume-level sensitivity and specificity of a batch (Huang 2021, eqs. 1 and 2).

    `form="authors"` is what their program computes: denominators sum + 1 in place of sum + epsilon, and specificity as
    1 - sum(max p over negative sub-volumes) / (negative sub-volumes + 1). Sub-volumes with fewer than `smallest`
    voxels of metastasis, but with some, count neither as positive nor as negative.
    """
    if form not in FORMS:
        raise ValueError(f"form {form!r} is none of {FORMS}")
    p, y = probability.flatten(1), label.flatten(1)
    voxels = y.sum(1)
    positive, negative = (voxels >= smallest).to(p.dtype), (voxels == 0).to(p.dtype)
    detected = (positive * (p * y).amax(1)).sum()
    if form == "authors":
        return detected / (positive.sum() + 1), 1 - (negative * p.amax(1)).sum() / (negative.sum() + 1)
    spared = (negative * (1 - p.amax(1))).sum()
    return detected / (positive.sum() + EPSILON), spared / (negative.sum() + EPSILON)


def vss(probability: Tensor, label: Tensor, alpha: float, form: str = "paper", smallest: int = 1) -> Tensor:
    """Volume-level sensitivity-specificity loss (Huang 2021, eq. 3); alpha = 1 looks at sensitivity only."""
    sensitivity, specificity = vss_terms(probability, label, form, smallest)
    return 1 - (alpha * sensitivity + (1 - alpha) * specificity)


def jvss(
    logit: Tensor,
    label: Tensor,
    alpha: float,
    form: str = "paper",
    smallest: int = 1,
    positive_share: float = 0.0,
) -> Tensor:
    """VSS + BCE (Huang 2021, eq. 4); the authors' program weighs each by one half."""
    weight = 0.5 if form == "authors" else 1.0
    return weight * (vss(torch.sigmoid(logit), label, alpha, form, smallest) + bce(logit, label, positive_share))


def sse(probability: Tensor, label: Tensor, alpha: float) -> Tensor:
    """Voxel-level sensitivity-specificity error over the whole batch (Huang 2021, eq. 5); the authors use alpha =
    0.5."""
    squared = (label - probability) ** 2
    missed = (squared * label).sum() / (label.sum() + EPSILON)
    invented = (squared * (1 - label)).sum() / ((1 - label).sum() + EPSILON)
    return alpha * missed + (1 - alpha) * invented


def loss_by_name(
    name: str, alpha: float, form: str, smallest: int = 1, positive_share: float = 0.0
) -> Callable[[Tensor, Tensor], Tensor]:
    """The function (logit, label) -> scalar for a configuration's `loss`, `alpha` and `loss_form`."""
    losses: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
        "bce": lambda logit, label: bce(logit, label, positive_share),
        "jvss": lambda logit, label: jvss(logit, label, alpha, form, smallest, positive_share),
        "sse": lambda logit, label: sse(torch.sigmoid(logit), label, alpha),
    }
    if name not in losses:
        raise ValueError(f"loss {name!r} is none of {sorted(losses)}")
    return losses[name]
