-- What became of a lesion that is not found now has other names.
UPDATE cases SET result = replace(replace(result,
    '"status":"no longer seen"', '"status":"not visualised"'),
    '"status":"not covered"', '"status":"outside the field of view"')
  WHERE result IS NOT NULL;
