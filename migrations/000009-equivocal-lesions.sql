-- A response tells new lesions that are too small to count from those that count, from when progression is dated, and which
-- non-targets progress.
UPDATE cases SET result = json_set(result,
    '$.response.equivocalLesions', json('[]'),
    '$.response.datedBackTo', json('null'),
    '$.response.targets.leastCountedMm', 5,
    '$.response.nonTargets.progressing', json('[]'))
  WHERE json_type(result, '$.response') = 'object';
