import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, so that both workers end at about the same time; the rest follow as they come. */
const longest = [
  'faults/crash.system',
  'report/combinations.system',
  'analysis/pipeline/longitudinal.system',
  'cli/analyse.system',
  'cli/real-input.system',
  'analysis/prepare/prepare-current.system',
  'analysis/register/register-prior.system',
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
