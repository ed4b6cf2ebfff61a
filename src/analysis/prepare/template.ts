import { join } from 'node:path';
import { packageFolder } from '../../core/software.js';
import { coarsen } from '../../imaging/block-mean.js';
import { blur } from '../../imaging/box-blur.js';
import { flatten } from '../../imaging/flatten.js';
import { readNifti } from '../../imaging/nifti.js';
import { maskWhere, type LabelMap, type Volume } from '../../imaging/volume.js';

/** The head on which every image is laid: Colin27, MNI space, with its brain mask. */
export interface Template {
  /** 1 mm, as shipped. */
  readonly head: Volume;
  /** 1 mm, on the head's grid. */
  readonly brainMask: LabelMap;
  /** The head at 2 mm, flattened: what registrations compare with. */
  readonly flatHead: Volume;
  /** On the flattened head's grid: the brain and about a centimetre around it. */
  readonly brainRegion: LabelMap;
}

let loaded: Promise<Template> | undefined;

/** Reads `assets/colin27/`, once per process. */
export function loadTemplate(): Promise<Template> {
  return (loaded ??= readTemplate());
}

/** The template for skull-stripped images, as most public data sets are: its head without skull and scalp. */
export function strippedTemplate(template: Template): Template {
  const { head, brainMask } = template;
  const brain = { ...head, voxels: head.voxels.map((value, index) => (brainMask.voxels[index] !== 0 ? value : 0)) };
  return { ...template, head: brain, flatHead: flatten(coarsen(brain, 2)) };
}

async function readTemplate(): Promise<Template> {
  const path = (name: string) => join(packageFolder, 'assets/colin27', name);
  const [head, mask] = await Promise.all([readNifti(path('head.nii.gz')), readNifti(path('brain-mask.nii.gz'))]);
  return {
    head,
    brainMask: maskWhere(mask, (value) => value > 0),
    flatHead: flatten(coarsen(head, 2)),
    brainRegion: maskWhere(blur(coarsen(mask, 2), 8), (value) => value > 0.08),
  };
}
