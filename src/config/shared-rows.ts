import { givenTexts, one, parseFileName } from './parse.js';

/** What options have in common that name a file. */
export const NAMES_FILE = {
  takes: 'text',
  value: 'ARQUIVO',
  parse: one(parseFileName),
  fallback: undefined,
} as const;

/** What options of the command line have in common whose texts the request itself reads. */
export const OF_REQUEST = {
  variables: [],
  parse: givenTexts,
  fallback: [],
  absent: { pt: '', en: '' },
} as const;
