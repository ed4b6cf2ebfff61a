import { attributeOf } from './series-attributes.js';
import type { SeriesHeader } from './series-header.js';
import type { Rule } from './selection-rules.js';

/** One rule's answer for a series, and what it found. */
export interface RuleResult {
  readonly passed: boolean;
  /** `rule: Attribute = values`, and if it failed, what was required. */
  readonly reason: string;
}

/** Applies one rule. Comparison ignores case; `*` in a value or word stands for any characters. */
export function applyRule(rule: Rule, header: SeriesHeader, ignorePhrases: readonly string[]): RuleResult {
  const names = [rule.attribute].flat();
  const found = names.flatMap((name) => attributeOf(header, name));
  const seen = `${names.join(', ')} ${found.length === 0 ? 'absent' : `= ${found.join(' \\ ')}`}`;
  const answer = (passed: boolean, why = '') => ({
    passed,
    reason: `${passed ? 'passed' : 'FAILED'} ${rule.rule}: ${seen}${why && `, ${why}`}`,
  });
  if (found.length === 0) return answer(rule.whenAbsent === 'pass');

  const match = (patterns: readonly (string | number)[]) =>
    found.find((value) =>
      patterns.some((pattern) => matches(String(pattern).toLowerCase(), String(value).toLowerCase())),
    );
  if (rule.oneOf && match(rule.oneOf) === undefined) return answer(false, `none of ${rule.oneOf.join(', ')}`);
  const forbidden = rule.noneOf && match(rule.noneOf);
  if (forbidden !== undefined) return answer(false, `${forbidden} is excluded`);

  const prose = found.map((value) => words(String(value), ignorePhrases)).join(' | ');
  const anyWord = rule.anyWord?.find((word) => hasWord(prose, word));
  if (rule.anyWord && anyWord === undefined) return answer(false, 'none of the words');
  const badWord = rule.noWord?.find((word) => hasWord(prose, word));
  if (badWord !== undefined) return answer(false, `“${badWord}” is excluded`);

  const numbers = found.map(Number);
  const { min, max } = rule;
  if (min !== undefined && !numbers.every((value) => value >= min)) return answer(false, `at least ${min} is required`);
  if (max !== undefined && !numbers.every((value) => value <= max)) return answer(false, `at most ${max} is allowed`);
  return answer(true, anyWord === undefined ? '' : `“${anyWord}”`);
}

/**
 * Whether `text` matches `pattern`, in which `*` stands for any characters. Each part is searched for once, after the
 * one before.
 */
function matches(pattern: string, text: string): boolean {
  const [first, ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

/**
 * Text as words: lower case, without accents; anything but letters, digits and signs of contrast (`+C`, `C+`) becomes a
 * space.
 */
export function normaliseText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}+*]+/gu, ' ')
    .replace(/\+ (?=[cgk])/g, '+')
    .replace(/(?<=\S)\+(?=[\p{Letter}\p{Number}])/gu, ' +')
    .trim();
}

function words(text: string, ignorePhrases: readonly string[]): string {
  return ignorePhrases.reduce(
    (rest, phrase) => ` ${rest} `.replaceAll(` ${normaliseText(phrase)} `, ' ').trim(),
    normaliseText(text),
  );
}

/** Whether `prose` holds `word`, which may be several in a row; a `*` stays within one of them. */
function hasWord(prose: string, word: string): boolean {
  const said = prose.split(' ');
  const asked = normaliseText(word).split(' ');
  return said.some(
    (_, start) =>
      start + asked.length <= said.length && asked.every((pattern, index) => matches(pattern, said[start + index])),
  );
}
