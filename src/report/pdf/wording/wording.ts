import type { Confidence, FindingSite, GoneLesion, LesionChange } from '../../../findings/lesion.js';
import type { ResponseAssessment } from '../../../findings/response.js';
import type { ReportPrior } from '../../types.js';

/** What the sheet for the tumour board says, in one language; complete by type. */
export interface SheetWording {
  /** BCP 47, also the PDF's language. */
  readonly language: string;
  /** Luxon format of a date. */
  readonly dateFormat: string;
  readonly title: string;
  readonly researchUse: string;
  readonly demonstration: string;
  readonly pageOf: (page: number, pages: number) => string;

  readonly patient: string;
  readonly patientID: string;
  readonly birthDate: string;
  readonly sex: string;
  readonly accession: string;
  readonly examination: string;
  readonly timePoint: (order: number, first: boolean) => string;
  readonly comparedWith: string;
  readonly days: (count: number) => string;
  readonly priorUsed: (date: string, interval: string) => string;
  readonly priorRefused: (date: string, reason: string | undefined) => string;
  readonly noPrior: (reason: string | undefined) => string;
  readonly registration: Readonly<Record<ReportPrior['registration']['verdict'], string>>;
  readonly notStated: string;

  readonly response: string;
  readonly responseScope: string;
  readonly responses: Readonly<Record<ResponseAssessment['overall'], string>>;
  readonly nonTargets: Readonly<Record<ResponseAssessment['nonTargets']['category'], string>>;
  readonly unconfirmedResponse: string;
  readonly notAssessed: string;
  readonly targetSum: string;
  readonly sumAgainst: (sum: string, baseline: string, nadir: string) => string;
  readonly nonTargetLesions: string;
  readonly newLesions: string;
  readonly findings: string;
  readonly confirmedCount: (count: number, volume: string) => string;
  readonly candidateCount: (count: number) => string;
  readonly changeCounts: (counts: Readonly<Record<LesionChange | 'gone', number>>) => string;

  readonly changes: Readonly<Record<LesionChange, string>>;
  readonly confidences: Readonly<Record<Confidence, string>>;
  readonly site: (site: FindingSite) => string;
  readonly overview: string;
  readonly prior: string;
  readonly current: string;
  readonly noPriorImage: string;
  readonly nothingFound: string;
  readonly morePictures: (shown: number, all: number) => string;
  readonly pictureNote: string;
  readonly sincePrior: (percent: string, interval: string) => string;
  readonly doubling: (days: number) => string;
  readonly howItCame: string;

  readonly growthCurves: string;
  readonly growthNote: string;
  readonly growthFirst: string;
  readonly notSeen: string;
  readonly now: string;
  readonly weeks: (count: number) => string;
  readonly lesionTable: string;
  readonly columns: Readonly<
    Record<
      'lesion' | 'site' | 'confidence' | 'change' | 'volume' | 'axes' | 'sincePrior' | 'sinceFirst' | 'doubling',
      string
    >
  >;
  readonly sinceFirstNote: string;
  readonly moreLesions: (count: number) => string;
  readonly gone: string;
  readonly goneLesion: (name: string, status: GoneLesion['status'], last: string, mergedInto: string | null) => string;
  readonly merged: (name: string, others: string) => string;
  readonly split: (name: string, from: string) => string;
  readonly notes: string;
  readonly moreNotes: (count: number) => string;
  readonly forced: string;
  readonly candidateNote: string;
  readonly models: string;
  readonly model: (role: 'sensitivity' | 'specificity', name: string, version: string) => string;
}

/** Formats of numbers and dates in a language. */
export class Formats {
  constructor(private readonly wording: Pick<SheetWording, 'language'>) {}

  decimal(value: number, decimals: number): string {
    return this.format(value, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  }

  /** A volume in cm³ as people read it: two decimals, three below 0.1. */
  volume(mm3: number): string {
    return `${this.decimal(mm3 / 1000, mm3 < 100 ? 3 : 2)} cm³`;
  }

  /** A relative change with its sign: ratio 1.25 is `+25 %`. */
  change(ratio: number): string {
    return `${this.format((ratio - 1) * 100, { maximumFractionDigits: 0, signDisplay: 'exceptZero' })} %`;
  }

  /** Two significant digits, for a scale. */
  significant(value: number): string {
    return this.format(value, { maximumSignificantDigits: 2 });
  }

  private format(value: number, options: Intl.NumberFormatOptions): string {
    return new Intl.NumberFormat(this.wording.language, options).format(value).replace('-', '−');
  }
}
