import type { Vector3 } from '../imaging/affine.js';
import { sphereVolumeMm3 } from './lesion-history.js';
import type { LesionSites } from './lesion-sites.js';
import { randomAppearance, type LesionAppearance } from './lesion.js';
import type { Random } from './random.js';

/** What enhances or is dark like a metastasis and is none. */
export type OtherKind = 'cavity' | 'radiation change' | 'meningioma';

/** A finding that is no metastasis, over all time points. */
export interface OtherFinding {
  readonly kind: OtherKind;
  readonly appearance: LesionAppearance;
  /** Origin of its form in head space, LPS mm. */
  readonly centreMm: Vector3;
  /** One volume a time point; 0 where it is absent. */
  readonly volumesMm3: readonly number[];
}

/** How often a patient has each. */
const shares: Readonly<Record<OtherKind, number>> = { cavity: 0.1, 'radiation change': 0.025, meningioma: 0.05 };

/**
 * How each looks. A cavity after surgery holds fluid and has a thin, interrupted rim; radiation change is faint, ragged and full of
 * holes; a meningioma is an even, smooth cap on the dura.
 */
export function otherAppearance(
  kind: OtherKind,
  diameterMm: number,
  outward: Vector3 | null,
  random: Random,
): LesionAppearance {
  if (kind === 'meningioma') {
    const solid = randomAppearance(random, diameterMm, {
      kind: 'solid',
      signal: random.uniform(1.4, 1.9),
      outward,
      form: { lobes: random.integer(2), roughness: 0.02 },
    });
    return { ...solid, mottle: random.uniform(0.01, 0.05), oedema: { reach: 0, loss: 0 } };
  }
  if (kind === 'cavity') {
    const hollow = randomAppearance(random, diameterMm, {
      kind: 'cystic',
      signal: random.uniform(0.95, 1.5),
      outward,
      form: { lobes: 1 + random.integer(3), roughness: random.uniform(0.08, 0.25), elongation: 0.5 },
    });
    return {
      ...hollow,
      coreSignal: random.uniform(0.18, 0.36),
      rimShare: random.uniform(0.4, 1.3) / (diameterMm / 2),
      rimVariation: random.uniform(0.8, 1.8),
      nodules: [],
      push: 0,
    };
  }
  const ragged = randomAppearance(random, diameterMm, {
    kind: 'necrotic',
    signal: random.uniform(1.05, 1.45),
    form: { lobes: 1 + random.integer(4), roughness: random.uniform(0.2, 0.4) },
  });
  return {
    ...ragged,
    rimShare: random.uniform(0.2, 0.4),
    rimVariation: random.uniform(1, 1.8),
    mottle: random.uniform(0.2, 0.45),
    oedema: { reach: random.uniform(0.8, 1.5), loss: random.uniform(0.1, 0.25) },
    push: 0,
  };
}

/** A patient's findings that are no metastases; they stay where they are and change little. */
export function drawOtherFindings(random: Random, sites: LesionSites, timePoints: number): OtherFinding[] {
  return (Object.keys(shares) as OtherKind[]).flatMap((kind) => {
    const stream = random.fork(kind);
    if (!stream.chance(shares[kind])) return [];
    const diameterMm = stream.uniform(10, kind === 'meningioma' ? 30 : 36);
    const site = sites.find(
      { radiusMm: diameterMm / 2, on: kind === 'radiation change' ? 'brain' : 'dura' },
      stream.fork('site'),
    );
    if (!site) return [];
    // Cavities shrink after surgery, radiation change waxes and wanes, a meningioma stays for years.
    const pace = kind === 'meningioma' ? [1, 1] : kind === 'cavity' ? [0.85, 1] : [0.75, 1.35];
    const volumesMm3 = [sphereVolumeMm3(diameterMm)];
    while (volumesMm3.length < timePoints) volumesMm3.push(volumesMm3[volumesMm3.length - 1] * stream.uniform(pace[0], pace[1])); // prettier-ignore
    const appearance = otherAppearance(kind, diameterMm, site.outward, stream.fork('look'));
    return [{ kind, appearance, centreMm: site.at, volumesMm3 }];
  });
}
