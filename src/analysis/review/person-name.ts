/** A PN value as one line of text, or null if it is empty: dcmjs gives text, component groups, or a list of either. */
export function personName(value: unknown): string | null {
  const [first] = Array.isArray(value) ? (value as unknown[]) : [value];
  const text = typeof first === 'object' && first !== null ? Object.values(first)[0] : first;
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : null;
}
