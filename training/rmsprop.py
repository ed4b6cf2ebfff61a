"""RMSProp as the authors' program computes it: epsilon inside the square root, Nesterov momentum on the scaled step."""

import torch
from torch import nn


class RMSProp(torch.optim.Optimizer):
    """mean <- rho mean + (1 - rho) g^2;  s = lr g / sqrt(mean + epsilon);  v <- m v - s;  w <- w + m v - s.

    L1 and L2 penalties (l1 |w| + l2 w^2) act on the parameters of groups that set them.
    """

    def __init__(self, parameters, lr=1e-3, rho=0.9, epsilon=1e-4, momentum=0.6, l1=0.0, l2=0.0):
        super().__init__(parameters, {"lr": lr, "rho": rho, "epsilon": epsilon, "momentum": momentum, "l1": l1, "l2": l2})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                if w.grad is None:
                    continue
                g = w.grad
                if group["l1"] or group["l2"]:
                    g = g + group["l1"] * w.sign() + 2 * group["l2"] * w
                state = self.state[w]
                if not state:
                    state["mean"], state["velocity"] = torch.zeros_like(w), torch.zeros_like(w)
                state["mean"].mul_(group["rho"]).addcmul_(g, g, value=1 - group["rho"])
                s = group["lr"] * g / (state["mean"] + group["epsilon"]).sqrt()
                state["velocity"].mul_(group["momentum"]).sub_(s)
                w.add_(group["momentum"] * state["velocity"] - s)


def optimiser_for(network: nn.Module, config: dict) -> RMSProp:
    """The optimiser of a training configuration; only convolution kernels are regularised."""
    kernels = [m.weight for m in network.modules() if isinstance(m, nn.Conv3d)]
    known = {id(w) for w in kernels}
    others = [w for w in network.parameters() if id(w) not in known]
    return RMSProp(
        [{"params": kernels, "l1": config["l1"], "l2": config["l2"]}, {"params": others}],
        lr=config["learning_rate"],
        rho=config["rho"],
        epsilon=config["epsilon"],
        momentum=config["momentum"],
    )
