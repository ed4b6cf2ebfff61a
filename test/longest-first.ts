import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, so that both workers end at about the same time; the rest follow as they come. */
const longest = [
  'report/combinations',
  'faults/crash',
  'analysis/pipeline/longitudinal',
  'cli/analyse',
  'analysis/prepare/prepare-current',
  'analysis/register/register-prior',
  'browser/ohif',
  'report/validators',
  'analysis/track/identity.property',
  'analysis/measure/phantom-volume.property',
  'cli/real-input',
  'analysis/prepare/image-gate',
  'node/bad-input',
];

/** Vitest knows the time of files that it has run before; in a fresh checkout it knows nothing. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? longest.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
