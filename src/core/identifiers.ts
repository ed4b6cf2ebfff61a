/**
 * The two identifiers that settings, peers and files share (PS3.5 6.2, Table 6.2-1). Each rule runs in linear time,
 * because the text tested may come from anybody.
 */

/**
 * VR AE: 1 to 16 characters of the default repertoire without backslash; the spaces around a title are not part of it.
 */
export const aeTitlePattern = /^(?! )[\x20-\x5b\x5d-\x7e]{1,16}(?<! )$/;

/** The explanation given with an invalid title. */
export const aeTitleRule =
  'must be an AE title: 1 to 16 ASCII characters without backslash, and no space at either end';

/** Whether `text` is a valid AE title. */
export const isAETitle = (text: string): boolean => aeTitlePattern.test(text);

/**
 * VR UI (PS3.5 9.1): at most 64 characters, numbers separated by dots. Leading zeros violate the standard but are
 * harmless; nothing that passes can be part of a path.
 */
export const uidPattern = /^(?=.{1,64}$)\d+(?:\.\d+)*$/;

/** Whether `text` is a UID. */
export const isUID = (text: string | null | undefined): text is string => text != null && uidPattern.test(text);
