/**
 * The kinds of objects a case can have, in the order in which they are written: an object comes after those it refers
 * to.
 *
 * - `SEG`: the lesions, BINARY; `SR`: the report, which refers to the SEG's segments. Every case has an SR, and a SEG
 *   if something was found.
 * - `LABELMAP`: the lesions as a label map; `LABELMAP-SR`: the report again, referring to the label map's segments, for
 *   destinations that get no SEG.
 * - `RTSTRUCT`: the lesions' contours; `REG`: prior → current; `KOS`: the slices to look at; `PDF`: the tumour board
 *   sheet.
 * - `RejectionNote`: retires what a newer case supersedes (IHE IOCM).
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
