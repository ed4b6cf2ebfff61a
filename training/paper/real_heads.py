"""What the shipped ensemble finds in real heads, shown on the template: `scripts/real-heads.ts` writes the findings."""

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import nibabel
import numpy as np

from training.paper.targets import on_the_schwannoma

TEMPLATE = Path(__file__).parents[2] / "assets" / "colin27"
COLOURS = {"confirmed": "#ff5a4f", "candidate": "#ffd84a"}
#: Title, and which of LPS are the axes across and up.
VIEWS = (("from above", 0, 1), ("from the front", 0, 2), ("from the side", 1, 2))


def read_real_heads(file: Path) -> list:
    """Heads with their findings; empty if nothing was written."""
    return json.loads(file.read_text()) if file.exists() else []


def silhouettes() -> list:
    """For each view: the template's brain seen through, [up, across], and its extent in mm for matplotlib."""
    image = nibabel.load(TEMPLATE / "head.nii.gz")
    mask = np.asarray(nibabel.load(TEMPLATE / "brain-mask.nii.gz").dataobj) > 0
    head = np.where(mask, np.asarray(image.dataobj, np.float32), 0)
    # NIfTI's x and y grow to the right and to the front of the patient.
    grids = [np.arange(n) * image.affine[a, a] + image.affine[a, 3] for a, n in enumerate(head.shape)]
    lps = [sign * grid for sign, grid in zip((-1, -1, 1), grids)]
    pictures = []
    for _, across, up in VIEWS:
        seen = head.sum(3 - across - up).T
        pictures.append((seen, (lps[across][0], lps[across][-1], lps[up][0], lps[up][-1])))
    return pictures


def draw_real_heads(heads: list, to: Path) -> None:
    """One row per head that was read: three views through the template's brain, and one spot per finding with the area
    of its largest extent.
    """
    read = [head for head in heads if head["status"] == "reported"]
    figure, axes = plt.subplots(max(len(read), 1), 3, figsize=(9, 3.1 * max(len(read), 1)), squeeze=False)
    pictures = silhouettes()
    for row, head in zip(axes, read):
        for axis, (title, across, up), (seen, extent) in zip(row, VIEWS, pictures):
            axis.imshow(seen, cmap="gray", extent=extent, origin="lower", vmax=1.6 * seen.max())
            for confidence, colour in COLOURS.items():
                found = [f for f in head["findings"] if f["confidence"] == confidence]
                where = np.array([f["templateMm"] for f in found]).reshape(-1, 3)
                sizes = [max(12, f["longAxisMm"] ** 2) for f in found]
                axis.scatter(
                    where[:, across], where[:, up], s=sizes, facecolors="none", edgecolors=colour, linewidths=1.5
                )
            # The patient's left is on the right; the front is up or on the left.
            axis.set_xlim(sorted(extent[:2]))
            axis.set_ylim(sorted(extent[2:], reverse=up == 1))
            axis.set(xticks=[], yticks=[], title=title, aspect="equal")
        row[0].set_ylabel(head["head"])
    figure.tight_layout()
    figure.savefig(to, dpi=80)
    plt.close(figure)


def real_heads_table(heads: list) -> list:
    """Markdown lines, one per head, with its findings counted and the confirmed ones listed; a finding on the
    schwannoma is named so, and listed even if it is a candidate.
    """
    lines = ["| head | confirmed | candidates | confirmed findings: where, mm³ |", "|---|---|---|---|"]
    for head in heads:
        if head["status"] != "reported":
            lines.append(f"| {head['head']} | not read | | {head['reason']} |")
            continue
        confirmed = [f for f in head["findings"] if f["confidence"] == "confirmed"]
        words = [
            f"{'the schwannoma' if on_the_schwannoma(head['head'], f) else place(f)}, {f['volumeMm3']:.0f}"
            for f in confirmed
        ]
        words += [
            f"the schwannoma (candidate), {f['volumeMm3']:.0f}"
            for f in head["findings"]
            if f not in confirmed and on_the_schwannoma(head["head"], f)
        ]
        lines.append(
            f"| {head['head']} | {len(confirmed)} | {len(head['findings']) - len(confirmed)} | {'; '.join(words)} |"
        )
    return lines


def place(finding: dict) -> str:
    """The location of a finding: lobe or structure, else the template's millimetres to the left, back and top."""
    site = finding["site"]
    if site:
        return " ".join(code["meaning"] for code in (site["laterality"], site["structure"]) if code)
    return "({:.0f}, {:.0f}, {:.0f}) mm".format(*finding["templateMm"])
