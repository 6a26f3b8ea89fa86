/** Versions of a key that are named before it is removed; of more it is said that there are more. */
export const SHOWN_VERSIONS = 10;

/** Keys of a range that are counted before it is removed; of more it is said that there are more. */
export const COUNTED_KEYS = 100;
