-- Objects by which a reader corrects the results for a study; their bytes are instances like any other.
CREATE TABLE reviews (
  SOPInstanceUID TEXT PRIMARY KEY,
  studyKey       INTEGER NOT NULL REFERENCES studies,
  receivedAt     INTEGER NOT NULL,
  -- Who sent it and whom it names. Both may tell a person: they stay out of logs.
  callingAETitle TEXT NOT NULL,
  observer       TEXT,
  -- waiting: for the analysis of its study · applied: the lesions that stand are its · refused: it corrects nothing, and why.
  state          TEXT NOT NULL CHECK (state IN ('waiting', 'applied', 'refused')),
  reason         TEXT,
  CHECK ((state = 'refused') = (reason IS NOT NULL))
) STRICT, WITHOUT ROWID;
-- What a study's analysis takes into account.
CREATE INDEX reviewsByStudy ON reviews (studyKey, receivedAt);
-- What a person should see in `priora status`.
CREATE INDEX reviewsOpen ON reviews (receivedAt) WHERE state <> 'applied';
