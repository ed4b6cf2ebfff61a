const space = 0x20;

/** NUL pads UIDs, spaces pad other strings (PS3.5 6.2); some writers do not tell them apart. */
const isPadding = (code: number): boolean => code === space || code === 0;

/** `text` without trailing padding. A single pass, whatever the text: a pattern would try each run of padding anew. */
export function withoutTrailingPadding(text: string): string {
  let end = text.length;
  while (end > 0 && isPadding(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end);
}

/** `text` without the padding around it. */
export function withoutPadding(text: string): string {
  let start = 0;
  while (start < text.length && isPadding(text.charCodeAt(start))) start++;
  return withoutTrailingPadding(text.slice(start));
}
