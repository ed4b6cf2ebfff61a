import { z } from 'zod';
import { attributeNames } from './series-attributes.js';

const attribute = z.enum(attributeNames);
const text = z.union([z.string(), z.number()]);

const ruleShape = {
  rule: z.string().min(1).describe('what the rule asks, as `priora explain` shows it'),
  attribute: z.union([attribute, z.array(attribute).min(1)]).describe('one attribute, or several examined together'),
  oneOf: z
    .array(text)
    .min(1)
    .optional()
    .describe('at least one value is one of these; * stands for any characters, case is ignored'),
  noneOf: z.array(text).min(1).optional().describe('no value is one of these'),
  anyWord: z.array(z.string().min(1)).min(1).optional().describe('the text has at least one of these words or phrases'),
  noWord: z.array(z.string().min(1)).min(1).optional().describe('the text has none of these words or phrases'),
  min: z.number().optional().describe('every number is at least this'),
  max: z.number().optional().describe('every number is at most this'),
  whenAbsent: z.enum(['pass', 'fail']).default('pass').describe('the outcome for a series without the attribute'),
};
const hasTest = (rule: Record<string, unknown>) =>
  ['oneOf', 'noneOf', 'anyWord', 'noWord', 'min', 'max'].some((test) => rule[test] !== undefined);
const needsTest = 'needs one of oneOf, noneOf, anyWord, noWord, min, max';

const rule = z.strictObject(ruleShape).refine(hasTest, needsTest);
const scoredRule = z
  .strictObject({ ...ruleShape, points: z.number().int().describe('added to the score when the rule passes') })
  .refine(hasTest, needsTest);

/** `mappings/series-selection.yaml`: which series of a study is analysed. */
export const selectionRulesSchema = z.strictObject({
  ignorePhrases: z.array(z.string().min(1)).describe('removed from every text before words are matched'),
  require: z.array(rule).min(1).describe('a series must pass all of these'),
  contrast: z
    .strictObject({
      refusedBy: z.array(rule).describe('a series that fails one of these was acquired without contrast'),
      evidence: z.array(scoredRule).min(1).describe('a series must pass at least one; the best one counts'),
    })
    .describe('post-contrast or not'),
  prefer: z.array(scoredRule).describe('chooses among several selected series of a study'),
  priorKind: z
    .strictObject({
      distortion: z.number().int().min(0).describe('points for the same gradient distortion correction as the prior'),
      plane: z.number().int().min(0).describe('points for the same acquisition plane as the prior'),
    })
    .describe('comparability with the patient’s prior'),
});

export type SelectionRules = z.infer<typeof selectionRulesSchema>;
export type Rule = z.infer<typeof rule>;
