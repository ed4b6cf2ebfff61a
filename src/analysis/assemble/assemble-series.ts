import { readFile } from 'node:fs/promises';
import { PrioraError } from '../../core/errors.js';
import type { Remark } from '../../model/remark.js';
import { isLossy } from '../../dicom/codestream.js';
import { instanceOf, number, text, type Dataset } from '../../dicom/dataset.js';
import { parseFile, type ParsedFile } from '../../dicom/dicom-file.js';
import { decodeFrames } from '../../dicom/pixel-decoder.js';
import { frameData, isNative, pixelLayout, type PixelLayout } from '../../dicom/pixel-data.js';
import { writeValues } from '../../dicom/stored-values.js';
import { SOPClass } from '../../dicom/uid.js';
import type { Volume } from '../../imaging/volume.js';
import type { SourceFrame } from '../../report/report-input.js';
import { chooseStack } from './choose-stack.js';
import { multiFrame, singleFrame, type SliceFrame } from './slice-frame.js';
import { orderSlices } from './slice-order.js';
import { refuseThinnedStack } from './thinned-stack.js';

/** Where a slice of an assembled volume came from; SEG and SR refer to it. */
export interface AssembledFrame extends SourceFrame {
  readonly path: string;
}

/** A series assembled into one volume. */
export interface AssembledSeries {
  /**
   * LPS mm. i runs along a row (columns), j along a column (rows), k along the normal row × column, so that
   * `patientFromVoxel` is always right-handed whatever the order of acquisition.
   */
  readonly volume: Volume;
  /** Source of each k, in order of k. */
  readonly frames: readonly AssembledFrame[];
  /** The data set of the instance that holds k = 0, without pixels: patient, study, series, frame of reference. */
  readonly header: Dataset;
  /** Whether any slice has been through lossy compression (LossyImageCompression, its transfer syntax, or its codestream). */
  readonly lossy: boolean;
  /** What a reader of the report should know about the source. */
  readonly notes: readonly Remark[];
}

export interface AssembleOptions {
  /** Fewer slices are not a head [10]. */
  readonly minimumSlices?: number;
  readonly signal?: AbortSignal;
}

interface Instance {
  readonly path: string;
  readonly file: ParsedFile;
  readonly layout: PixelLayout;
}

const multiFrameClasses: ReadonlySet<string | undefined> = new Set([
  SOPClass.EnhancedMRImageStorage,
  SOPClass.LegacyConvertedEnhancedMRImageStorage,
]);

/**
 * Assembles the files of one MR series into a volume. Whatever is not one complete and even stack of slices is rejected
 * with the reason; nothing is interpolated or guessed.
 *
 * @param files paths in any order.
 * @throws PrioraError DICOM_UNREADABLE, DICOM_CLASS_MISMATCH, DICOM_MISSING_ATTRIBUTE, PIXELS_UNDECODABLE,
 *   GEOMETRY_MISSING, GEOMETRY_MIXED, GEOMETRY_DUPLICATE, GEOMETRY_GAP, SERIES_TOO_SMALL; the subject names the
 *   SOPInstanceUID, or the file if that is unknown.
 */
export async function assembleSeries(
  files: readonly string[],
  options: AssembleOptions = {},
): Promise<AssembledSeries> {
  const { minimumSlices = 10, signal } = options;
  const instances = new Map<string, Instance>();
  const planes: SliceFrame[] = [];
  for (const path of files) {
    const file = await readInstance(path);
    const SOPInstanceUID = text(file.dataset, 'SOPInstanceUID')!;
    if (instances.has(SOPInstanceUID)) continue; // The same instance is among the paths twice.
    instances.set(SOPInstanceUID, { path, file, layout: pixelLayout(file.dataset) });
    if (isMultiFrame(file.dataset)) planes.push(...multiFrame(file.dataset));
    else planes.push(singleFrame(file.dataset));
  }
  if (planes.length === 0) throw new PrioraError('SERIES_TOO_SMALL', 'the series has no images');
  checkOneSeries([...instances.values()]);
  const { chosen, notes } = chooseStack(planes, minimumSlices);
  const { slices, spacingMm, patientFromVoxel } = orderSlices(chosen, minimumSlices);
  refuseThinnedStack(slices, spacingMm, planes);

  const { rows, columns } = slices[0];
  const voxels = new Float32Array(rows * columns * slices.length);
  const used = new Set(slices.map(({ SOPInstanceUID }) => SOPInstanceUID));
  let lossy = [...used].some((uid) => text(instances.get(uid)!.file.dataset, 'LossyImageCompression') === '01');
  for (const group of bySyntax([...instances].filter(([uid]) => used.has(uid)).map(([, instance]) => instance))) {
    const encoded = group.map(({ file, layout }) => frameData(file, layout));
    const { TransferSyntaxUID } = group[0].file.meta;
    if (!isNative(TransferSyntaxUID)) lossy ||= encoded.flat().some((frame) => isLossy(frame, TransferSyntaxUID));
    const pixels = await framePixels(group, encoded, signal);
    slices.forEach((slice, k) => {
      const frames = pixels.get(slice.SOPInstanceUID);
      if (!frames) return; // a slice of another group
      const { file, layout } = instances.get(slice.SOPInstanceUID)!;
      writeValues(voxels, k * rows * columns, frames[(slice.frameNumber ?? 1) - 1], layout, {
        RescaleSlope: slice.RescaleSlope,
        RescaleIntercept: slice.RescaleIntercept,
        ...paddingOf(file.dataset),
      });
    });
  }
  const padded = fillPadding(voxels);
  if (padded > 0) notes.push({ kind: 'padding', voxels: padded });
  if (lossy) notes.push({ kind: 'lossy compression' });
  return {
    volume: { shape: [columns, rows, slices.length], patientFromVoxel, voxels },
    frames: slices.map(({ SOPInstanceUID, SOPClassUID, frameNumber }, k) => ({
      SOPInstanceUID,
      SOPClassUID,
      ...(frameNumber !== undefined && { frameNumber }),
      path: instances.get(SOPInstanceUID)!.path,
      k,
    })),
    header: instances.get(slices[0].SOPInstanceUID)!.file.dataset,
    lossy,
    notes,
  };
}

/** Reads one instance and checks that it is the MR image that its class claims. */
async function readInstance(path: string): Promise<ParsedFile> {
  let file: ParsedFile;
  try {
    file = parseFile(await readFile(path), { stopAtPixelData: true });
  } catch (error) {
    if (error instanceof PrioraError)
      throw new PrioraError(error.code, error.message, { subject: { path }, cause: error });
    throw error;
  }
  const { meta, dataset } = file;
  const SOPInstanceUID = text(dataset, 'SOPInstanceUID');
  const SOPClassUID = text(dataset, 'SOPClassUID');
  const Modality = text(dataset, 'Modality');
  if (SOPInstanceUID === undefined)
    throw new PrioraError('DICOM_MISSING_ATTRIBUTE', 'SOPInstanceUID is missing', { subject: { path } });
  const mismatch = (reason: string) =>
    new PrioraError('DICOM_CLASS_MISMATCH', reason, { subject: { SOPInstanceUID, SOPClassUID } });
  if (meta.MediaStorageSOPClassUID !== undefined && meta.MediaStorageSOPClassUID !== SOPClassUID)
    throw mismatch('file meta information and data set name different SOP classes');
  if (SOPClassUID !== SOPClass.MRImageStorage && !isMultiFrame(dataset)) throw mismatch('this is no MR image');
  if (Modality !== 'MR') throw mismatch(`an MR SOP class holds modality ${Modality}`);
  // Whether there is a tube voltage or Hounsfield units: CT that somebody has relabelled.
  if (text(dataset, 'KVP') !== undefined || text(dataset, 'RescaleType') === 'HU')
    throw mismatch('an MR SOP class holds the attributes of CT');
  return file;
}

function checkOneSeries(instances: readonly Instance[]): void {
  const [first] = instances;
  for (const keyword of ['SeriesInstanceUID', 'StudyInstanceUID', 'FrameOfReferenceUID'])
    for (const { file } of instances)
      if (text(file.dataset, keyword) !== text(first.file.dataset, keyword))
        throw new PrioraError('GEOMETRY_MIXED', `the images have several values of ${keyword}`, {
          subject: instanceOf(file.dataset),
        });
}

/** Groups of instances that can be decoded together: same transfer syntax and pixel layout. */
function bySyntax(instances: readonly Instance[]): Instance[][] {
  const groups = new Map<string, Instance[]>();
  for (const instance of instances) {
    const key = JSON.stringify([instance.file.meta.TransferSyntaxUID, instance.layout]);
    groups.set(key, [...(groups.get(key) ?? []), instance]);
  }
  return [...groups.values()];
}

/** Native samples of every frame, from the encoded `frames` of each instance: SOPInstanceUID → bytes by frame. */
async function framePixels(
  group: readonly Instance[],
  frames: readonly Uint8Array[][],
  signal?: AbortSignal,
): Promise<Map<string, Uint8Array[]>> {
  const [{ file, layout }] = group;
  const { TransferSyntaxUID } = file.meta;
  const uids = group.map((instance) => text(instance.file.dataset, 'SOPInstanceUID')!);
  if (isNative(TransferSyntaxUID)) return new Map(uids.map((uid, index) => [uid, frames[index]]));
  const SeriesInstanceUID = text(file.dataset, 'SeriesInstanceUID');
  const subject = { SOPInstanceUID: uids[0], ...(SeriesInstanceUID !== undefined && { SeriesInstanceUID }) };
  const decoded = await decodeFrames({ TransferSyntaxUID, layout, frames: frames.flat() }, subject, signal);
  let at = 0;
  return new Map(uids.map((uid, index) => [uid, decoded.slice(at, (at += frames[index].length))]));
}

const isMultiFrame = (dataset: Dataset) => multiFrameClasses.has(text(dataset, 'SOPClassUID'));

/** PixelPaddingValue, to PixelPaddingRangeLimit where there is one. @throws PrioraError DICOM_VALUE_UNUSABLE */
function paddingOf(dataset: Dataset): { padding?: [number, number] } {
  const value = number(dataset, 'PixelPaddingValue');
  const limit = number(dataset, 'PixelPaddingRangeLimit');
  return value === undefined ? {} : { padding: [value, limit ?? value] };
}

/**
 * Gives voxels marked as padding (NaN) the lowest real value, which is background in MR. Returns how many there were.
 */
function fillPadding(voxels: Float32Array): number {
  let lowest = Infinity;
  let padded = 0;
  for (const value of voxels)
    if (value < lowest) lowest = value;
    else if (Number.isNaN(value)) padded++;
  if (padded > 0)
    for (let index = 0; index < voxels.length; index++)
      if (Number.isNaN(voxels[index])) voxels[index] = Number.isFinite(lowest) ? lowest : 0;
  return padded;
}
