import { readFile, rename, writeFile } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { multiplyAffine, type Affine } from './affine.js';
import { voxelCount, type Grid, type Volume } from './volume.js';

/** RAS (NIfTI) from LPS (DICOM, ITK) and back: x and y change sign. */
const flipXY: Affine = [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** NIfTI-1 data types that this reader and writer know: code → bytes per voxel and how to read one. */
const dataTypes: Record<number, { bytes: number; read: (view: DataView, offset: number, little: boolean) => number }> =
  {
    2: { bytes: 1, read: (view, offset) => view.getUint8(offset) },
    4: { bytes: 2, read: (view, offset, little) => view.getInt16(offset, little) },
    8: { bytes: 4, read: (view, offset, little) => view.getInt32(offset, little) },
    16: { bytes: 4, read: (view, offset, little) => view.getFloat32(offset, little) },
    64: { bytes: 8, read: (view, offset, little) => view.getFloat64(offset, little) },
    256: { bytes: 1, read: (view, offset) => view.getInt8(offset) },
    512: { bytes: 2, read: (view, offset, little) => view.getUint16(offset, little) },
    768: { bytes: 4, read: (view, offset, little) => view.getUint32(offset, little) },
    1024: { bytes: 8, read: (view, offset, little) => Number(view.getBigInt64(offset, little)) },
  };

/**
 * Reads a single-file, 3-D NIfTI-1 image with an sform or a qform (`.nii`, `.nii.gz`). Voxels keep their order (i
 * fastest); the affine is converted from RAS to LPS.
 *
 * @throws Error if the file is not such an image.
 * @see https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h
 */
export async function readNifti(path: string): Promise<Volume> {
  const raw = await readFile(path);
  const bytes = raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = view.getInt32(0, true) === 348;
  if (!little && view.getInt32(0, false) !== 348) throw new Error(`${path} is no NIfTI-1 image`);
  const dataType = dataTypes[view.getInt16(70, little)];
  if (!dataType) throw new Error(`${path}: NIfTI data type ${view.getInt16(70, little)} is not supported`);
  const rasFromVoxel = sform(view, little) ?? qform(view, little);
  if (!rasFromVoxel) throw new Error(`${path} has neither sform nor qform`);
  const shape = [view.getInt16(42, little), view.getInt16(44, little), view.getInt16(46, little)] as const;
  const slope = view.getFloat32(112, little) || 1;
  const intercept = view.getFloat32(116, little) || 0;
  const offset = view.getFloat32(108, little);
  const voxels = new Float32Array(shape[0] * shape[1] * shape[2]);
  for (let index = 0; index < voxels.length; index++)
    voxels[index] = dataType.read(view, offset + index * dataType.bytes, little) * slope + intercept;
  return { shape, patientFromVoxel: multiplyAffine(flipXY, rasFromVoxel), voxels };
}

function sform(view: DataView, little: boolean): Affine | null {
  if (view.getInt16(254, little) <= 0) return null;
  return [...Array.from({ length: 12 }, (_, index) => view.getFloat32(280 + 4 * index, little)), 0, 0, 0, 1];
}

/** The affine of a quaternion, an offset and spacings (nifti1.h, method 2). */
function qform(view: DataView, little: boolean): Affine | null {
  if (view.getInt16(252, little) <= 0) return null;
  const [b, c, d, x, y, z] = Array.from({ length: 6 }, (_, index) => view.getFloat32(256 + 4 * index, little));
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  const [handed, i, j, k] = Array.from({ length: 4 }, (_, index) => view.getFloat32(76 + 4 * index, little));
  const scale = [i, j, (handed < 0 ? -1 : 1) * k];
  const rotation = [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
    [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
  ];
  const rows = rotation.flatMap((row, axis) => [...row.map((value, column) => value * scale[column]), [x, y, z][axis]]);
  return [...rows, 0, 0, 0, 1];
}

/** A single-file NIfTI-1 image; the voxel type follows the array (Float32, Uint8, Uint16, Int16). LPS becomes RAS. */
export function encodeNifti(image: Grid & { voxels: Float32Array | Uint8Array | Uint16Array | Int16Array }): Buffer {
  const { voxels } = image;
  if (voxels.length !== voxelCount(image)) throw new RangeError('voxels do not fill the grid');
  const code =
    voxels instanceof Float32Array ? 16 : voxels instanceof Uint8Array ? 2 : voxels instanceof Int16Array ? 4 : 512;
  const header = Buffer.alloc(352);
  const m = multiplyAffine(flipXY, image.patientFromVoxel);
  const spacing = [0, 1, 2].map((axis) => Math.hypot(m[axis], m[axis + 4], m[axis + 8]));
  header.writeInt32LE(348, 0);
  [3, ...image.shape, 1, 1, 1, 1].forEach((value, index) => header.writeInt16LE(value, 40 + 2 * index));
  header.writeInt16LE(code, 70);
  header.writeInt16LE(voxels.BYTES_PER_ELEMENT * 8, 72);
  [1, ...spacing].forEach((value, index) => header.writeFloatLE(value, 76 + 4 * index));
  header.writeFloatLE(352, 108);
  header.writeFloatLE(1, 112);
  header[123] = 2; // millimetres
  header.writeInt16LE(1, 254); // sform: scanner coordinates
  m.slice(0, 12).forEach((value, index) => header.writeFloatLE(value, 280 + 4 * index));
  header.write('n+1\0', 344, 'latin1');
  return Buffer.concat([header, Buffer.from(voxels.buffer, voxels.byteOffset, voxels.byteLength)]);
}

/**
 * {@link encodeNifti} into a `.nii.gz`, through a temporary name so that a half-written file is never taken for a whole
 * one.
 */
export async function writeNifti(path: string, image: Parameters<typeof encodeNifti>[0]): Promise<void> {
  await writeFile(`${path}.part`, gzipSync(encodeNifti(image), { level: 1 }));
  await rename(`${path}.part`, path);
}
