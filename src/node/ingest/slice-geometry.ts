import type { InstanceHeader } from '../../dicom/instance-header.js';
import type { InstanceRow } from '../../store/store.js';

type GeometryColumns = Pick<
  InstanceRow,
  | 'InstanceNumber'
  | 'orientation'
  | 'normalPositionMm'
  | 'sliceThicknessMm'
  | 'NumberOfFrames'
  | 'ImagesInAcquisition'
  | 'NumberOfSeriesRelatedInstances'
>;

const first = (values: readonly number[]) => values[0] ?? null;
/** 10⁻³ absorbs the rounding of different slices' cosines; + 0 turns −0 into 0. */
const rounded = (cosine: number) => (Math.round(cosine * 1000) / 1000 + 0).toFixed(3);

/**
 * What the index keeps of a slice's position: its orientation, and ImagePositionPatient along the normal (PS3.3
 * C.7.6.2.1.1).
 */
export function geometryColumns(header: InstanceHeader): GeometryColumns {
  const { ImageOrientationPatient: cosines, ImagePositionPatient: position } = header;
  const oriented = cosines.length === 6;
  const [rx, ry, rz, cx, cy, cz] = cosines;
  const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx];
  return {
    InstanceNumber: first(header.InstanceNumber),
    orientation: oriented ? cosines.map(rounded).join('\\') : null,
    normalPositionMm:
      oriented && position.length === 3
        ? normal[0] * position[0] + normal[1] * position[1] + normal[2] * position[2]
        : null,
    sliceThicknessMm: first(header.SliceThickness),
    NumberOfFrames: first(header.NumberOfFrames),
    ImagesInAcquisition: first(header.ImagesInAcquisition),
    NumberOfSeriesRelatedInstances: first(header.NumberOfSeriesRelatedInstances),
  };
}
