import { aeTitlePattern, uidPattern } from '../../core/identifiers.js';
import { items, text, type Dataset } from '../../dicom/dataset.js';
import { attributeByKeyword } from '../../dicom/dictionary.js';

/** Form of a value by its VR (PS3.5 6.2). Text may hold anything but control characters and the delimiter. */
const forms: Record<string, RegExp> = {
  AE: aeTitlePattern,
  AS: /^\d{3}[DWMY]$/,
  CS: /^[A-Z0-9 _]{1,16}$/,
  DA: /^\d{8}$/,
  DS: /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/,
  DT: /^\d{4,14}(\.\d{1,6})?([+-]\d{4})?$/,
  IS: /^[+-]?\d{1,11}$/,
  LO: /^[^\\\p{Cc}]{1,64}$/u,
  LT: /^[^\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]{1,10240}$/u, // eslint-disable-line no-control-regex
  SH: /^[^\\\p{Cc}]{1,16}$/u,
  ST: /^[^\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]{1,1024}$/u, // eslint-disable-line no-control-regex
  TM: /^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/,
  // Leading zeros are wrong too, but sources have them, and an identity must not be altered.
  UI: uidPattern,
  UT: /^[^\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]+$/u, // eslint-disable-line no-control-regex
};

/** Bytes that an element with a 16-bit length can have (PS3.5 7.1.2); writers cut what is longer. */
const longestShortValue = 65_534;

/** What a content item of each value type must carry (PS3.3 C.17.3). */
const contentOf: Record<string, readonly string[]> = {
  TEXT: ['TextValue'],
  CODE: ['ConceptCodeSequence'],
  NUM: ['MeasuredValueSequence'],
  UIDREF: ['UID'],
  DATE: ['Date'],
  IMAGE: ['ReferencedSOPSequence'],
  COMPOSITE: ['ReferencedSOPSequence'],
  SCOORD: ['GraphicType', 'GraphicData', 'ContentSequence'],
  SCOORD3D: ['GraphicType', 'GraphicData', 'ReferencedFrameOfReferenceUID'],
  CONTAINER: ['ContinuityOfContent'],
};

export const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** The form and length of every value of a data set and its items, complete codes and content items. */
export function checkItem(item: Dataset, path: string, breaches: string[]): void {
  for (const [keyword, value] of Object.entries(item)) {
    if (keyword === '_vrMap') continue; // the writer's note on value representations
    const at = `${path}${keyword}`;
    const attribute = attributeByKeyword(keyword);
    if (attribute === undefined) {
      breaches.push(`${at} is no DICOM keyword`);
      continue;
    }
    const { vr, vm } = attribute;
    if (vr !== 'SQ') checkMultiplicity(value, vm, at, breaches);
    if (vr === 'SQ') {
      for (const [index, entry] of items(item, keyword).entries()) {
        if (keyword.endsWith('CodeSequence')) checkCode(entry, at, breaches);
        checkItem(entry, `${at}[${index}].`, breaches);
      }
    } else if (vr === 'PN') checkName(value, at, breaches);
    else if (Array.isArray(value) && vr === 'DS' && value.join('\\').length > longestShortValue)
      breaches.push(`${at} has ${value.length} values, more than fit into one element`);
    else for (const single of Array.isArray(value) ? value : [value]) checkValue(single, vr, at, breaches);
  }
  const contentType = text(item, 'ValueType');
  if (contentType !== undefined)
    for (const keyword of contentOf[contentType] ?? [])
      if (isEmpty(item[keyword])) breaches.push(`${path}${keyword} is missing in a ${contentType}`);
}

/**
 * As many values as the attribute may have (PS3.6): a backslash in an identifier would make two of it. Empty attributes
 * are {@link checkRequired}'s question.
 */
function checkMultiplicity(value: unknown, vm: string, at: string, breaches: string[]): void {
  const values = Array.isArray(value) ? (value as unknown[]) : [value];
  if (isEmpty(value) || values.every(isEmpty)) return;
  const [least, most = least] = vm.split('-');
  const step = most.endsWith('n') ? parseInt(most, 10) || 1 : 1;
  const count = values.length;
  if (count < Number(least) || (!most.endsWith('n') && count > Number(most)) || count % step !== 0)
    breaches.push(`${at} has ${count} values, its multiplicity is ${vm}`);
}

function checkValue(value: unknown, vr: string, at: string, breaches: string[]): void {
  if (typeof value === 'number' && !Number.isFinite(value)) breaches.push(`${at} is no number`);
  const form = forms[vr];
  // Never the value itself: it may be a patient's.
  if (form === undefined || value === '') return;
  const text = String(value);
  const limit = vr === 'UI' ? 64 : vr === 'DS' ? 16 : Infinity;
  if (!form.test(text) || text.length > limit) breaches.push(`${at} is no valid ${vr} (${text.length} characters)`);
}

function checkName(value: unknown, at: string, breaches: string[]): void {
  const names = Array.isArray(value) ? (value as unknown[]) : [value];
  for (const name of names) {
    const groups =
      typeof name === 'object' && name !== null
        ? Object.values(name)
        : (typeof name === 'string' ? name : '').split('=');
    if (groups.length > 3 || groups.some((group) => String(group).length > 64 || /[\\\p{Cc}]/u.test(String(group))))
      breaches.push(`${at} is no valid PN`);
  }
}

function checkCode(item: Dataset, at: string, breaches: string[]): void {
  for (const keyword of ['CodeValue', 'CodingSchemeDesignator', 'CodeMeaning'])
    if (isEmpty(item[keyword]) && !(keyword === 'CodeValue' && (item['LongCodeValue'] || item['URNCodeValue'])))
      breaches.push(`${at} lacks ${keyword}`);
}
