import type { Dataset } from '../dicom/dataset.js';
import type { LabelMap, Grid } from '../imaging/volume.js';
import type { Affine, Vector3 } from '../imaging/affine.js';
import type { TimePoint } from '../model/case-result.js';
import type { GoneLesion, TrackedLesion } from '../model/lesion.js';
import type { NoPrior, Refusal, Remark } from '../model/remark.js';
import type { ResponseAssessment } from '../model/response.js';
import type { Language } from './wording/language.js';

/** One frame of a source: a single-frame instance, or one frame of a multi-frame one. */
export interface SourceFrame {
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
  /** From 1; only for multi-frame instances. */
  readonly frameNumber?: number;
  /** Slice index on the source grid. */
  readonly k: number;
  /** As in the source; computed from the grid if absent. */
  readonly ImagePositionPatient?: Vector3;
}

/** The analysed series. */
export interface ReportSource {
  /** Naturalised header of one of its instances, from which patient, study, series and time attributes are taken. */
  readonly header: Dataset;
  /** Every frame of the volume, one for each k. */
  readonly frames: readonly SourceFrame[];
  /** i along a row (rising column), j along a column, as the pixels are stored. */
  readonly grid: Grid;
}

/** The study that served as temporal prior. */
export interface ReportPrior {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly frameOfReferenceUID: string;
  readonly frames: readonly Pick<SourceFrame, 'SOPClassUID' | 'SOPInstanceUID' | 'frameNumber'>[];
  /** Acquisition date, `YYYYMMDD`. */
  readonly acquiredDate: string;
  readonly registration: {
    /** `refused`: the prior was found but not used. */
    readonly verdict: 'accepted' | 'refused';
    readonly similarity: number;
    /** Null unless refused. */
    readonly refusal: Refusal | null;
    /** Rigid: patient space of the source → patient space of the prior. */
    readonly priorFromCurrent: Affine;
  };
}

/** One network of the ensemble. */
export interface ReportModel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly role: 'sensitivity' | 'specificity';
  /** One sentence on what it is for and trained on. */
  readonly use: string;
}

/** A DICOM object by its place in the hierarchy. */
export interface ObjectReference {
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly StudyInstanceUID: string;
}

export interface Software {
  readonly name: string;
  readonly version: string;
}

/** Everything the result objects say. Equal input gives byte-identical objects. */
export interface ReportInput {
  readonly source: ReportSource;
  /** In the order of their segments; `number` is the lesion's value in `labels`. */
  readonly lesions: readonly TrackedLesion[];
  /** On the source grid. */
  readonly labels: LabelMap;
  /** Lesions of earlier time points that are not found now; empty if no prior could be compared. */
  readonly gone: readonly GoneLesion[];
  /** Null if it was not assessed. */
  readonly response: ResponseAssessment | null;
  readonly prior: ReportPrior | null;
  /** Why no prior was used; null if one was. */
  readonly noPriorReason: NoPrior | null;
  readonly models: readonly ReportModel[];
  readonly timePoint: TimePoint;
  readonly software: Software;
  /** The language of every text; the meanings of codes stay as the standard has them. */
  readonly language: Language;
  /** Demonstration weights: every text and description says so. */
  readonly demonstration: boolean;
  /** Limits of the input worth a reader's attention. */
  readonly qualityNotes: readonly Remark[];
  /** Whether series selection was overridden by an operator. */
  readonly forced?: boolean;
  /** The SR that this one supersedes. */
  readonly predecessor?: ObjectReference;
}

/** A finished object, to be stored and sent as these bytes. */
export interface WrittenObject {
  readonly bytes: Buffer;
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
  readonly SeriesInstanceUID: string;
}
