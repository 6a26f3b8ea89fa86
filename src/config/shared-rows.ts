import { givenTexts, one, parseFileName } from './parse.js';

/** Shared by options that name a file. */
export const NAMES_FILE = {
  takes: 'text',
  value: 'ARQUIVO',
  parse: one(parseFileName),
  fallback: undefined,
} as const;

/** Shared by options of the command line whose texts the request itself parses. */
export const OF_REQUEST = {
  variables: [],
  parse: givenTexts,
  fallback: [],
  absent: { pt: '', en: '' },
} as const;
