"""The numbers of Huang et al. 2021, by the names that its networks have here."""

from training.paper.targets import BY_ALPHA

#: Huang 2021, Tabs. 2 and 3: network here -> (prior, loss, sensitivity, precision, false positives, mean Dice).
PAPER = {
    "bce-no-prior": ("no", "BCE", 0.853, 0.691, 106, 0.789),
    "jvss-1": ("no", "JVSS α = 1", 0.974, 0.274, 718, 0.808),
    "jvss-0.995": ("no", "JVSS α = 0.995", 0.946, 0.516, 247, 0.798),
    "jvss-0.99": ("no", "JVSS α = 0.99", 0.914, 0.736, 91, 0.801),
    "jvss-0.95": ("no", "JVSS α = 0.95", 0.881, 0.918, 22, 0.792),
    "jvss-0.9": ("no", "JVSS α = 0.9", 0.860, 0.930, 18, 0.788),
    "jvss-0.5": ("no", "JVSS α = 0.5", 0.802, 0.987, 3, 0.755),
    "sse-0.1": ("no", "SSE r = 0.1", None, None, None, None),
    "sse-0.5": ("no", "SSE r = 0.5", None, None, None, None),
    "sse-0.9": ("no", "SSE r = 0.9", None, None, None, None),
    "bce": ("yes", "BCE", None, None, None, None),
    "m-sens": ("yes", "JVSS α = 0.995 (M_sens)", 0.932, 0.621, 158, 0.808),
    "m-spec": ("yes", "JVSS α = 0.5 (M_spec)", 0.842, 0.996, 1, 0.760),
    "prior-channel": ("channel", "JVSS α = 0.995", None, None, None, None),
    "unet-bce": ("no", "3D U-Net, BCE", 0.720, 0.667, 100, 0.754),
    "unet-0.9": ("no", "3D U-Net, JVSS α = 0.9", 0.827, 0.197, 939, 0.814),
    "unet-0.5": ("no", "3D U-Net, JVSS α = 0.5", 0.694, 0.836, 38, 0.763),
}
#: Huang 2021, Tab. 1 and Fig. 3: sub-volume sensitivity, specificity, precision, area under the ROC curve.
PAPER_SUBVOLUMES = {
    "bce-no-prior": (0.880, 0.9915, 0.826, None),
    "jvss-1": (0.952, 0.9417, 0.427, 0.9752),
    "jvss-0.995": (0.936, 0.9807, 0.689, 0.982),
    "jvss-0.99": (0.917, 0.9924, 0.846, 0.982),
    "jvss-0.95": (0.899, 0.9978, 0.950, None),
    "jvss-0.9": (0.868, 0.9981, 0.954, None),
    "jvss-0.5": (0.841, 0.9991, 0.976, 0.9536),
    "m-sens": (0.927, 0.9873, 0.769, None),
    "m-spec": (0.857, 0.9995, 0.986, None),
}
#: (sensitivity, precision) of the paper's JVSS over α, without prior.
PAPER_BY_ALPHA = [PAPER[network][2:4] for network in BY_ALPHA]


def named(network: str) -> str:
    """A network under the name that the page uses."""
    prior, loss = PAPER[network][:2]
    return f"{loss}, prior: {prior}"
