-- The longitudinal index, the cases and their results, and the durable queue.
-- Times are milliseconds since the Unix epoch, UTC. UIDs are unique text; integer keys keep the indexes small at 10 million series.

CREATE TABLE patients (
  patientKey        INTEGER PRIMARY KEY,
  IssuerOfPatientID TEXT NOT NULL,
  PatientID         TEXT NOT NULL,
  -- As first seen (an empty value is filled by the first that is not); what contradicts them holds a study for a person.
  PatientName       TEXT NOT NULL DEFAULT '',
  PatientBirthDate  TEXT NOT NULL DEFAULT '',
  PatientSex        TEXT NOT NULL DEFAULT '',
  -- Identity: found once per received instance.
  UNIQUE (PatientID, IssuerOfPatientID)
) STRICT;

CREATE TABLE studies (
  studyKey         INTEGER PRIMARY KEY,
  StudyInstanceUID TEXT NOT NULL UNIQUE,
  patientKey       INTEGER NOT NULL REFERENCES patients,
  receivedAt       INTEGER NOT NULL,
  heldCode         TEXT,
  heldReason       TEXT,
  -- Set by a person; a released study is not held again for what that person has seen.
  releasedAt       INTEGER,
  CHECK ((heldCode IS NULL) = (heldReason IS NULL))
) STRICT;
-- A patient's studies: history, and what a late study affects.
CREATE INDEX studiesByPatient ON studies (patientKey);
-- The few studies that wait for a person, for `priora status`.
CREATE INDEX studiesHeld ON studies (receivedAt) WHERE heldCode IS NOT NULL;

CREATE TABLE series (
  seriesKey             INTEGER PRIMARY KEY,
  SeriesInstanceUID     TEXT NOT NULL UNIQUE,
  studyKey              INTEGER NOT NULL REFERENCES studies,
  -- The study's patient, repeated here so that a prior is one range of one index.
  patientKey            INTEGER NOT NULL REFERENCES patients,
  Modality              TEXT NOT NULL,
  SeriesDescription     TEXT NOT NULL,
  -- When the patient was scanned, and which attribute said so; null when nothing did.
  acquiredAt            INTEGER,
  acquiredAtSource      TEXT,
  callingAETitle        TEXT NOT NULL,
  -- received: an image from a scanner or router · ours: written by Priora and sent back · destination: sent by a destination.
  origin                TEXT NOT NULL CHECK (origin IN ('received', 'ours', 'destination')),
  firstInstanceAt       INTEGER NOT NULL,
  lastInstanceAt        INTEGER NOT NULL,
  associationReleasedAt INTEGER,
  -- receiving → complete → assembled (usable as a prior) or refused (not selected, or not assembled).
  state                 TEXT NOT NULL CHECK (state IN ('receiving', 'complete', 'assembled', 'refused')),
  completeness          TEXT CHECK (json_valid(completeness)),
  selection             TEXT CHECK (json_valid(selection)),
  CHECK ((acquiredAt IS NULL) = (acquiredAtSource IS NULL))
) STRICT;
-- The series of a study, for selection.
CREATE INDEX seriesByStudy ON series (studyKey);
-- The few series still arriving, each with a completeness timer, at start-up.
CREATE INDEX seriesReceiving ON series (lastInstanceAt) WHERE state = 'receiving';
-- The prior lookup: latest earlier assembled series of one patient, read backwards from a time.
CREATE INDEX seriesPriors ON series (patientKey, acquiredAt) WHERE state = 'assembled' AND acquiredAt IS NOT NULL;

CREATE TABLE instances (
  instanceKey          INTEGER PRIMARY KEY,
  SOPInstanceUID       TEXT NOT NULL UNIQUE,
  seriesKey            INTEGER NOT NULL REFERENCES series,
  SOPClassUID          TEXT NOT NULL,
  TransferSyntaxUID    TEXT NOT NULL,
  -- Relative to the data folder.
  path                 TEXT NOT NULL,
  bytes                INTEGER NOT NULL,
  -- Of the data set as received, without preamble and meta information: two senders may differ in those.
  sha256               BLOB NOT NULL CHECK (length(sha256) = 32),
  receivedAt           INTEGER NOT NULL,
  -- What completeness needs, so that no header is read twice.
  InstanceNumber       INTEGER,
  orientation          TEXT,
  normalPositionMm     REAL,
  sliceThicknessMm     REAL,
  NumberOfFrames       INTEGER,
  ImagesInAcquisition  INTEGER,
  NumberOfSeriesRelatedInstances INTEGER
) STRICT;
-- A series' instances: completeness, assembly, forwarding.
CREATE INDEX instancesBySeries ON instances (seriesKey);

CREATE TABLE quarantine (
  quarantineKey  INTEGER PRIMARY KEY,
  path           TEXT NOT NULL,
  sha256         BLOB NOT NULL CHECK (length(sha256) = 32),
  code           TEXT NOT NULL,
  message        TEXT NOT NULL,
  SOPInstanceUID TEXT,
  callingAETitle TEXT NOT NULL,
  firstAt        INTEGER NOT NULL,
  lastAt         INTEGER NOT NULL,
  times          INTEGER NOT NULL,
  -- A sender that repeats the same bytes fills neither table nor disk.
  UNIQUE (sha256, code)
) STRICT;

CREATE TABLE cases (
  caseKey           INTEGER PRIMARY KEY,
  studyKey          INTEGER NOT NULL REFERENCES studies,
  seriesKey         INTEGER REFERENCES series,
  priorCaseKey      INTEGER REFERENCES cases,
  priorSeriesKey    INTEGER REFERENCES series,
  status            TEXT NOT NULL CHECK (status IN ('pending', 'running', 'reported', 'rejected', 'held', 'failed')),
  code              TEXT,
  reason            TEXT,
  -- Hash of everything the result depends on: the same inputs are not computed twice.
  fingerprint       TEXT NOT NULL,
  result            TEXT CHECK (json_valid(result)),
  supersededCaseKey INTEGER REFERENCES cases,
  createdAt         INTEGER NOT NULL,
  finishedAt        INTEGER
) STRICT;
-- The latest case of a study, and its history.
CREATE INDEX casesByStudy ON cases (studyKey, caseKey);

CREATE TABLE lesions (
  caseKey             INTEGER NOT NULL REFERENCES cases,
  -- 1, 2, … in the case; the label in its mask file.
  number              INTEGER NOT NULL CHECK (number > 0),
  trackingUID         TEXT NOT NULL,
  trackingID          TEXT NOT NULL,
  confidence          TEXT NOT NULL CHECK (confidence IN ('confirmed', 'candidate')),
  volumeMm3           REAL NOT NULL,
  longAxisMm          REAL NOT NULL,
  shortAxisMm         REAL NOT NULL,
  maximum3dDiameterMm REAL NOT NULL,
  -- Patient coordinates of the case's own frame of reference, LPS.
  centroidXMm         REAL NOT NULL,
  centroidYMm         REAL NOT NULL,
  centroidZMm         REAL NOT NULL,
  probability         REAL NOT NULL,
  change              TEXT,
  detail              TEXT CHECK (json_valid(detail)),
  PRIMARY KEY (caseKey, number)
) STRICT, WITHOUT ROWID;
-- One lesion over time.
CREATE INDEX lesionsByTrackingUID ON lesions (trackingUID);

CREATE TABLE objects (
  SOPInstanceUID            TEXT PRIMARY KEY,
  SOPClassUID               TEXT NOT NULL,
  SeriesInstanceUID         TEXT NOT NULL,
  kind                      TEXT NOT NULL CHECK (kind IN ('SEG', 'SR', 'KOS')),
  caseKey                   INTEGER NOT NULL REFERENCES cases,
  path                      TEXT NOT NULL,
  sha256                    BLOB NOT NULL CHECK (length(sha256) = 32),
  predecessorSOPInstanceUID TEXT,
  createdAt                 INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- The objects of a case, to send again.
CREATE INDEX objectsByCase ON objects (caseKey);
-- "Is this series ours?", asked once per received instance.
CREATE INDEX objectsBySeries ON objects (SeriesInstanceUID);

CREATE TABLE deliveries (
  SOPInstanceUID TEXT NOT NULL,
  destination    TEXT NOT NULL,
  -- Null for a forwarded original.
  caseKey        INTEGER REFERENCES cases,
  state          TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts       INTEGER NOT NULL DEFAULT 0,
  status         INTEGER,
  lastError      TEXT,
  createdAt      INTEGER NOT NULL,
  deliveredAt    INTEGER,
  PRIMARY KEY (SOPInstanceUID, destination)
) STRICT, WITHOUT ROWID;
-- What is still to be sent or has failed; the delivered majority stays out of it.
CREATE INDEX deliveriesOpen ON deliveries (destination, createdAt) WHERE state <> 'delivered';
-- Whether all objects of a case have arrived.
CREATE INDEX deliveriesByCase ON deliveries (caseKey) WHERE caseKey IS NOT NULL;

CREATE TABLE jobs (
  jobKey         INTEGER PRIMARY KEY,
  -- What makes enqueueing idempotent.
  key            TEXT NOT NULL UNIQUE,
  kind           TEXT NOT NULL,
  payload        TEXT NOT NULL CHECK (json_valid(payload)),
  state          TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  priority       INTEGER NOT NULL DEFAULT 0,
  runAfter       INTEGER NOT NULL,
  -- Jobs of one serial key (a patient) run one at a time, in the order of orderKey (acquisition time), then jobKey.
  serialKey      TEXT,
  orderKey       INTEGER NOT NULL DEFAULT 0,
  stage          TEXT,
  attempts       INTEGER NOT NULL DEFAULT 0,
  crashes        INTEGER NOT NULL DEFAULT 0,
  owner          TEXT,
  leaseExpiresAt INTEGER,
  -- Asked for while running: the job goes back to the queue when it ends, to run after this time.
  requeueAfter   INTEGER,
  cancelRequested INTEGER NOT NULL DEFAULT 0,
  deadline       INTEGER,
  code           TEXT,
  error          TEXT,
  createdAt      INTEGER NOT NULL,
  startedAt      INTEGER,
  finishedAt     INTEGER,
  CHECK ((state = 'running') = (owner IS NOT NULL AND leaseExpiresAt IS NOT NULL))
) STRICT;
-- What may be claimed now, best first; finished jobs stay out of it.
CREATE INDEX jobsQueued ON jobs (kind, priority DESC, runAfter, jobKey) WHERE state = 'queued';
-- Leases to check for dead owners.
CREATE INDEX jobsRunning ON jobs (leaseExpiresAt) WHERE state = 'running';
-- Whether an earlier job of the same patient is unfinished.
CREATE INDEX jobsSerial ON jobs (serialKey, orderKey, jobKey) WHERE serialKey IS NOT NULL AND state IN ('queued', 'running');
-- What failed, for `priora status` and `priora retry`.
CREATE INDEX jobsFailed ON jobs (finishedAt) WHERE state = 'failed';
