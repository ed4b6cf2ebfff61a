import type { ErrorCode } from '../core/errors.js';
import type { CaseResult } from '../model/case-result.js';
import type { CompletenessVerdict } from '../model/evidence.js';
import type { LesionDetail, TrackedLesion } from '../model/lesion.js';
import type { ObjectKind } from '../model/object-kind.js';
import type { Immunotherapy } from '../model/response.js';
import type { SeriesSelection } from '../model/selection.js';

/**
 * What the store gives back: plain rows, joined with the UIDs of what they belong to. Times are ms since the epoch, UTC;
 * `null` means "not known". Data elements keep their DICOM keyword.
 */
export interface PatientRow {
  /** Under which studies are filed: of a patient that was merged into another one, that one's key. */
  readonly patientKey: number;
  readonly IssuerOfPatientID: string;
  readonly PatientID: string;
  readonly PatientName: string;
  readonly PatientBirthDate: string;
  readonly PatientSex: string;
  /** What a person told with `priora therapy`. */
  readonly immunotherapy: Immunotherapy;
}

export interface StudyRow {
  readonly StudyInstanceUID: string;
  readonly patientKey: number;
  readonly IssuerOfPatientID: string;
  readonly PatientID: string;
  readonly receivedAt: number;
}

/** Attribute an acquisition time was read from; `released` when a person released a study without one. */
export type AcquiredAtSource = 'AcquisitionDateTime' | 'AcquisitionDate' | 'SeriesDate' | 'StudyDate' | 'released';

/** `received`: images from a scanner or router · `ours`: written by Priora and sent back · `destination`: sent by a destination or a reader. */
export type SeriesOrigin = 'received' | 'ours' | 'destination';

/** `assembled` series can be priors; `refused` ones were not selected or could not be assembled. */
export type SeriesState = 'receiving' | 'complete' | 'assembled' | 'refused';

export interface SeriesRow {
  readonly SeriesInstanceUID: string;
  readonly StudyInstanceUID: string;
  readonly patientKey: number;
  readonly IssuerOfPatientID: string;
  readonly PatientID: string;
  readonly Modality: string;
  readonly SeriesDescription: string;
  readonly acquiredAt: number | null;
  readonly acquiredAtSource: AcquiredAtSource | null;
  readonly callingAETitle: string;
  readonly origin: SeriesOrigin;
  readonly firstInstanceAt: number;
  readonly lastInstanceAt: number;
  readonly associationReleasedAt: number | null;
  readonly state: SeriesState;
  /** The last judgement of its completeness; null before the first. */
  readonly completeness: CompletenessVerdict | null;
  /** What selection said of it last; null before it did. */
  readonly selection: SeriesSelection | null;
}

export interface InstanceRow {
  readonly SOPInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly SOPClassUID: string;
  readonly TransferSyntaxUID: string;
  /** Relative to the data folder. */
  readonly path: string;
  readonly bytes: number;
  /** Of the data set as received (without preamble and meta information). */
  readonly sha256: Uint8Array;
  readonly receivedAt: number;
  readonly InstanceNumber: number | null;
  /** Direction cosines rounded to 10⁻³, joined: equal text = one orientation. */
  readonly orientation: string | null;
  /** ImagePositionPatient projected on the slice normal. */
  readonly normalPositionMm: number | null;
  readonly sliceThicknessMm: number | null;
  readonly NumberOfFrames: number | null;
  readonly ImagesInAcquisition: number | null;
  readonly NumberOfSeriesRelatedInstances: number | null;
}

export interface QuarantineRow {
  readonly quarantineKey: number;
  readonly path: string;
  readonly sha256: Uint8Array;
  readonly code: ErrorCode;
  readonly message: string;
  readonly SOPInstanceUID: string | null;
  readonly callingAETitle: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly times: number;
}

/** A reader's object that corrects, or was meant to correct, the results for a study. */
export interface ReviewRow {
  readonly SOPInstanceUID: string;
  readonly StudyInstanceUID: string;
  readonly receivedAt: number;
  readonly callingAETitle: string;
  /** The person it names; null where it names none, and before it is read. Never for a log. */
  readonly observer: string | null;
  /** `waiting`: for the analysis of its study · `applied`: the lesions that stand are its · `refused`: it corrects nothing. */
  readonly state: 'waiting' | 'applied' | 'refused';
  /** Why it was refused. */
  readonly reason: string | null;
}

export type CaseStatus = 'pending' | 'running' | 'reported' | 'rejected' | 'held' | 'failed';

interface CaseColumns {
  readonly caseKey: number;
  readonly StudyInstanceUID: string;
  readonly patientKey: number;
  readonly PatientID: string;
  readonly priorCaseKey: number | null;
  readonly priorStudyInstanceUID: string | null;
  readonly priorSeriesInstanceUID: string | null;
  readonly code: ErrorCode | null;
  readonly reason: string | null;
  /** Hash of everything the result depends on; see `cases.open`. */
  readonly fingerprint: string;
  readonly supersededCaseKey: number | null;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

/** A case that has a result. */
export interface ReportedCaseRow extends CaseColumns {
  readonly status: 'reported';
  /** The analysed series. */
  readonly SeriesInstanceUID: string;
  readonly acquiredAt: number;
  readonly result: CaseResult;
}

/** A case that has none, yet or at all. */
export interface UnreportedCaseRow extends CaseColumns {
  readonly status: Exclude<CaseStatus, 'reported'>;
  /** Null when none of the study's series was selected. */
  readonly SeriesInstanceUID: string | null;
  readonly acquiredAt: number | null;
  readonly result: null;
}

export type CaseRow = ReportedCaseRow | UnreportedCaseRow;

/** What the index keeps of a lesion: all that people and scripts see of it at one time point, and later ones start from. */
export type LesionRow = Pick<
  TrackedLesion,
  | 'number'
  | 'trackingUID'
  | 'trackingID'
  | 'confidence'
  | 'volumeMm3'
  | 'longAxisMm'
  | 'shortAxisMm'
  | 'maximum3dDiameterMm'
  | 'axialSlices'
  | 'centroidPatientMm'
  | 'probability'
  | 'change'
  | keyof LesionDetail
>;

/** A DICOM object we wrote. */
export interface ObjectRow {
  readonly SOPInstanceUID: string;
  readonly SOPClassUID: string;
  readonly SeriesInstanceUID: string;
  readonly kind: ObjectKind;
  readonly caseKey: number;
  /** Relative to the data folder. */
  readonly path: string;
  /** Of the data set, without preamble and meta information. */
  readonly sha256: Uint8Array;
  readonly predecessorSOPInstanceUID: string | null;
  readonly createdAt: number;
}

export type DeliveryState = 'pending' | 'delivered' | 'failed';

export interface DeliveryRow {
  readonly SOPInstanceUID: string;
  readonly destination: string;
  /** Null for a forwarded original. */
  readonly caseKey: number | null;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Last DIMSE status the destination answered. */
  readonly status: number | null;
  readonly lastError: string | null;
  readonly createdAt: number;
  readonly deliveredAt: number | null;
}
