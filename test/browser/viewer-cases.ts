import { sourceGrid } from '../analysis/measure/probability-maps.js';
import { followedUp } from '../report/followed-up.js';
import { syntheticReport } from '../report/synthetic-report.js';
import { writeReport } from '../../src/report/sr/write.js';
import { writeSegmentation } from '../../src/report/seg/write.js';

/**
 * A small study with three lesions, bright in its images, and our SEG and SR of it. Square slices, whose packed frames end at whole
 * bytes: the viewers' readers stumble over others (docs/conformance.md), scanners make none. The oblique one is a third time
 * point, whose report also tells of lesions that are gone.
 */
export function viewerCase(orientation: Parameters<typeof sourceGrid>[0]) {
  const study = syntheticReport({
    name: `viewer-${orientation}`,
    grid: sourceGrid(orientation, [2, 2, 3], [64, 64, 24]),
    balls: [
      [[12, -6, 9], 8],
      [[-25, 14, -12], 5],
      [[-8, -20, 3], 1],
    ],
  });
  const { input, sourceFiles } = orientation === 'oblique' ? followedUp(study) : study;
  const segmentation = writeSegmentation(input);
  return { input, sourceFiles, segmentation, report: writeReport(input, segmentation) };
}

/** The value of lesions in the images of {@link viewerCase}. */
export const lesionIntensity = 900;
