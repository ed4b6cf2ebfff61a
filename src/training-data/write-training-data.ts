import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../core/durable-file.js';
import { asPrioraError } from '../core/errors.js';
import { software } from '../core/software.js';
import type { PriorMatching } from '../analysis/match/find-prior.js';
import { correctBias, type BiasCorrection } from '../analysis/prepare/bias-correction.js';
import { prepareCurrent, type Prepared } from '../analysis/prepare/prepare-current.js';
import { loadTemplate, strippedTemplate } from '../analysis/prepare/template.js';
import { registerPrior, resamplePrior } from '../analysis/register/register-prior.js';
import type { RegistrationSettings } from '../analysis/register/register-prior.js';
import { invertAffine } from '../imaging/affine.js';
import { writeNifti } from '../imaging/nifti.js';
import { templateGrid, type Volume } from '../imaging/volume.js';
import { lesionLabels } from './lesion-labels.js';
import type { Pseudonyms } from './pseudonyms.js';
import type { FoundScans, RefusedScan, Scan } from './scan.js';

export interface TrainingDataOptions {
  /** Folder that receives `<split>/<patient>/t<n>/`; what is complete in it is kept. */
  readonly out: string;
  readonly pseudonyms: Pseudonyms;
  readonly biasCorrection: BiasCorrection;
  readonly registration: RegistrationSettings;
  readonly priorMatching: PriorMatching;
  readonly progress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface TrainingDataSummary {
  /** Time points written now, and those that already existed. */
  readonly written: number;
  readonly kept: number;
  readonly refused: readonly RefusedScan[];
}

/** A scan as the node prepares it. */
interface PreparedScan {
  readonly scan: Scan;
  /** As acquired, bias-corrected if that is asked for. */
  readonly volume: Volume;
  readonly prepared: Prepared;
}

/**
 * Takes scans through the node's own preparation and registration into the layout that training reads
 * (training/data/case.py), so that a network learns from images made like those it will be shown. Nothing in the result
 * names a patient, a date or a UID.
 *
 * An interrupted run resumes where it stopped; a time point whose images, labels, prior or settings have changed is
 * written again.
 *
 * @throws PrioraError CANCELLED; failures that are not the scans' fault. Scans at fault are listed in the summary.
 */
export async function writeTrainingData(
  { patients, refused: notFound }: FoundScans,
  options: TrainingDataOptions,
): Promise<TrainingDataSummary> {
  const { out, pseudonyms, progress = () => undefined } = options;
  const refused = [...notFound];
  const total = [...patients.values()].flat().filter(({ metastases }) => metastases !== null).length;
  let [done, written, kept] = [0, 0, 0];
  for (const [patient, scans] of patients) {
    const pseudonym = pseudonyms.patient(patient);
    const folder = join(out, pseudonyms.split(patient), pseudonym);
    const course = new PatientCourse(scans, options);
    for (const [index, scan] of scans.entries()) {
      if (scan.metastases === null) continue;
      const label = `[${++done}/${total}] ${scan.name}: ${pseudonym}/t${index}`;
      const target = join(folder, `t${index}`);
      const digest = pseudonyms.digest(course.identity(index));
      if (digestOf(target) === digest) {
        kept++;
        progress(`${label}: already there`);
        continue;
      }
      try {
        rmSync(target, { recursive: true, force: true });
        const about = await writeTimePoint(target, course, index, options);
        writeDurably(
          join(target, 'case.json'),
          Buffer.from(`${JSON.stringify({ patient: pseudonym, timePoint: index, ...about, digest }, null, 2)}\n`),
        );
        written++;
        progress(`${label}: ${about.lesions.length} metastases${about.hasPrior ? '' : ', no prior'}`);
      } catch (thrown) {
        const error = asPrioraError(thrown);
        if (!error.blamesInput) throw error;
        rmSync(target, { recursive: true, force: true });
        refused.push({ name: scan.name, code: error.code, reason: error.message });
        progress(`${label}: refused, ${error.code}: ${error.message}`);
      }
    }
  }
  // Reasons may quote what a person wrote; what leaves the hospital holds codes only.
  const counts: Record<string, number> = {};
  for (const { code } of refused) counts[code] = (counts[code] ?? 0) + 1;
  writeDurably(
    join(out, 'summary.json'),
    Buffer.from(`${JSON.stringify({ timePoints: written + kept, refused: counts, software }, null, 2)}\n`),
  );
  return { written, kept, refused };
}

/** The digest with which a complete time point was written: its case.json is written last. */
function digestOf(folder: string): string | null {
  const note = join(folder, 'case.json');
  if (!existsSync(note)) return null;
  return (JSON.parse(readFileSync(note, 'utf8')) as { digest?: string }).digest ?? null;
}

/** A patient's scans over time; each is prepared at most once in a row. */
class PatientCourse {
  /** Prepared scans, the last two only: a current one and its prior. */
  private readonly recent = new Map<number, Promise<PreparedScan>>();

  constructor(
    readonly scans: readonly Scan[],
    private readonly options: TrainingDataOptions,
  ) {}

  /**
   * Scans that may serve as the prior of one, the likeliest first: the latest earlier ones within the node's limits.
   */
  candidates(index: number): number[] {
    const { minimumIntervalHours, maximumAgeDays } = this.options.priorMatching;
    const { acquiredAt } = this.scans[index];
    return this.scans
      .slice(0, index)
      .map((earlier, at) => ({ at, hours: (acquiredAt! - earlier.acquiredAt!) / 3_600_000, dated: earlier.acquiredAt }))
      .filter(
        ({ hours, dated }) =>
          acquiredAt === null ||
          dated === null ||
          (hours > 0 && hours >= minimumIntervalHours && hours <= maximumAgeDays * 24),
      )
      .map(({ at }) => at)
      .reverse();
  }

  /** Everything a time point is made of. */
  identity(index: number): string {
    const { biasCorrection, registration, priorMatching } = this.options;
    const made = [index, ...this.candidates(index)].map((at) => this.scans[at].identity);
    return JSON.stringify([made, biasCorrection, registration, priorMatching, software.version]);
  }

  /** @throws PrioraError if the images of the scan are at fault. */
  prepared(index: number): Promise<PreparedScan> {
    const known = this.recent.get(index) ?? this.prepare(this.scans[index]);
    this.recent.delete(index);
    this.recent.set(index, known);
    known.catch(() => undefined); // The caller hears of it.
    for (const at of [...this.recent.keys()].slice(0, -2)) this.recent.delete(at);
    return known;
  }

  private async prepare(scan: Scan): Promise<PreparedScan> {
    const { biasCorrection, signal } = this.options;
    const volume = correctBias(await scan.image(), biasCorrection);
    const whole = await loadTemplate();
    const template = scan.brainOnly ? strippedTemplate(whole) : whole;
    return { scan, volume, prepared: await prepareCurrent(volume, { template, ...(signal ? { signal } : {}) }) };
  }
}

/** Writes the images of one time point and returns what is known about it, for case.json. */
async function writeTimePoint(
  folder: string,
  course: PatientCourse,
  index: number,
  { biasCorrection, registration, signal }: TrainingDataOptions,
) {
  const { scan, volume, prepared } = await course.prepared(index);
  const masks = await scan.metastases!(volume);
  const { labels, lesions } = lesionLabels(masks, templateGrid, invertAffine(prepared.sourceFromTemplate));
  const { used, unused } = await usablePrior(course, index);
  const registered =
    used &&
    (await registerPrior({
      current: prepared.image,
      currentMask: prepared.brainMask,
      prior: used.volume,
      initial: used.prepared.sourceFromTemplate,
      settings: registration,
      ...(signal ? { signal } : {}),
    }));
  const accepted = registered?.verdict === 'accepted';
  mkdirSync(folder, { recursive: true });
  await writeNifti(join(folder, 'image.nii.gz'), prepared.image);
  if (used && accepted) await writeNifti(join(folder, 'prior.nii.gz'), resamplePrior(used.volume, registered));
  await writeNifti(join(folder, 'label.nii.gz'), labels);
  await writeNifti(join(folder, 'mask.nii.gz'), prepared.brainMask);
  const before = used?.scan.acquiredAt ?? null;
  return {
    hasPrior: accepted,
    noPriorReason: accepted ? null : registered ? 'registration refused' : unused,
    daysSincePrior: before === null ? null : Math.round((scan.acquiredAt! - before) / 86_400_000),
    lesions,
    biasCorrection,
    coverage: prepared.coverage,
    quality: prepared.quality,
    priorSimilarity: registered ? registered.similarity : null,
    source: scan.source,
    software: `${software.name} ${software.version}`,
  };
}

/** The latest earlier scan that can be prepared, because the node, too, only uses priors it could prepare. */
async function usablePrior(
  course: PatientCourse,
  index: number,
): Promise<{ used: PreparedScan | null; unused: string }> {
  const candidates = course.candidates(index);
  for (const at of candidates)
    try {
      return { used: await course.prepared(at), unused: '' };
    } catch (thrown) {
      const error = asPrioraError(thrown);
      if (!error.blamesInput) throw error;
    }
  return { used: null, unused: candidates.length > 0 ? 'no earlier scan can be used' : 'first scan' };
}
