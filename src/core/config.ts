import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { PrioraError } from './errors.js';
import { aeTitlePattern, aeTitleRule, uidPattern } from './identifiers.js';

const aeTitle = z.string().regex(aeTitlePattern, aeTitleRule);
const uid = z.string().regex(uidPattern, 'must be a UID');
const seconds = z.number().min(0);
const port = z.number().int().min(0).max(65535);

/**
 * Everything a site can set in `priora.yaml`. Every setting has a default, so that no file is needed; a setting that is
 * not listed here is refused by name. docs/configuration.md describes each one.
 */
export const configSchema = z.strictObject({
  dataDir: z.string().default('data'),
  modelsDir: z.string().optional(),
  mappingsDir: z.string().optional(),
  reportLanguage: z.enum(['en', 'de']).default('en'),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  dicom: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: port.default(11112),
      aeTitle: aeTitle.default('PRIORA'),
      calledAETitles: z.union([z.literal('any'), z.array(aeTitle).min(1)]).optional(),
      callingAETitles: z.union([z.literal('any'), z.array(aeTitle).min(1)]).default('any'),
      reviewers: z.array(aeTitle).default([]),
      issuers: z.record(aeTitle, z.string().min(1)).default({}),
      additionalStorageClasses: z.array(uid).default([]),
      maxAssociations: z.number().int().min(1).default(64),
      maxPDULength: z.number().int().min(4096).max(16_777_216).default(131_072),
      artimTimeoutSeconds: seconds.min(1).default(30),
      idleTimeoutSeconds: seconds.min(1).default(60),
      tls: z
        .strictObject({ keyFile: z.string(), certificateFile: z.string(), clientCAFile: z.string().optional() })
        .optional(),
    })
    .prefault({}),
  time: z
    .strictObject({
      zone: z
        .string()
        .refine((zone) => zone === 'local' || isTimeZone(zone), 'must be an IANA time zone or local')
        .default('local'),
    })
    .prefault({}),
  completeness: z
    .strictObject({
      timerSeconds: seconds.default(60),
      settleSeconds: seconds.default(2),
      minimumCoverageMm: z.number().min(0).default(110),
      minimumSlices: z.number().int().min(1).default(3),
      spacingTolerance: z.number().min(0).max(0.5).default(0.05),
    })
    .prefault({}),
  inference: z
    .strictObject({
      provider: z.enum(['auto', 'cpu', 'cuda']).default('auto'),
      threads: z.number().int().min(0).default(0),
      memoryLimitMb: z.number().int().min(1000).default(3000),
      keepLoadedSeconds: seconds.default(300),
    })
    .prefault({}),
  worker: z
    .strictObject({
      deliveries: z.number().int().min(1).default(2),
      leaseSeconds: seconds.min(5).default(60),
      pollSeconds: z.number().min(0.05).default(0.5),
      keepFinishedDays: z.number().min(1).default(90),
    })
    .prefault({}),
  delivery: z
    .strictObject({
      firstRetrySeconds: seconds.min(0.1).default(5),
      longestRetrySeconds: seconds.default(600),
      giveUpAfterSeconds: seconds.default(86_400),
    })
    .prefault({}),
});

/** The settings with defaults filled in and folders made absolute. */
export type Config = Omit<z.output<typeof configSchema>, 'modelsDir' | 'mappingsDir'> & {
  /** Folder of the models: the shipped ones or the site's. */
  readonly modelsDir: string;
  /** Folder of the mapping files. */
  readonly mappingsDir: string;
};

const packageFolder = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** zod's findings as one sentence an operator can act on: which setting, and what is wrong with it. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .map((issue) => {
      const at = issue.path.join('.');
      if (issue.code === 'unrecognized_keys')
        return `unknown ${issue.keys.length === 1 ? 'option' : 'options'} ${issue.keys.map((key) => `"${at ? `${at}.` : ''}${key}"`).join(', ')}`;
      return `${at || 'the file'}: ${issue.message}`;
    })
    .join('; ');
}

/**
 * Settings from values as YAML parses them. Relative folders are resolved against `baseFolder`.
 *
 * @throws PrioraError CONFIG_INVALID naming each invalid or unknown setting.
 */
export function parseConfig(values: unknown, baseFolder: string = process.cwd()): Config {
  const parsed = configSchema.safeParse(values ?? {});
  if (!parsed.success) throw new PrioraError('CONFIG_INVALID', `priora.yaml: ${describeIssues(parsed.error)}`);
  const { modelsDir, mappingsDir, ...config } = parsed.data;
  return {
    ...config,
    dataDir: resolve(baseFolder, config.dataDir),
    modelsDir: modelsDir === undefined ? resolve(packageFolder, 'models') : resolve(baseFolder, modelsDir),
    mappingsDir: mappingsDir === undefined ? resolve(packageFolder, 'mappings') : resolve(baseFolder, mappingsDir),
  };
}

/**
 * Reads `path`, or `priora.yaml` in the working folder if there is one, or uses the defaults alone.
 *
 * @throws PrioraError CONFIG_INVALID if the named file is missing, is not YAML, or holds an invalid setting.
 */
export function loadConfig(path?: string): Config {
  const file = resolve(path ?? 'priora.yaml');
  if (path === undefined && !existsSync(file)) return parseConfig({});
  let values: unknown;
  try {
    values = parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new PrioraError('CONFIG_INVALID', `${file}: ${(cause as Error).message}`, { cause });
  }
  return parseConfig(values, dirname(file));
}
