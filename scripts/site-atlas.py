"""Make assets/colin27/sites.nii.gz: lobes and structures of the Colin27 brain, from the AAL parcellation.

    apt-get install mricron-data && /usr/bin/python3 scripts/site-atlas.py

AAL (Tzourio-Mazoyer et al. 2002, doi:10.1006/nimg.2001.0978) labels cortex and nuclei of this very head, as distributed with
MRIcron (`aal.nii.gz`, BSD-3-Clause). Its 116 regions are merged into lobes and structures; unlabelled voxels within the brain
mask, mostly white matter, take the nearest lobe; what lies unlabelled around the midline below the thalamus is brain stem.

A voxel is 10 × structure + side: 0 unpaired, 1 right, 2 left. `src/analysis/locate/site-atlas.ts` names the structures.
"""

import re
from pathlib import Path

import nibabel
import numpy as np
from scipy import ndimage

TEMPLATES = Path("/usr/share/mricron/templates")
ASSETS = Path(__file__).parent.parent / "assets" / "colin27"

FRONTAL, PARIETAL, TEMPORAL, OCCIPITAL, INSULA, CEREBELLUM, BRAIN_STEM = range(1, 8)
HIPPOCAMPUS, AMYGDALA, CAUDATE, PUTAMEN, PALLIDUM, THALAMUS = range(8, 14)
#: AAL region names → structure; the first pattern that matches counts.
STRUCTURES = [
    (r"Precentral|Frontal|Rolandic|Supp_Motor|Olfactory|Rectus|Cingulum_(Ant|Mid)|Paracentral", FRONTAL),
    (r"Postcentral|Parietal|SupraMarginal|Angular|Precuneus|Cingulum_Post", PARIETAL),
    (r"Temporal|Heschl|Fusiform|ParaHippocampal", TEMPORAL),
    (r"Calcarine|Cuneus|Lingual|Occipital", OCCIPITAL),
    (r"Insula", INSULA),
    (r"Cerebelum|Vermis", CEREBELLUM),
    (r"Hippocampus", HIPPOCAMPUS),
    (r"Amygdala", AMYGDALA),
    (r"Caudate", CAUDATE),
    (r"Putamen", PUTAMEN),
    (r"Pallidum", PALLIDUM),
    (r"Thalamus", THALAMUS),
]
#: Structures with white matter of their own that AAL leaves unlabelled.
LOBES = (FRONTAL, PARIETAL, TEMPORAL, OCCIPITAL)


def main() -> None:
    aal_image = nibabel.load(TEMPLATES / "aal.nii.gz")
    aal = np.asarray(aal_image.dataobj)
    brain = np.asarray(nibabel.load(ASSETS / "brain-mask.nii.gz").dataobj) > 0
    sites = np.zeros(aal.shape, np.uint8)
    for line in (TEMPLATES / "aal.nii.txt").read_text().splitlines():
        if line.strip():
            number, name = line.split()[:2]
            structure = next(s for pattern, s in STRUCTURES if re.match(pattern, name))
            side = {"R": 1, "L": 2}.get(name.rsplit("_", 1)[-1], 0)
            sites[aal == int(number)] = 10 * structure + side

    x, y, z = np.meshgrid(*(np.arange(n) + o for n, o in zip(aal.shape, aal_image.affine[:3, 3])), indexing="ij")
    head = ndimage.gaussian_filter(np.asarray(nibabel.load(ASSETS / "head.nii.gz").dataobj).astype(float), 1)
    tissue = head > 0.6 * np.median(head[brain])
    # Midbrain, pons and medulla in MNI millimetres: below the thalamus, before the cerebellum, between the temporal lobes.
    stem = (sites == 0) & brain & tissue & (np.abs(x) <= np.where(z > -18, 14, 18)) & (z <= -6) & (y <= -10) & (y >= -48)
    parts, _ = ndimage.label(ndimage.binary_opening(stem, iterations=3))
    stem &= ndimage.binary_dilation(parts == np.argmax(np.bincount(parts.ravel())[1:]) + 1, iterations=3)
    sites[stem] = 10 * BRAIN_STEM

    def nearest(structures: tuple) -> tuple:
        """Of each voxel: the value of the nearest voxel of these structures, and how far it is."""
        distance, where = ndimage.distance_transform_edt(~np.isin(sites // 10, structures), return_indices=True)
        return sites[tuple(where)], distance

    free = brain & (sites == 0)
    (lobe, to_lobe), (below, to_below), (insula, to_insula) = nearest(LOBES), nearest((CEREBELLUM,)), nearest((INSULA,))
    sites[free] = lobe[free]
    for near, value in (((to_below < to_lobe) & (z < -10), below), ((to_insula < to_lobe) & (to_insula <= 5), insula)):
        sites[free & near] = value[free & near]

    image = nibabel.Nifti1Image(sites.astype(np.uint8), aal_image.affine)
    nibabel.save(image, ASSETS / "sites.nii.gz")
    for value in np.unique(sites[sites > 0]):
        print(value, f"{(sites == value).sum() / 1000:.1f} cm3")


if __name__ == "__main__":
    main()
