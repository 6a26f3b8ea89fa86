/** Versions of a key that are listed before its removal; beyond, only that there are more. */
export const SHOWN_VERSIONS = 10;

/** Keys of a range that are counted before its removal; beyond, only that there are more. */
export const COUNTED_KEYS = 100;
