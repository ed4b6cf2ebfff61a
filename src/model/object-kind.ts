/**
 * The kinds of objects a case can have, in the order they are written: what refers to another comes after it.
 *
 * - `SEG`: the lesions, BINARY; `SR`: the report, which refers to the SEG's segments. Every case has its SR, and its SEG when
 *   something was found.
 * - `LABELMAP`: the lesions, as a label map; `LABELMAP-SR`: the report again, referring to the label map's segments, for
 *   destinations that get no SEG.
 * - `RTSTRUCT`: the lesions' contours; `REG`: prior → current; `KOS`: the slices to look at; `PDF`: the sheet for the tumour board.
 * - `RejectionNote`: retires what a newer case replaces (IHE IOCM).
 */
export const objectKinds = [
  'SEG',
  'SR',
  'LABELMAP',
  'LABELMAP-SR',
  'RTSTRUCT',
  'REG',
  'KOS',
  'PDF',
  'RejectionNote',
] as const;
export type ObjectKind = (typeof objectKinds)[number];
