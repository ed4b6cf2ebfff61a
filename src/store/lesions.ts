import { lesionDetailSchema, type LesionDetail, type LesionIdentity, type TrackedLesion } from '../model/lesion.js';
import type { Database } from './database.js';
import { parseJson } from './json-column.js';

/** What the index keeps of a lesion: all that people and scripts see of it at one time point, and later ones start from. */
export type LesionRow = Pick<
  TrackedLesion,
  | 'number'
  | 'trackingUID'
  | 'trackingID'
  | 'confidence'
  | 'volumeMm3'
  | 'longAxisMm'
  | 'shortAxisMm'
  | 'maximum3dDiameterMm'
  | 'axialSlices'
  | 'centroidPatientMm'
  | 'probability'
  | 'change'
  | keyof LesionDetail
>;

export interface LesionTable {
  /** The lesions that stand in a case, by number. */
  ofCase(caseKey: number): LesionRow[];
  /** Every identity that the patient's lesions have ever had, in superseded cases, too. */
  identities(patientKey: number): LesionIdentity[];
  /** Gives a lesion another readable name, wherever it is known. */
  rename(identity: LesionIdentity): void;
  /** These are a case's lesions, and no others. */
  replace(caseKey: number, lesions: readonly LesionRow[]): void;
}

type StoredLesion = Omit<LesionRow, 'centroidPatientMm' | keyof LesionDetail> & {
  centroidXMm: number;
  centroidYMm: number;
  centroidZMm: number;
  detail: string;
};

const parsed = ({ centroidXMm, centroidYMm, centroidZMm, detail, ...row }: StoredLesion): LesionRow => ({
  ...row,
  centroidPatientMm: [centroidXMm, centroidYMm, centroidZMm],
  ...parseJson(lesionDetailSchema, detail, `lesions.detail of ${row.trackingID}`),
});

const detailOf = ({ probabilities, site, sincePrior, sinceBaseline, mergedFrom, splitFrom }: LesionRow) =>
  ({ probabilities, site, sincePrior, sinceBaseline, mergedFrom, splitFrom }) satisfies LesionDetail;

export function lesionTable(database: Database): LesionTable {
  const ofCase = database.prepare<StoredLesion>(
    `SELECT number, trackingUID, trackingID, confidence, volumeMm3, longAxisMm, shortAxisMm, maximum3dDiameterMm,
       axialSlices, centroidXMm, centroidYMm, centroidZMm, probability, change, detail
     FROM lesions WHERE caseKey = :caseKey ORDER BY number`,
  );
  const identities = database.prepare<LesionIdentity>(
    `SELECT DISTINCT trackingUID, trackingID FROM lesions JOIN cases USING (caseKey) JOIN studies USING (studyKey)
     WHERE studies.patientKey = :patientKey`,
  );
  const rename = database.prepare('UPDATE lesions SET trackingID = :trackingID WHERE trackingUID = :trackingUID');
  const clear = database.prepare('DELETE FROM lesions WHERE caseKey = :caseKey');
  const insert = database.prepare(
    `INSERT INTO lesions (caseKey, number, trackingUID, trackingID, confidence, volumeMm3, longAxisMm, shortAxisMm,
       maximum3dDiameterMm, axialSlices, centroidXMm, centroidYMm, centroidZMm, probability, change, detail)
     VALUES (:caseKey, :number, :trackingUID, :trackingID, :confidence, :volumeMm3, :longAxisMm, :shortAxisMm,
       :maximum3dDiameterMm, :axialSlices, :centroidXMm, :centroidYMm, :centroidZMm, :probability, :change, :detail)`,
  );
  return {
    ofCase: (caseKey) => ofCase.all({ caseKey }).map(parsed),
    identities: (patientKey) => identities.all({ patientKey }),
    rename: ({ trackingUID, trackingID }) => void rename.run({ trackingUID, trackingID }),
    replace: (caseKey, lesions) =>
      database.transaction(() => {
        clear.run({ caseKey });
        for (const lesion of lesions) {
          const [centroidXMm, centroidYMm, centroidZMm] = lesion.centroidPatientMm;
          const detail = JSON.stringify(detailOf(lesion));
          insert.run({ ...lesion, caseKey, centroidXMm, centroidYMm, centroidZMm, detail });
        }
      }),
  };
}
