import { applyAffine, invertAffine, type Vector3 } from '../../imaging/affine.js';
import type { Segment3d } from '../../model/lesion.js';
import { codes } from '../codes.js';
import { instancesWithFrames } from '../instance-references.js';
import type { ReportSource } from '../report-input.js';
import { frameOfReferenceUID } from '../source-attributes.js';
import { image, planarPolyline, spatialPolyline, type ContentItem } from './content-item.js';

/**
 * Where an axis was measured. One that lies in a source slice is drawn there, as an SCOORD selected from that image: viewers
 * jump to it (OHIF stays where it is for an SCOORD3D). Another one, as axial axes of sagittal slices are, is an SCOORD3D.
 *
 * @see PS3.16 TID 320, PS3.3 C.18.6, C.18.9
 */
export function axisCoordinates(ends: Segment3d, { grid, frames, header }: ReportSource): ContentItem {
  const voxels = ends.map((end) => applyAffine(invertAffine(grid.patientFromVoxel), end));
  const k = Math.round((voxels[0][2] + voxels[1][2]) / 2);
  const frame = frames.find((one) => one.k === k);
  // A slice is as thick as the slices lie apart: an axis between its faces lies in it.
  if (frame === undefined || voxels.some((voxel) => Math.abs(voxel[2] - k) > 0.5))
    return spatialPolyline('INFERRED FROM', codes.path, ends, frameOfReferenceUID(header));
  const [reference] = instancesWithFrames([frame]);
  return planarPolyline('INFERRED FROM', codes.path, voxels.map(imageRelative), [
    image('SELECTED FROM', undefined, reference),
  ]);
}

/** Whether a measurement's coordinates lie in an image. */
export const isDrawnInImage = ({ ContentSequence }: ContentItem): boolean =>
  (ContentSequence as readonly ContentItem[]).some(({ ValueType }) => ValueType === 'SCOORD');

/** Column and row as images count them: the centre of the first pixel lies at (0.5, 0.5) (PS3.3 C.18.6.1.2). */
const imageRelative = ([i, j]: Vector3): readonly [number, number] => [i + 0.5, j + 0.5];
