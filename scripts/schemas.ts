/**
 * Writes the JSON Schema beside each file in mappings/, for editors: `npm run schemas`. With `--check` it writes nothing and
 * fails when one is not up to date.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { destinationsSchema } from '../src/node/delivery/destinations.js';
import { priorMatchingSchema } from '../src/analysis/match/find-prior.js';
import { registrationSettingsSchema } from '../src/analysis/register/register-prior.js';
import { selectionRulesSchema } from '../src/analysis/select/selection-rules.js';
import { trainingSettingsSchema } from '../src/training-data/training-settings.js';
import { responseCriteriaSchema } from '../src/model/criteria.js';

/** `mappings/<name>.yaml` → the schema that its loader checks it with. */
const schemas: Record<string, z.ZodType> = {
  destinations: destinationsSchema,
  'prior-matching': priorMatchingSchema,
  registration: registrationSettingsSchema,
  'response-criteria': responseCriteriaSchema,
  'series-selection': selectionRulesSchema,
  'training-data': trainingSettingsSchema,
};

const folder = resolve(import.meta.dirname, '../mappings');
const outdated: string[] = [];
for (const [name, schema] of Object.entries(schemas)) {
  const path = resolve(folder, `${name}.schema.json`);
  const text = await format(JSON.stringify(z.toJSONSchema(schema, { io: 'input' })), {
    ...(await resolveConfig(path)),
    parser: 'json',
  });
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  if (process.argv.includes('--check')) outdated.push(path);
  else {
    writeFileSync(path, text);
    console.log(`wrote ${path}`);
  }
}
if (outdated.length > 0) {
  console.error(`not up to date, run \`npm run schemas\`: ${outdated.join(', ')}`);
  process.exitCode = 1;
}
