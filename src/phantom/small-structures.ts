import type { SourceHead } from './head.js';
import { choroidPlexus } from './plexus.js';
import type { Random } from './random.js';
import type { Tube } from './tube.js';
import { venousAnomaly } from './venous-anomaly.js';
import { medullaryVeins, perivascularSpaces } from './white-matter-vessels.js';

/** One patient in sixteen has a developmental venous anomaly. */
const venousAnomalyShare = 1 / 16;

/** What lies within the brain and its ventricles, in source space. */
export function smallStructures(head: SourceHead, random: Random): Readonly<Record<string, readonly Tube[]>> {
  const anomaly = random.fork('venous anomaly');
  return {
    'medullary veins': medullaryVeins(head, random.fork('medullary veins')),
    'perivascular spaces': perivascularSpaces(head, random.fork('perivascular spaces')),
    'choroid plexus': choroidPlexus(head, random.fork('plexus')),
    'venous anomaly': anomaly.chance(venousAnomalyShare) ? venousAnomaly(head, anomaly.fork('course')) : [],
  };
}
