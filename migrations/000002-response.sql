-- What the response of a patient's lesions is judged with.
ALTER TABLE patients ADD COLUMN immunotherapy TEXT NOT NULL DEFAULT 'unknown'
  CHECK (immunotherapy IN ('unknown', 'yes', 'no'));
-- How many of the patient's axial slices a lesion is seen on.
ALTER TABLE lesions ADD COLUMN axialSlices INTEGER NOT NULL DEFAULT 1 CHECK (axialSlices > 0);
