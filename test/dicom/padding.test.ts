import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { withoutPadding, withoutTrailingPadding } from '../../src/dicom/padding.js';

afterEach(() => vi.restoreAllMocks());

describe('padding', () => {
  const padding = fc.string({ unit: fc.constantFrom(' ', '\0'), maxLength: 5 });
  const content = fc.string().filter((text) => !/^[\0 ]|[\0 ]$/.test(text));

  it('is removed where it is, and nothing else is', () => {
    fc.assert(
      fc.property(padding, content, padding, (before, text, after) => {
        fc.pre(text !== '' || before === '');
        expect(withoutTrailingPadding(before + text + after)).toBe(before + text);
        expect(withoutPadding(before + text + after)).toBe(text);
      }),
    );
  });

  it.each([withoutTrailingPadding, withoutPadding])('is found in one look per character (%o)', (trim) => {
    const looks = vi.spyOn(String.prototype, 'charCodeAt');
    for (const hostile of [`x${' '.repeat(9999)}`.repeat(7) + 'x', ' '.repeat(70_000), 'x' + '\0'.repeat(69_999)]) {
      looks.mockClear();
      trim(hostile);
      expect(looks.mock.calls.length).toBeLessThanOrEqual(hostile.length + 2);
    }
  });
});
