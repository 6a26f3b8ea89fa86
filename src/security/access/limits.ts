import { assertRelation, KiB, limits, MiB } from '../../core/limits.js';

/** Limits of credentials and their use. */
export const accessLimits = Object.freeze({
  /** Credentials in one file, */
  credentials: 4096,
  /** what one of them may list, */
  prefixes: 64,
  prefixBytes: 4 * KiB,
  certificates: 16,
  /** and the file's size. */
  fileBytes: 4 * MiB,
  /** Longest secret that is checked; issued secrets have 43 characters. */
  secretChars: 128,
  /** Longest subject of a client certificate. */
  subjectChars: 1024,
  /** Memory of one slow hash: less would not be slow, and more would let a file claim gigabytes. */
  hashBytesMin: 16 * MiB,
  hashBytes: 64 * MiB,
  /** Passes of one slow hash over its memory. */
  hashPasses: 4,
  /** Slow hashes running on the process's four threads for such work, and queued. */
  hashesAtOnce: 2,
  hashesQueued: 64,
  /** A verified token is accepted without another slow hash for this long, and is exempt from limits for twice that. */
  rememberMs: 300_000,
  remembered: 10_000,
  /** Logins that may fail in a row from one address and altogether, */
  attemptsPerAddress: 10,
  attempts: 100,
  /** and the time until one more may, from one address and altogether. */
  attemptMs: 1_000,
  attemptOverallMs: 100,
  /** Addresses whose attempts are remembered; beyond, the least recently seen is forgotten. */
  addresses: 10_000,
  /** How often the credentials of open watches are looked at. */
  watchCheckMs: 1_000,
});

assertRelation(
  accessLimits.hashBytesMin <= accessLimits.hashBytes && accessLimits.hashesAtOnce < 4,
  'slow hashes leave threads for files and names',
);
assertRelation(
  accessLimits.prefixBytes <= limits.keyBytes && accessLimits.secretChars + 64 + 8 < limits.accessTokenChars,
  'a prefix may be a whole key, and a token holds a name and a secret',
);
