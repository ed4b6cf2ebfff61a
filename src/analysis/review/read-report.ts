import { codeIn } from '../../dicom/code.js';
import { firstItem, items, personName, text, vector, type Dataset } from '../../dicom/dataset.js';
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
const units: Readonly<Record<string, number | undefined>> = { mm: 1, cm: 10, mm3: 1, cm3: 1000, ml: 1000, mL: 1000 };

/**
 * Reads a measurement report (TID 1500) that a person has made or verified.
 *
 * @throws PrioraError REVIEW_REFUSED if no person has.
 * @see PS3.16 TID 1500, TID 1002
 */
export function readReport(dataset: Dataset): Review {
  const content = [...contentItems(dataset)];
  const byPerson = content.some((item) => conceptOf(item) === concept.observerType && codeOf(item) === concept.person);
  const [verifying] = items(dataset, 'VerifyingObserverSequence');
  const verified = text(dataset, 'VerificationFlag') === 'VERIFIED' && verifying !== undefined;
  if (!byPerson && !verified) throw refusal('it names no person as observer');
  const named = content.find((item) => conceptOf(item) === concept.personObserverName);
  return {
    kind: 'SR',
    observer: personName(named ?? {}, 'PersonName') ?? personName(verifying ?? {}, 'VerifyingObserverName') ?? null,
    predecessors: items(dataset, 'PredecessorDocumentsSequence')
      .flatMap((study) => items(study, 'ReferencedSeriesSequence'))
      .flatMap((series) => items(series, 'ReferencedSOPSequence'))
      .flatMap((reference) => text(reference, 'ReferencedSOPInstanceUID') ?? []),
    lesions: content.filter((item) => conceptOf(item) === concept.measurementGroup).flatMap(reportedLesion),
  };
}

function* contentItems(item: Dataset): Generator<Dataset> {
  for (const child of items(item, 'ContentSequence')) {
    yield child;
    yield* contentItems(child);
  }
}

const conceptOf = (item: Dataset) => codeIn(item, 'ConceptNameCodeSequence')?.value;
const codeOf = (item: Dataset) => codeIn(item, 'ConceptCodeSequence')?.value;

/** The lesion of a group; none for a group without an identity. */
function reportedLesion(group: Dataset): MeasuredLesion[] {
  const children = items(group, 'ContentSequence');
  const find = (wanted: string) => children.find((item) => conceptOf(item) === wanted);
  const trackingUID = text(find(concept.trackingUniqueIdentifier) ?? {}, 'UID');
  if (trackingUID === undefined) return [];
  const confidence = codeOf(find(concept.detectionConfidence) ?? {});
  const measured = (keyword: string, wanted: string) => {
    const value = firstItem(find(wanted) ?? {}, 'MeasuredValueSequence');
    const factor = units[codeIn(value, 'MeasurementUnitsCodeSequence')?.value ?? ''] ?? NaN;
    const number = (vector(value, 'NumericValue', 1)?.[0] ?? NaN) * factor;
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
