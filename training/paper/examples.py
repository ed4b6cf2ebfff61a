"""The figure of examples: what a network found, missed and invented, next to the prior."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from training.evaluate.matching import findings, match_volume
from training.evaluate.predict import read_map

#: Voxels around the middle of an example.
HALF = 30
#: Examples of each kind.
COUNT = 4


def slice_around(volume: np.ndarray, centre) -> np.ndarray:
    """The axial slice [j, i] of 60 x 60 voxels about `centre` [k, j, i], zeros beyond the volume; the first row is
    anterior.
    """
    k, j, i = centre
    padded = np.pad(np.asarray(volume[k], np.float32), HALF)
    return padded[j : j + 2 * HALF, i : i + 2 * HALF]


def chosen_examples(cases, folder: Path) -> dict:
    """Kind -> [(case, centre)]: the first metastases found and missed, and the first false positives, one per patient
    and kind.
    """
    kinds: dict = {"found": [], "missed": [], "false": []}
    for case in cases:
        if not case.has_prior or all(len(examples) >= COUNT for examples in kinds.values()):
            continue
        patient = case.name.split("/")[0]
        matched = match_volume(read_map(folder, case), case.label)
        centres = {n: tuple(np.argwhere(case.label == n).mean(0).round().astype(int)) for n in matched.lesion_volumes}
        found = [c for n, c in centres.items() if n in matched.found]
        missed = [c for n, c in centres.items() if n not in matched.found]
        for kind, places in (("found", found), ("missed", missed), ("false", matched.false_centres)):
            shown = {other.name.split("/")[0] for other, _ in kinds[kind]}
            if places and len(kinds[kind]) < COUNT and patient not in shown:
                kinds[kind].append((case, places[0]))
    return kinds


def draw_examples(cases, folder: Path, to: Path) -> None:
    """Rows: prior, current, current with the reference (green) and the findings (red) of the maps in `folder`."""
    kinds = chosen_examples(cases, folder)
    columns = [(kind, case, centre) for kind, examples in kinds.items() for case, centre in examples]
    figure, axes = plt.subplots(3, max(len(columns), 1), figsize=(1.5 * max(len(columns), 1), 4.8), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for column, (kind, case, centre) in enumerate(columns):
        views = [slice_around(v, centre) for v in (case.prior, case.current)]
        for row, view in enumerate((*views, views[1])):
            axes[row, column].imshow(view, cmap="gray", vmin=-2, vmax=4)
        for volume, colour in ((case.label > 0, "lime"), (findings(read_map(folder, case) >= 0.5)[0] > 0, "red")):
            outline = slice_around(volume, centre)
            if outline.any():
                axes[2, column].contour(outline, [0.5], colors=colour, linewidths=0.8)
        axes[0, column].set_title(kind, fontsize=8)
    for row, words in enumerate(("prior", "current", "reference, findings")):
        axes[row, 0].text(
            -0.08, 0.5, words, rotation=90, va="center", ha="right", fontsize=8, transform=axes[row, 0].transAxes
        )
    figure.tight_layout(pad=0.3)
    figure.savefig(to, dpi=100)
    plt.close(figure)
