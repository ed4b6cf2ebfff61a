import type { InstanceHeader } from '../../dicom/instance-header.js';
import type { HoldReason } from '../../model/hold.js';
import type { InstanceRow, SeriesOrigin, SeriesRow, StudyRow } from '../../store/store.js';
import type { Store } from '../../store/store.js';
import { acquisitionTime } from '../../dicom/acquisition-time.js';
import { contradictions } from './patient-identity.js';

export interface IndexRules {
  /** Issuer of PatientIDs that come without one, by calling AE title. */
  readonly issuers: Readonly<Record<string, string>>;
  /** Zone of times that carry none: an IANA name or `local`. */
  readonly zone: string;
}

/**
 * Files an instance under its patient, study and series, and puts the study on hold if identity or time cannot be
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
  // Values that contradict must not fill in what is still empty.
  const patient = known && contradicted.length > 0 ? known : store.patients.remember(identity, known);
  const study = store.studies.remember({
    StudyInstanceUID,
    patientKey: patient.patientKey,
    receivedAt: instance.receivedAt,
  });
  if (study.patientKey !== patient.patientKey) contradicted.push('PatientID');
  const time = acquisitionTime(header, rules.zone) ?? toldTime(store, study);
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
  const reasons = contradicted.map((attribute): HoldReason => ({ code: 'IDENTITY_CONTRADICTION', attribute }));
  // A series in two studies makes both doubtful.
  for (const uid of new Set([StudyInstanceUID, series.StudyInstanceUID]))
    store.holds.add(uid, reasons, instance.receivedAt);
  if (series.acquiredAt === null && series.origin === 'received')
    store.holds.add(StudyInstanceUID, [{ code: 'TIME_UNKNOWN', attribute: null }], instance.receivedAt);
  return series;
}

/**
 * When the study was acquired, as far as the operator who accepted that no attribute says so has told; else its
 * arrival.
 */
function toldTime(
  store: Store,
  { StudyInstanceUID, receivedAt }: StudyRow,
): { at: number; source: 'released' } | undefined {
  const accepted = store.holds
    .ofStudy(StudyInstanceUID)
    .some(({ code, acceptedAt }) => code === 'TIME_UNKNOWN' && acceptedAt !== null);
  if (!accepted) return undefined;
  const told = store.series
    .ofStudy(StudyInstanceUID)
    .find(({ acquiredAtSource }) => acquiredAtSource === 'released')?.acquiredAt;
  return { at: told ?? receivedAt, source: 'released' };
}

/** Who issued this PatientID, if the study has arrived before: a PACS that sends a result back need not repeat it. */
function issuerInStudy(store: Store, { StudyInstanceUID, PatientID }: InstanceHeader): string | undefined {
  const study = store.studies.find(StudyInstanceUID);
  return study?.PatientID === PatientID ? study.IssuerOfPatientID : undefined;
}
