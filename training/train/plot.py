"""The live loss curve of a run."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


def plot_losses(history: list, path) -> None:
    """Plot loss, and sub-volume sensitivity and specificity, from a run's progress lines over its steps."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3))
    steps = [line["step"] for line in history]
    left.plot(steps, [line["loss"] for line in history])
    left.set(xlabel="step", ylabel="training loss", yscale="log")
    for key in ("sensitivity", "specificity"):
        right.plot(steps, [line[key] for line in history], label=key)
    right.set(xlabel="step", ylim=(0, 1))
    right.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)
