-- Why the study was held when a person released it: it is held again for anything else only.
ALTER TABLE studies ADD COLUMN acceptedReason TEXT;
UPDATE studies SET acceptedReason = '' WHERE releasedAt IS NOT NULL;
