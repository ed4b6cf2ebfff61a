import { writeFileSync } from 'node:fs';
import dcmjs from 'dcmjs';
import type { Dataset } from '../../../src/dicom/dataset.js';
import type { Edited } from './reader.js';

/** A segment as a person has drawn it: one value of `labels`. */
export interface DrawnSegment {
  readonly value: number;
  readonly SegmentLabel: string;
  readonly SegmentAlgorithmType: 'MANUAL' | 'SEMIAUTOMATIC';
}

/** What of dcmjs' derivations OHIF uses. */
interface Derivations {
  readonly data: {
    readonly DicomMessage: { readFile(bytes: ArrayBuffer): { dict: object; meta: object } };
    readonly DicomMetaDictionary: { naturalizeDataset(dict: object): Dataset; namifyDataset(meta: object): object };
    readonly datasetToBuffer: (dataset: Dataset) => Uint8Array;
  };
  readonly normalizers: { readonly Normalizer: { normalizeToDataset(datasets: readonly Dataset[]): Dataset } };
  readonly derivations: {
    readonly Segmentation: new (datasets: readonly Dataset[]) => {
      readonly dataset: Dataset;
      readonly referencedDataset: {
        readonly ReferencedSeriesSequence: { readonly ReferencedInstanceSequence: readonly Dataset[] };
      };
      setNumberOfFrames(count: number): void;
      addSegmentFromLabelmap(
        segment: Dataset,
        labelmaps: readonly (Uint8Array | Uint16Array)[],
        value: number,
        frameNumbers: readonly number[],
      ): void;
      bitPackPixelData(): void;
    };
  };
}

const { DicomMessage, DicomMetaDictionary, datasetToBuffer } = (dcmjs as unknown as Derivations).data;
const { Normalizer } = (dcmjs as unknown as Derivations).normalizers;
const { Segmentation } = (dcmjs as unknown as Derivations).derivations;

/**
 * A SEG as OHIF exports it: by dcmjs' derivation from the source images, as `@cornerstonejs/adapters` fills it. Segments are
 * numbered in the order given, without tracking identifiers, all of them "Tissue".
 *
 * @param sourceFiles in slice order. @param labels all slices one after the other.
 */
export function viewerSegmentation(
  sourceFiles: readonly Buffer[],
  labels: Uint8Array | Uint16Array,
  segments: readonly DrawnSegment[],
  path: string,
): Edited {
  const datasets = sourceFiles.map(({ buffer, byteOffset, byteLength }): Dataset => {
    const { dict, meta } = DicomMessage.readFile(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
    const _meta = DicomMetaDictionary.namifyDataset(meta);
    return { ...DicomMetaDictionary.naturalizeDataset(dict), _meta };
  });
  const segmentation = new Segmentation([Normalizer.normalizeToDataset(datasets)]);
  const area = labels.length / sourceFiles.length;
  // Its normaliser may sort the slices the other way round: each is looked up by its instance.
  const order = segmentation.referencedDataset.ReferencedSeriesSequence.ReferencedInstanceSequence.map(
    ({ ReferencedSOPInstanceUID }) => datasets.findIndex((one) => one['SOPInstanceUID'] === ReferencedSOPInstanceUID),
  );
  const slice = (k: number) => labels.subarray(k * area, (k + 1) * area);
  const framesOf = (value: number) =>
    order.flatMap((k, index) => (slice(k).includes(value) ? [{ labelmap: slice(k), frameNumber: index + 1 }] : []));
  const drawn = segments.map((segment) => ({ ...segment, frames: framesOf(segment.value) }));
  segmentation.setNumberOfFrames(drawn.reduce((total, { frames }) => total + frames.length, 0));
  for (const { value, SegmentLabel, SegmentAlgorithmType, frames } of drawn)
    segmentation.addSegmentFromLabelmap(
      {
        SegmentLabel,
        SegmentAlgorithmType,
        SegmentAlgorithmName: 'brush',
        SegmentedPropertyCategoryCodeSequence: {
          CodeValue: '85756007',
          CodingSchemeDesignator: 'SCT',
          CodeMeaning: 'Tissue',
        },
        SegmentedPropertyTypeCodeSequence: {
          CodeValue: '85756007',
          CodingSchemeDesignator: 'SCT',
          CodeMeaning: 'Tissue',
        },
      },
      frames.map(({ labelmap }) => labelmap),
      value,
      frames.map(({ frameNumber }) => frameNumber),
    );
  segmentation.bitPackPixelData();
  segmentation.dataset['ContentCreatorName'] = 'Reader^Rita';
  writeFileSync(path, Buffer.from(datasetToBuffer(segmentation.dataset)));
  return { SOPInstanceUID: segmentation.dataset['SOPInstanceUID'] as string, path };
}
