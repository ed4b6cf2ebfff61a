import type { Dataset } from '../../dicom/dataset.js';
import { functionalGroup } from '../../dicom/functional-group.js';
import type { SeriesKind } from '../../model/selection.js';
import { normalOf, type SeriesHeader } from './series-header.js';

/** Values of one attribute; empty when the series does not have it. */
export type AttributeValues = readonly (string | number)[];

/** Attributes taken as they stand in the header. */
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

/** What can be asked of a series, beside the plain keywords: classic and Enhanced MR headers give one answer. */
const derived = {
  /** ImageType, and in Enhanced MR the first frame's FrameType and complex component. */
  ImageType: ({ dataset }) => {
    const frameType = functionalGroup(dataset, 'MRImageFrameTypeSequence');
    return values(
      dataset['ImageType'],
      frameType['FrameType'],
      frameType['ComplexImageComponent'] ?? dataset['ComplexImageComponent'],
    );
  },
  /** GR, SE, IR, EP as in MR Image; Enhanced MR's EchoPulseSequence and its companions are put in these words. */
  ScanningSequence: ({ dataset }) => [
    ...values(dataset['ScanningSequence']),
    ...({ GRADIENT: ['GR'], SPIN: ['SE'], BOTH: ['SE', 'GR'] }[dataset['EchoPulseSequence'] as string] ?? []),
    ...(dataset['EchoPlanarPulseSequence'] === 'YES' ? ['EP'] : []),
    ...(functionalGroup(dataset, 'MRModifierSequence')['InversionRecovery'] === 'YES' ? ['IR'] : []),
  ],
  SequenceName: ({ dataset }) => values(dataset['SequenceName'], dataset['PulseSequenceName']),
  /** Enhanced MR's flags for what is no plain T1 image. */
  SpecialContrast: ({ dataset }) => [
    ...(dataset['PhaseContrast'] === 'YES' ? ['PHASE_CONTRAST'] : []),
    ...(dataset['TimeOfFlightContrast'] === 'YES' ? ['TIME_OF_FLIGHT'] : []),
    ...values(dataset['AcquisitionContrast']).filter((value) => value !== 'UNKNOWN'),
  ],
  /** Milliseconds. */
  EchoTime: ({ dataset }) =>
    values(dataset['EchoTime'], functionalGroup(dataset, 'MREchoSequence')['EffectiveEchoTime']),
  /** Milliseconds. */
  RepetitionTime: ({ dataset }) => values(dataset['RepetitionTime'], timing(dataset)['RepetitionTime']),
  /** Milliseconds; writers put 0 where there was no inversion. */
  InversionTime: ({ dataset }) =>
    values(dataset['InversionTime'], functionalGroup(dataset, 'MRModifierSequence')['InversionTimes']).filter(
      (value) => value !== 0,
    ),
  /** Degrees. */
  FlipAngle: ({ dataset }) => values(dataset['FlipAngle'], timing(dataset)['FlipAngle']),
  /** BodyPartExamined, and Enhanced MR's anatomic region in words. */
  BodyPart: ({ dataset }) => {
    const anatomy = functionalGroup(dataset, 'FrameAnatomySequence');
    const region = (anatomy['AnatomicRegionSequence'] as readonly Dataset[] | undefined)?.[0];
    return values(dataset['BodyPartExamined'], region?.['CodeMeaning']);
  },
  /** Whatever names a contrast agent, its dose or its route. */
  ContrastAgent: ({ dataset }) => {
    const agents = (dataset['ContrastBolusAgentSequence'] ?? []) as readonly Dataset[];
    return values(
      dataset['ContrastBolusAgent'],
      dataset['ContrastBolusIngredient'],
      dataset['ContrastBolusRoute'],
      ...agents.flatMap((agent) => [
        agent['CodeMeaning'],
        agent['ContrastBolusIngredientCodeSequence']?.[0]?.CodeMeaning,
      ]),
    );
  },
  /** Enhanced MR: whether the agent was in when these frames were taken (PS3.3 C.7.6.16.2.12), YES or NO. */
  ContrastAgentAdministered: ({ dataset }) =>
    values(functionalGroup(dataset, 'ContrastBolusUsageSequence')['ContrastBolusAgentAdministered']),
  /** Millilitres. */
  ContrastVolume: ({ dataset }) =>
    values(dataset['ContrastBolusVolume'], dataset['ContrastBolusTotalDose']).filter((value) => value !== 0),
  /** The larger of row and column spacing, mm. */
  PixelSpacingMm: ({ dataset }) => {
    const spacing = values(
      dataset['PixelSpacing'],
      functionalGroup(dataset, 'PixelMeasuresSequence')['PixelSpacing'],
    ).filter((value) => typeof value === 'number');
    return spacing.length === 0 ? [] : [Math.max(...spacing)];
  },
  /** Distance between neighbouring slices from their positions, mm. */
  SliceSpacingMm: ({ sliceSpacingMm }) => (sliceSpacingMm === null ? [] : [round(sliceSpacingMm)]),
  /** Extent of the stack along its normal, mm. */
  CoverageMm: ({ coverageMm }) => (coverageMm === null ? [] : [round(coverageMm)]),
  /** Smaller in-plane extent, mm. */
  FieldOfViewMm: ({ dataset }) => {
    const spacing = values(
      dataset['PixelSpacing'],
      functionalGroup(dataset, 'PixelMeasuresSequence')['PixelSpacing'],
    ).filter((value) => typeof value === 'number');
    const { Rows, Columns } = dataset;
    return spacing.length < 2 ? [] : [round(Math.min(spacing[0] * Rows, spacing[1] * Columns))];
  },
  Images: ({ images }) => [images],
} satisfies Record<string, (header: SeriesHeader) => AttributeValues>;

/** Names a rule can use. */
export const attributeNames = [...plainKeywords, ...(Object.keys(derived) as (keyof typeof derived)[])] as const;
export type AttributeName = (typeof attributeNames)[number];

/** The values of one attribute of a series. */
export function attributeOf(header: SeriesHeader, name: AttributeName): AttributeValues {
  return name in derived ? derived[name as keyof typeof derived](header) : values(header.dataset[name]);
}

export function seriesKind(header: SeriesHeader): SeriesKind {
  const types = attributeOf(header, 'ImageType');
  const distortion = (['DIS3D', 'DIS2D', 'ND'] as const).find((kind) => types.includes(kind)) ?? 'unknown';
  const orientation =
    header.dataset['ImageOrientationPatient'] ??
    functionalGroup(header.dataset, 'PlaneOrientationSequence')['ImageOrientationPatient'];
  if (!Array.isArray(orientation) || orientation.length !== 6) return { distortion, plane: 'unknown' };
  const [x, y, z] = normalOf(orientation as number[]).map(Math.abs);
  return { distortion, plane: z >= x && z >= y ? 'axial' : x >= y ? 'sagittal' : 'coronal' };
}

const timing = (dataset: Dataset) => functionalGroup(dataset, 'MRTimingAndRelatedParametersSequence');

const round = (value: number) => Math.round(value * 1000) / 1000;

function values(...sources: readonly unknown[]): (string | number)[] {
  return sources
    .flat()
    .filter(
      (value): value is string | number =>
        typeof value === 'number' || (typeof value === 'string' && value.trim() !== ''),
    )
    .map((value) => (typeof value === 'string' ? value.trim() : value));
}
