-- More kinds of objects. Until now KOS meant a rejection note; from now on it is a selection of key images.
CREATE TABLE objectsOfAllKinds (
  SOPInstanceUID            TEXT PRIMARY KEY,
  SOPClassUID               TEXT NOT NULL,
  SeriesInstanceUID         TEXT NOT NULL,
  kind                      TEXT NOT NULL CHECK (kind IN
    ('SEG', 'SR', 'LABELMAP', 'LABELMAP-SR', 'RTSTRUCT', 'REG', 'KOS', 'PDF', 'RejectionNote')),
  caseKey                   INTEGER NOT NULL REFERENCES cases,
  path                      TEXT NOT NULL,
  sha256                    BLOB NOT NULL CHECK (length(sha256) = 32),
  predecessorSOPInstanceUID TEXT,
  createdAt                 INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO objectsOfAllKinds
  SELECT SOPInstanceUID, SOPClassUID, SeriesInstanceUID, CASE kind WHEN 'KOS' THEN 'RejectionNote' ELSE kind END,
    caseKey, path, sha256, predecessorSOPInstanceUID, createdAt
  FROM objects;
DROP TABLE objects;
ALTER TABLE objectsOfAllKinds RENAME TO objects;
-- The objects of a case, to send again.
CREATE INDEX objectsByCase ON objects (caseKey);
-- "Is this series ours?", asked once per received instance.
CREATE INDEX objectsBySeries ON objects (SeriesInstanceUID);
UPDATE cases SET result = replace(result, '"kind":"KOS"', '"kind":"RejectionNote"') WHERE result IS NOT NULL;
