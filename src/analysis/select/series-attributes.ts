import { firstItem, functionalGroup, items, text, texts, vector, type Dataset } from '../../dicom/dataset.js';
import type { SeriesKind } from '../../model/selection.js';
import { normalOf, type SeriesHeader } from './series-header.js';

/** Values of one attribute; empty if the series does not have it. */
export type AttributeValues = readonly (string | number)[];

/** Attributes taken from the header as they are. */
const plainKeywords = [
  'SOPClassUID',
  'Modality',
  'Manufacturer',
  'ManufacturerModelName',
  'StudyDescription',
  'SeriesDescription',
  'ProtocolName',
  'RequestedProcedureDescription',
  'PerformedProcedureStepDescription',
  'ScanOptions',
  'SequenceVariant',
  'MRAcquisitionType',
  'AngioFlag',
  'EchoNumbers',
  'MagneticFieldStrength',
  'BurnedInAnnotation',
] as const;

/** What rules can ask of a series besides the plain keywords: classic and Enhanced MR headers give the same answer. */
const derived = {
  /** ImageType, and in Enhanced MR the first frame's FrameType and complex component. */
  ImageType: ({ dataset }) => {
    const frameType = functionalGroup(dataset, 'MRImageFrameTypeSequence');
    const component = [frameType, dataset].find((of) => text(of, 'ComplexImageComponent') !== undefined) ?? {};
    return [
      ...texts(dataset, 'ImageType'),
      ...texts(frameType, 'FrameType'),
      ...texts(component, 'ComplexImageComponent'),
    ];
  },
  /**
   * GR, SE, IR, EP as in MR Image; Enhanced MR's EchoPulseSequence and related attributes are translated into these
   * words.
   */
  ScanningSequence: ({ dataset }) => [
    ...texts(dataset, 'ScanningSequence'),
    ...({ GRADIENT: ['GR'], SPIN: ['SE'], BOTH: ['SE', 'GR'] }[text(dataset, 'EchoPulseSequence') ?? ''] ?? []),
    ...(isYes(dataset, 'EchoPlanarPulseSequence') ? ['EP'] : []),
    ...(isYes(functionalGroup(dataset, 'MRModifierSequence'), 'InversionRecovery') ? ['IR'] : []),
  ],
  SequenceName: ({ dataset }) => [...texts(dataset, 'SequenceName'), ...texts(dataset, 'PulseSequenceName')],
  /** Enhanced MR's flags for images that are not plain T1. */
  SpecialContrast: ({ dataset }) => [
    ...(isYes(dataset, 'PhaseContrast') ? ['PHASE_CONTRAST'] : []),
    ...(isYes(dataset, 'TimeOfFlightContrast') ? ['TIME_OF_FLIGHT'] : []),
    ...texts(dataset, 'AcquisitionContrast').filter((value) => value !== 'UNKNOWN'),
  ],
  /** Milliseconds. */
  EchoTime: ({ dataset }) => [
    ...texts(dataset, 'EchoTime'),
    ...texts(functionalGroup(dataset, 'MREchoSequence'), 'EffectiveEchoTime'),
  ],
  /** Milliseconds. */
  RepetitionTime: ({ dataset }) => [...texts(dataset, 'RepetitionTime'), ...texts(timing(dataset), 'RepetitionTime')],
  /** Milliseconds; writers put 0 if there was no inversion. */
  InversionTime: ({ dataset }) =>
    [
      ...texts(dataset, 'InversionTime'),
      ...texts(functionalGroup(dataset, 'MRModifierSequence'), 'InversionTimes'),
    ].filter(isNotZero),
  /** Degrees. */
  FlipAngle: ({ dataset }) => [...texts(dataset, 'FlipAngle'), ...texts(timing(dataset), 'FlipAngle')],
  /** BodyPartExamined, and Enhanced MR's anatomic region in words. */
  BodyPart: ({ dataset }) => [
    ...texts(dataset, 'BodyPartExamined'),
    ...texts(firstItem(functionalGroup(dataset, 'FrameAnatomySequence'), 'AnatomicRegionSequence'), 'CodeMeaning'),
  ],
  /** Whatever names a contrast agent, its dose or its route. */
  ContrastAgent: ({ dataset }) => [
    ...texts(dataset, 'ContrastBolusAgent'),
    ...texts(dataset, 'ContrastBolusIngredient'),
    ...texts(dataset, 'ContrastBolusRoute'),
    ...items(dataset, 'ContrastBolusAgentSequence').flatMap((agent) => [
      ...texts(agent, 'CodeMeaning'),
      ...texts(firstItem(agent, 'ContrastBolusIngredientCodeSequence'), 'CodeMeaning'),
    ]),
  ],
  /** Enhanced MR: whether the agent had been given when these frames were acquired (PS3.3 C.7.6.16.2.12), YES or NO. */
  ContrastAgentAdministered: ({ dataset }) =>
    texts(functionalGroup(dataset, 'ContrastBolusUsageSequence'), 'ContrastBolusAgentAdministered'),
  /** Millilitres. */
  ContrastVolume: ({ dataset }) =>
    [...texts(dataset, 'ContrastBolusVolume'), ...texts(dataset, 'ContrastBolusTotalDose')].filter(isNotZero),
  /** The larger of row and column spacing, mm. */
  PixelSpacingMm: ({ dataset }) => {
    const spacing = pixelSpacing(dataset);
    return spacing === undefined ? [] : [Math.max(...spacing)];
  },
  /** Distance between neighbouring slices from their positions, mm. */
  SliceSpacingMm: ({ sliceSpacingMm }) => (sliceSpacingMm === null ? [] : [round(sliceSpacingMm)]),
  /** Extent of the stack along its normal, mm. */
  CoverageMm: ({ coverageMm }) => (coverageMm === null ? [] : [round(coverageMm)]),
  /** Smaller in-plane extent, mm. */
  FieldOfViewMm: ({ dataset }) => {
    const spacing = pixelSpacing(dataset);
    const [[rows], [columns]] = ['Rows', 'Columns'].map((keyword) => vector(dataset, keyword, 1) ?? [NaN]);
    return spacing === undefined ? [] : [round(Math.min(spacing[0] * rows, spacing[1] * columns))];
  },
  Images: ({ images }) => [images],
} satisfies Record<string, (header: SeriesHeader) => AttributeValues>;

/** Names that a rule can use. */
export const attributeNames = [...plainKeywords, ...(Object.keys(derived) as (keyof typeof derived)[])] as const;
export type AttributeName = (typeof attributeNames)[number];

/** The values of one attribute of a series. */
export function attributeOf(header: SeriesHeader, name: AttributeName): AttributeValues {
  return name in derived ? derived[name as keyof typeof derived](header) : texts(header.dataset, name);
}

export function seriesKind(header: SeriesHeader): SeriesKind {
  const types = attributeOf(header, 'ImageType');
  const distortion = (['DIS3D', 'DIS2D', 'ND'] as const).find((kind) => types.includes(kind)) ?? 'unknown';
  const planes = functionalGroup(header.dataset, 'PlaneOrientationSequence');
  const orientation =
    vector(header.dataset, 'ImageOrientationPatient', 6) ?? vector(planes, 'ImageOrientationPatient', 6);
  if (!orientation) return { distortion, plane: 'unknown' };
  const [x, y, z] = normalOf(orientation).map(Math.abs);
  return { distortion, plane: z >= x && z >= y ? 'axial' : x >= y ? 'sagittal' : 'coronal' };
}

const timing = (dataset: Dataset) => functionalGroup(dataset, 'MRTimingAndRelatedParametersSequence');

/** Between rows and between columns, mm. */
const pixelSpacing = (dataset: Dataset): number[] | undefined =>
  vector(dataset, 'PixelSpacing', 2) ?? vector(functionalGroup(dataset, 'PixelMeasuresSequence'), 'PixelSpacing', 2);

const isYes = (dataset: Dataset, keyword: string) => text(dataset, keyword) === 'YES';
const isNotZero = (value: string) => Number(value) !== 0;
const round = (value: number) => Math.round(value * 1000) / 1000;
