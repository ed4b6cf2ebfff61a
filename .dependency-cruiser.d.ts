import type { ICruiseOptions, IForbiddenRuleType } from 'dependency-cruiser';

/** Rooms below `src/` from the top down; those on one floor do not import from each other. */
export const floors: readonly (readonly string[])[];

declare const configuration: { readonly forbidden: readonly IForbiddenRuleType[]; readonly options: ICruiseOptions };
export default configuration;
