"""RMSProp as the authors' program computes it: epsilon inside the square root, Nesterov momentum on the scaled step."""

import torch
from torch import nn

from training.train.config import TrainConfig


class RMSProp(torch.optim.Optimizer):
    """mean <- rho mean + (1 - rho) g^2;  s = lr g / sqrt(mean + epsilon);  v <- m v - s;  w <- w + m v - s.

    L1 and L2 penalties (l1 |w| + l2 w^2) act on the parameters of groups that set them.
    """

    def __init__(self, parameters, lr=1e-3, rho=0.9, epsilon=1e-4, momentum=0.6, l1=0.0, l2=0.0):
        super().__init__(
            parameters, {"lr": lr, "rho": rho, "epsilon": epsilon, "momentum": momentum, "l1": l1, "l2": l2}
        )

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            variables = [w for w in group["params"] if w.grad is not None]
            if not variables:
                continue
            gradients = [w.grad for w in variables]
            if group["l1"] or group["l2"]:
                gradients = torch._foreach_add(gradients, [w.sign() for w in variables], alpha=group["l1"])
                torch._foreach_add_(gradients, variables, alpha=2 * group["l2"])
            for w in variables:
                if not self.state[w]:
                    self.state[w].update(mean=torch.zeros_like(w), velocity=torch.zeros_like(w))
            means, velocities = ([self.state[w][key] for w in variables] for key in ("mean", "velocity"))
            # All variables in one call each: on a card, a hundred small calls would cost more than the convolutions.
            torch._foreach_mul_(means, group["rho"])
            torch._foreach_addcmul_(means, gradients, gradients, value=1 - group["rho"])
            deviations = torch._foreach_add(means, group["epsilon"])
            torch._foreach_sqrt_(deviations)
            steps = torch._foreach_mul(gradients, group["lr"])
            torch._foreach_div_(steps, deviations)
            torch._foreach_mul_(velocities, group["momentum"])
            torch._foreach_sub_(velocities, steps)
            torch._foreach_add_(variables, velocities, alpha=group["momentum"])
            torch._foreach_sub_(variables, steps)


def optimiser_for(network: nn.Module, config: TrainConfig) -> RMSProp:
    """The optimiser of a training configuration; only convolution kernels are regularised."""
    kernels = [m.weight for m in network.modules() if isinstance(m, nn.Conv3d)]
    known = {id(w) for w in kernels}
    others = [w for w in network.parameters() if id(w) not in known]
    return RMSProp(
        [{"params": kernels, "l1": config.l1, "l2": config.l2}, {"params": others}],
        lr=config.learning_rate,
        rho=config.rho,
        epsilon=config.epsilon,
        momentum=config.momentum,
    )
