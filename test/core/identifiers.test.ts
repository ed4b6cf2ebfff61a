import { describe, expect, it } from 'vitest';
import { isAETitle, isUID } from '../../src/core/identifiers.js';

describe('an AE title (PS3.5 6.2)', () => {
  it.each(['PRIORA', 'a', 'MR SCANNER 1', 'SIXTEEN_LETTERS_', '[~!]'])('can be %j', (title) => {
    expect(isAETitle(title)).toBe(true);
  });
  it.each(['', ' ', ' PACS', 'PACS ', 'SEVENTEEN_LETTERS', 'A\\B', 'A\nB', 'PACS\n', 'ÄRZTE', 'A\0'])(
    'cannot be %j',
    (title) => {
      expect(isAETitle(title)).toBe(false);
    },
  );
});

describe('a UID (PS3.5 9.1)', () => {
  it.each(['1', '1.2.840.10008.1.1', '1.02', '1.'.repeat(31) + '12'])('can be %j', (uid) => {
    expect(isUID(uid)).toBe(true);
  });
  it.each([undefined, null, '', '.', '1.', '.1', '1..2', '1.a', '1.2/3', '../1', '1.2 ', '1.2\n', '1'.repeat(65)])(
    'cannot be %j',
    (uid) => {
      expect(isUID(uid)).toBe(false);
    },
  );
});
