import type { Dataset } from '../../dicom/dataset.js';
import { personName } from './person-name.js';
import { refusal, type MeasuredLesion, type Review } from './review.js';

/** Concepts by which a correction is read; the report that it edits has them from `report/codes.ts`. */
const concept = {
  observerType: '121005',
  person: '121006',
  personObserverName: '121008',
  measurementGroup: '125007',
  trackingUniqueIdentifier: '112040',
  detectionConfidence: 'confidence',
  volume: '118565006',
  longAxis: '103339001',
  shortAxis: '103340004',
};

/** Factors to mm and mm³, by UCUM unit. */
const units: Readonly<Record<string, number>> = { mm: 1, cm: 10, mm3: 1, cm3: 1000, ml: 1000, mL: 1000 };

/**
 * Reads a measurement report (TID 1500) that a person has made or verified.
 *
 * @throws PrioraError REVIEW_REFUSED if no person has.
 * @see PS3.16 TID 1500, TID 1002
 */
export function readReport(dataset: Dataset): Review {
  const items = [...contentItems(dataset)];
  const byPerson = items.some((item) => conceptOf(item) === concept.observerType && codeOf(item) === concept.person);
  const verifying = (dataset['VerifyingObserverSequence'] as Dataset[] | undefined)?.[0];
  const verified = dataset['VerificationFlag'] === 'VERIFIED' && verifying !== undefined;
  if (!byPerson && !verified) throw refusal('it names no person as observer');
  const named = items.find((item) => conceptOf(item) === concept.personObserverName);
  return {
    kind: 'SR',
    observer: personName(named?.['PersonName']) ?? personName(verifying?.['VerifyingObserverName']),
    predecessors: ((dataset['PredecessorDocumentsSequence'] ?? []) as Dataset[])
      .flatMap((study) => (study['ReferencedSeriesSequence'] ?? []) as Dataset[])
      .flatMap((series) => (series['ReferencedSOPSequence'] ?? []) as Dataset[])
      .map((reference) => reference['ReferencedSOPInstanceUID'] as string),
    lesions: items.filter((item) => conceptOf(item) === concept.measurementGroup).flatMap(reportedLesion),
  };
}

function* contentItems(item: Dataset): Generator<Dataset> {
  for (const child of (item['ContentSequence'] ?? []) as Dataset[]) {
    yield child;
    yield* contentItems(child);
  }
}

const conceptOf = (item: Dataset) => item['ConceptNameCodeSequence']?.[0]?.['CodeValue'] as string | undefined;
const codeOf = (item: Dataset) => item['ConceptCodeSequence']?.[0]?.['CodeValue'] as string | undefined;

/** The lesion of a group; none for a group without an identity. */
function reportedLesion(group: Dataset): MeasuredLesion[] {
  const children = (group['ContentSequence'] ?? []) as Dataset[];
  const find = (wanted: string) => children.find((item) => conceptOf(item) === wanted);
  const trackingUID = find(concept.trackingUniqueIdentifier)?.['UID'] as string | undefined;
  if (trackingUID === undefined) return [];
  const confidence = codeOf(find(concept.detectionConfidence) ?? {});
  const measured = (keyword: string, wanted: string) => {
    const value = find(wanted)?.['MeasuredValueSequence']?.[0] as Dataset | undefined;
    const factor = units[value?.['MeasurementUnitsCodeSequence']?.[0]?.['CodeValue'] as string];
    const number = Number(value?.['NumericValue']) * factor;
    return Number.isFinite(number) ? { [keyword]: number } : {};
  };
  return [
    {
      trackingUID,
      confidence: confidence === 'confirmed' || confidence === 'candidate' ? confidence : null,
      measurements: {
        ...measured('volumeMm3', concept.volume),
        ...measured('longAxisMm', concept.longAxis),
        ...measured('shortAxisMm', concept.shortAxis),
      },
    },
  ];
}
