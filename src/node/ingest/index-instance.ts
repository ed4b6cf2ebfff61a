import type { InstanceHeader } from '../../dicom/instance-header.js';
import type { InstanceRow, SeriesOrigin, SeriesRow } from '../../store/rows.js';
import type { Store } from '../../store/store.js';
import { acquisitionTime } from '../../dicom/acquisition-time.js';
import { contradictions } from './patient-identity.js';

export interface IndexRules {
  /** Issuer of PatientIDs that come without one, by calling AE title. */
  readonly issuers: Readonly<Record<string, string>>;
  /** Zone of times that carry none: an IANA name or `local`. */
  readonly zone: string;
}

const noTime = 'no date of acquisition, series or study';

/**
 * Puts an instance under its patient, study and series, and holds the study for a person where identity or time cannot be
 * trusted. Call it inside the transaction that makes the instance durable.
 *
 * @returns the series as it is now.
 */
export function indexInstance(
  store: Store,
  header: InstanceHeader,
  instance: InstanceRow,
  source: { readonly callingAETitle: string; readonly origin: SeriesOrigin },
  rules: IndexRules,
): SeriesRow {
  const { StudyInstanceUID, SeriesInstanceUID } = header;
  const identity = {
    IssuerOfPatientID:
      header.IssuerOfPatientID || rules.issuers[source.callingAETitle] || issuerInStudy(store, header) || '',
    PatientID: header.PatientID,
    PatientName: header.PatientName,
    PatientBirthDate: header.PatientBirthDate,
    PatientSex: header.PatientSex,
  };
  const known = store.patients.find(identity);
  const contradicted: string[] = known ? contradictions(known, identity) : [];
  // Values that contradict must not fill what is still empty.
  const patient = known && contradicted.length > 0 ? known : store.patients.remember(identity, known);
  const study = store.studies.remember({
    StudyInstanceUID,
    patientKey: patient.patientKey,
    receivedAt: instance.receivedAt,
  });
  if (study.patientKey !== patient.patientKey) contradicted.push('PatientID');
  // A person has accepted that the study has no better time than its arrival.
  const released = study.acceptedReason?.includes(noTime) && ({ at: study.receivedAt, source: 'released' } as const);
  const time = acquisitionTime(header, rules.zone) ?? (released || undefined);
  store.series.noteInstance({
    SeriesInstanceUID,
    StudyInstanceUID,
    Modality: header.Modality,
    SeriesDescription: header.SeriesDescription,
    acquiredAt: time?.at ?? null,
    acquiredAtSource: time?.source ?? null,
    ...source,
    receivedAt: instance.receivedAt,
  });
  store.instances.insert(instance);
  const series = store.series.find(SeriesInstanceUID)!;
  if (series.StudyInstanceUID !== StudyInstanceUID) contradicted.push('StudyInstanceUID');
  if (contradicted.length > 0) {
    const reason = `${contradicted.join(', ')} ${contradicted.length === 1 ? 'contradicts' : 'contradict'} what is known`;
    // A series in two studies makes both doubtful.
    for (const uid of new Set([StudyInstanceUID, series.StudyInstanceUID]))
      store.studies.hold(uid, 'IDENTITY_CONTRADICTION', reason);
  } else if (series.acquiredAt === null && series.origin === 'received')
    store.studies.hold(StudyInstanceUID, 'TIME_UNKNOWN', noTime);
  else return series;
  return store.series.find(SeriesInstanceUID)!;
}

/** Who issued this PatientID where the study has come before: a PACS that sends a result back need not say so again. */
function issuerInStudy(store: Store, { StudyInstanceUID, PatientID }: InstanceHeader): string | undefined {
  const study = store.studies.find(StudyInstanceUID);
  return study?.PatientID === PatientID ? study.IssuerOfPatientID : undefined;
}

/**
 * A person has looked at a held study and lets it through. Series without a time get `acquiredAt`.
 *
 * @param decision.acquiredAt when the patient was scanned, if the person knows; otherwise the time of arrival.
 * @returns the study's series, to be judged and analysed now; undefined when the study was not held.
 */
export function releaseStudy(
  store: Store,
  StudyInstanceUID: string,
  decision: { readonly now: number; readonly acquiredAt?: number },
): SeriesRow[] | undefined {
  return store.transaction(() => {
    const study = store.studies.find(StudyInstanceUID);
    const acquiredAt = decision.acquiredAt ?? study?.receivedAt ?? decision.now;
    if (!store.studies.release(StudyInstanceUID, { releasedAt: decision.now, acquiredAt })) return undefined;
    return store.series.ofStudy(StudyInstanceUID);
  });
}
