import { PrioraError } from '../../core/errors.js';
import type { Remark } from '../../model/remark.js';
import type { SliceFrame } from './slice-frame.js';

/**
 * Picks the acquisition to assemble if a series holds several (stacks and temporal positions of a multi-frame instance,
 * echoes, magnitude next to phase). Frames that are not magnitude, and stacks of a multi-frame instance too small to be
 * a head (a survey), are set aside; if several remain, they are refused rather than guessed.
 *
 * @throws PrioraError GEOMETRY_MIXED naming what differs.
 */
export function chooseStack(
  frames: readonly SliceFrame[],
  minimumSlices: number,
): { chosen: readonly SliceFrame[]; notes: Remark[] } {
  const groups = new Map<string, SliceFrame[]>();
  for (const frame of frames) {
    const key = JSON.stringify(Object.entries(frame.kind).filter(([keyword]) => !variesBySlice.has(keyword)));
    const group = groups.get(key);
    if (group) group.push(frame);
    else groups.set(key, [frame]);
  }
  const all = [...groups.values()];
  if (all.length === 1) return { chosen: frames, notes: [] };
  const isSurvey = (group: readonly SliceFrame[]) =>
    group.length < minimumSlices && group.every(({ frameNumber }) => frameNumber !== undefined);
  const candidates = all.filter((group) => !isSurvey(group) && isMagnitude(group[0]));
  if (candidates.length === 1)
    return {
      chosen: candidates[0],
      notes: [{ kind: 'frames left out', frames: frames.length - candidates[0].length }],
    };
  const [a, b] = candidates.length > 1 ? candidates : all;
  const differences = [...new Set([...Object.keys(a[0].kind), ...Object.keys(b[0].kind)])]
    .filter((keyword) => !variesBySlice.has(keyword) && a[0].kind[keyword] !== b[0].kind[keyword])
    .map((keyword) => `${keyword} ${a[0].kind[keyword] ?? 'absent'} and ${b[0].kind[keyword] ?? 'absent'}`);
  throw new PrioraError('GEOMETRY_MIXED', `several acquisitions in one series: ${differences.join(', ')}`, {
    subject: { SOPInstanceUID: b[0].SOPInstanceUID },
  });
}

/** These differ from slice to slice within one acquisition; they tell duplicates apart, not stacks. */
const variesBySlice: ReadonlySet<string> = new Set(['TriggerTime']);

/**
 * FrameType and ImageType value 3 or 4 say P, R or I (phase, real, imaginary) for images that are not magnitude (PS3.3
 * C.8.13.3.1).
 */
function isMagnitude({ kind }: SliceFrame): boolean {
  const component = kind['ComplexImageComponent'];
  if (component !== undefined && component !== 'MAGNITUDE') return false;
  const type = (kind['FrameType'] ?? kind['ImageType'] ?? '').split(',');
  return !type.slice(2).some((value) => ['P', 'R', 'I', 'PHASE', 'PHASE MAP', 'REAL', 'IMAGINARY'].includes(value));
}
