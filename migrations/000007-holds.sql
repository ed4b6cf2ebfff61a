-- Why studies are on hold for a person: one row a reason, kept when a person has accepted it. Until now the study's row had sentences.
CREATE TABLE holds (
  studyKey   INTEGER NOT NULL REFERENCES studies,
  code       TEXT NOT NULL,
  -- The data element at fault; empty where it is none, or where the version that held the study did not keep it.
  attribute  TEXT NOT NULL,
  heldAt     INTEGER NOT NULL,
  -- A person lets the study go on in spite of it: when, who, and in which words.
  acceptedAt INTEGER,
  acceptedBy TEXT,
  comment    TEXT,
  -- Of one kind there is one row: what a person has accepted does not hold the study again.
  PRIMARY KEY (studyKey, code, attribute),
  CHECK (acceptedAt IS NOT NULL OR (acceptedBy IS NULL AND comment IS NULL))
) STRICT, WITHOUT ROWID;
-- The few reasons that wait for a person, for `priora status`.
CREATE INDEX holdsOpen ON holds (studyKey) WHERE acceptedAt IS NULL;

-- What still holds a study comes first: where a person had accepted the same in another sentence, a person looks again.
WITH
  sentences (studyKey, sentences, heldAt, acceptedAt) AS (
    SELECT studyKey, heldReason, receivedAt, NULL FROM studies WHERE heldReason IS NOT NULL
    UNION ALL
    SELECT studyKey, acceptedReason, receivedAt, releasedAt FROM studies WHERE releasedAt IS NOT NULL
  ),
  kinds (code, attribute, words) AS (
    VALUES
      ('TIME_UNKNOWN', '', 'no date of acquisition'),
      ('IDENTITY_CONTRADICTION', 'PatientName', 'PatientName'),
      ('IDENTITY_CONTRADICTION', 'PatientBirthDate', 'PatientBirthDate'),
      ('IDENTITY_CONTRADICTION', 'PatientSex', 'PatientSex'),
      ('IDENTITY_CONTRADICTION', 'PatientID', 'PatientID'),
      ('IDENTITY_CONTRADICTION', 'StudyInstanceUID', 'StudyInstanceUID')
  )
INSERT INTO holds (studyKey, code, attribute, heldAt, acceptedAt)
  SELECT studyKey, code, attribute, heldAt, acceptedAt FROM sentences JOIN kinds ON instr(sentences, words) > 0
  WHERE true ORDER BY acceptedAt IS NOT NULL
  ON CONFLICT DO NOTHING;
-- A sentence that tells nothing, or that was not kept (before version 6), still is a hold, or its acceptance.
INSERT INTO holds (studyKey, code, attribute, heldAt)
  SELECT studyKey, heldCode, '', receivedAt FROM studies
  WHERE heldCode IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM holds WHERE holds.studyKey = studies.studyKey AND acceptedAt IS NULL);
INSERT INTO holds (studyKey, code, attribute, heldAt, acceptedAt)
  SELECT studyKey,
    CASE WHEN EXISTS (SELECT 1 FROM series WHERE series.studyKey = studies.studyKey AND acquiredAtSource = 'released')
      THEN 'TIME_UNKNOWN' ELSE 'IDENTITY_CONTRADICTION' END,
    '', receivedAt, releasedAt
  FROM studies
  WHERE releasedAt IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM holds WHERE holds.studyKey = studies.studyKey AND acceptedAt IS NOT NULL)
  ON CONFLICT DO NOTHING;

CREATE TABLE studiesWithoutSentences (
  studyKey         INTEGER PRIMARY KEY,
  StudyInstanceUID TEXT NOT NULL UNIQUE,
  patientKey       INTEGER NOT NULL REFERENCES patients,
  receivedAt       INTEGER NOT NULL
) STRICT;
INSERT INTO studiesWithoutSentences SELECT studyKey, StudyInstanceUID, patientKey, receivedAt FROM studies;
DROP TABLE studies;
ALTER TABLE studiesWithoutSentences RENAME TO studies;
-- A patient's studies: history, and what a late study affects.
CREATE INDEX studiesByPatient ON studies (patientKey);
