import { attributeOf } from './series-attributes.js';
import type { SeriesHeader } from './series-header.js';
import type { Rule } from './selection-rules.js';

/** One rule's answer for a series, and what was seen. */
export interface RuleResult {
  readonly passed: boolean;
  /** `rule: Attribute = values`, and when it failed, what was asked. */
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
    found.find((value) => patterns.some((pattern) => glob(String(pattern)).test(String(value))));
  if (rule.oneOf && match(rule.oneOf) === undefined) return answer(false, `none of ${rule.oneOf.join(', ')}`);
  const forbidden = rule.noneOf && match(rule.noneOf);
  if (forbidden !== undefined) return answer(false, `${forbidden} is excluded`);

  const prose = found.map((value) => words(String(value), ignorePhrases)).join(' | ');
  const anyWord = rule.anyWord?.find((word) => hasWord(prose, word));
  if (rule.anyWord && anyWord === undefined) return answer(false, 'no telling word');
  const badWord = rule.noWord?.find((word) => hasWord(prose, word));
  if (badWord !== undefined) return answer(false, `“${badWord}” is excluded`);

  const numbers = found.map(Number);
  const { min, max } = rule;
  if (min !== undefined && !numbers.every((value) => value >= min)) return answer(false, `at least ${min} is asked`);
  if (max !== undefined && !numbers.every((value) => value <= max)) return answer(false, `at most ${max} is asked`);
  return answer(true, anyWord === undefined ? '' : `“${anyWord}”`);
}

const escapeRegExp = (literal: string) => literal.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
const glob = (pattern: string) => new RegExp(`^${escapeRegExp(pattern).replaceAll('*', '.*')}$`, 'i');

/**
 * Text as words: lower case, without accents, anything but letters, digits and signs of contrast (`+C`, `C+`) a space.
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

const hasWord = (prose: string, word: string) =>
  new RegExp(`(^| )${escapeRegExp(normaliseText(word)).replaceAll('*', '[^ ]*')}( |$)`).test(prose);
