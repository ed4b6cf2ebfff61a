-- A person found out that two patients are one: under whom this one's studies are filed now.
ALTER TABLE patients ADD COLUMN mergedInto INTEGER REFERENCES patients;
