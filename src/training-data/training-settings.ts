import { z } from 'zod';

const expression = z
  .string()
  .min(1)
  .refine((text) => {
    try {
      return Boolean(new RegExp(text, 'i'));
    } catch {
      return false;
    }
  }, 'must be a regular expression');

/** Where a public data set of NIfTI files keeps its scans and their labels. */
const dataSetSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  image: expression
    .refine((text) => text.includes('(?<patient>') && text.includes('(?<time>'), 'needs the groups patient and time')
    .describe(
      'Regular expression on paths with /: matches post-contrast T1 images; its groups patient and time identify them.',
    ),
  label: z
    .strictObject({ replace: expression, with: z.string() })
    .describe('The path of the label: that of the image with one part replaced.'),
  values: z
    .array(z.int().positive())
    .min(1)
    .describe('Label values that count as metastasis: enhancing tumour and what it encloses.'),
  times: z
    .strictObject({ visit: z.string().min(1), time: z.string().min(1) })
    .optional()
    .describe(
      'Where the group time does not give the order: two columns of a CSV table in the folder of the data set, its value and a number that grows with time.',
    ),
  brainOnly: z.boolean().describe('Whether skull and scalp have been removed from the images.'),
  licence: z.string().min(1).describe('Goes into the model card.'),
  layout: z.string().min(1).describe('The source of this layout, and how reliable it is.'),
});
export type DataSet = z.output<typeof dataSetSchema>;

/** `mappings/training-data.yaml`: what becomes training data, and in which split. */
export const trainingSettingsSchema = z.strictObject({
  metastases: z
    .strictObject({ take: z.array(expression).min(1), leave: z.array(expression) })
    .describe('Names of segments and regions that are metastases (ignoring case); `leave` outweighs `take`.'),
  severalObjects: z
    .enum(['refuse', 'newest', 'unite'])
    .describe('What to do with several segmentations or structure sets of one series.'),
  splits: z
    .strictObject({ training: z.number().min(0), validation: z.number().min(0), test: z.number().min(0) })
    .refine(({ training, validation, test }) => training + validation + test > 0, 'one share must be positive')
    .describe('Shares of patients; a patient never moves from one split to another.'),
  dataSets: z.array(dataSetSchema),
});

export type TrainingSettings = z.output<typeof trainingSettingsSchema>;
