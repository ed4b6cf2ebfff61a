import { z } from 'zod';

/** Whether the patient is under immunotherapy: an input that a person gives (`priora therapy`), unknown until then. */
const immunotherapySchema = z.enum(['unknown', 'yes', 'no']);
export type Immunotherapy = z.output<typeof immunotherapySchema>;

/** One lesion's part in the ledger: longest diameters in the patient's axial planes, mm, as measured (the lengths of its parts added). */
const ledgerLesionSchema = z
  .object({
    trackingUID: z.string(),
    trackingID: z.string(),
    /** Now; 0 when it is not visualised, null when it cannot be judged (outside the field of view). */
    longAxisMm: z.number().nullable(),
    /** At the time point the ledger starts from; null for a lesion that is new since. */
    baselineMm: z.number().nullable(),
    /** A target's at the nadir of the sum, a non-target's smallest so far (baseline included); null where it was not seen before. */
    nadirMm: z.number().nullable(),
    /** Time point of first sight. */
    firstSeen: z.number(),
  })
  .readonly();
export type LedgerLesion = z.output<typeof ledgerLesionSchema>;

/** The verdict of RANO-BM; without targets a persisting rest is non-CR/non-PD, as the criteria call it. */
const responseCategorySchema = z.enum(['CR', 'PR', 'SD', 'non-CR/non-PD', 'PD', 'NE']);
export type ResponseCategory = z.output<typeof responseCategorySchema>;

/**
 * Why a verdict is NE.
 *
 * - `no usable prior`: there are earlier time points, but this one could not be compared with its prior;
 * - `incomplete coverage`: the images do not show where targets lie;
 * - `no lesion`: the ledger has none, neither confirmed at the baseline nor since.
 */
const notEvaluableSchema = z.enum(['no usable prior', 'incomplete coverage', 'no lesion']);
export type NotEvaluable = z.output<typeof notEvaluableSchema>;

/**
 * The radiographic part of RANO-BM (Lin 2015) at one time point, with every number it came from; `wording/` puts it into
 * sentences. Steroid dose and clinical status are not ours to judge.
 */
export const responseAssessmentSchema = z
  .object({
    /** `baseline` where the ledger starts. */
    overall: z.enum(['baseline', ...responseCategorySchema.options]),
    notEvaluable: notEvaluableSchema.nullable(),
    immunotherapy: immunotherapySchema,
    /** The verdict if the patient is under immunotherapy; null where it is the same or the therapy is known. */
    underImmunotherapy: responseCategorySchema.nullable(),
    /** For CR and PR: every evaluable time point from one at least `confirmationDays` ago up to now shows it. */
    confirmed: z.boolean(),
    confirmationDays: z.number(),
    /** Days since the first of those time points; null unless CR or PR. */
    sustainedDays: z.number().nullable(),
    /** Time point the ledger starts from: targets were chosen there. */
    baselineOrder: z.number(),
    targets: z
      .object({
        category: z.enum(['baseline', 'CR', 'PR', 'SD', 'PD', 'NE', 'none']),
        /** Chosen at the baseline and kept, largest first. */
        lesions: z.array(ledgerLesionSchema).readonly(),
        /** What a visualised lesion counts at least, mm. */
        leastCountedMm: z.number(),
        /** Sums of longest diameters as the criteria count them, mm. */
        sumMm: z.number(),
        baselineSumMm: z.number(),
        /** Smallest sum of the time points before this one, the baseline included. */
        nadirSumMm: z.number(),
        nadirOrder: z.number(),
      })
      .readonly(),
    nonTargets: z
      .object({
        category: z.enum(['baseline', 'CR', 'non-CR/non-PD', 'PD', 'NE', 'none']),
        lesions: z.array(ledgerLesionSchema).readonly(),
        /** Those of them, by tracking UID, that have grown unequivocally. */
        progressing: z.array(z.string()).readonly(),
      })
      .readonly(),
    /** Confirmed, unequivocal lesions that have appeared since the baseline and are not known to be gone. */
    newLesions: z.array(ledgerLesionSchema).readonly(),
    /** The same of lesions that have been too small so far: they are to be confirmed, and no progression. */
    equivocalLesions: z.array(ledgerLesionSchema).readonly(),
    /**
     * The earlier time point to which progression is dated back, at which a lesion was first seen that is known to be new
     * by now (Lin 2015); null where there is none, and where it is dated from the current time point.
     */
    datedBackTo: z.number().nullable(),
  })
  .readonly();
export type ResponseAssessment = z.output<typeof responseAssessmentSchema>;
