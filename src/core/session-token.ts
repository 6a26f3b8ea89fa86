import { ORIGIN_PATTERN, type Origin, type VectorEntries } from './dot.js';
import { KvsError } from './errors.js';
import { limits } from './limits.js';
import type { VersionVector } from './vector.js';

/**
 * What a client has seen, as text that it carries from server to server: `f1.<fleet>.<origin>:<seq>,…`, seqs in base 36.
 *
 * The entries are a causal frontier (see {@link Frontier}). If it does not fit, the most recently advanced ones are
 * listed, and `.<digest>` after them stands for exactly the rest of the vector: a server covers the rest if its own
 * vector without the listed origins has the same digest. This also refuses servers that are ahead in the rest, but
 * never accepts one that is behind.
 */
export interface SessionToken {
  readonly entries: VectorEntries;
  /** Digest of the vector without the origins in `entries`; `undefined` if the entries imply everything. */
  readonly restDigest: string | undefined;
}

const PREFIX = 'f1';
const SEQ = /^[0-9a-z]{1,11}$/;
const DIGEST = /^[0-9a-f]{16}$/;

/** Room for `.` and 16 digits. */
const DIGEST_CHARS = 17;

/**
 * Encodes the token of a store.
 * @param frontier of the store
 * @param vector of the store at the same moment
 */
export function encodeToken(fleet: string, frontier: VectorEntries, vector: VersionVector): string {
  const head = `${PREFIX}.${fleet}.`;
  const whole = head + frontier.map(entryText).join(',');
  if (whole.length <= limits.sessionTokenBytes) return whole;
  const listed: (readonly [Origin, number])[] = [];
  let room = limits.sessionTokenBytes - head.length - DIGEST_CHARS;
  for (const entry of vector.latestFirst()) {
    room -= entryText(entry).length + 1;
    if (room < 0) break;
    listed.push(entry);
  }
  const digest = vector.digestWithout(listed.map(([origin]) => origin));
  return `${head}${listed.map(entryText).join(',')}.${digest}`;
}

/**
 * @param fleet of this server
 * @throws KvsError PEDIDO_INVALIDO
 */
export function decodeToken(text: string, fleet: string): SessionToken {
  if (text.length > limits.sessionTokenBytes) throw invalid(`passa de ${limits.sessionTokenBytes} bytes`);
  const [prefix, named, list, digest, ...more] = text.split('.', 5);
  if (prefix !== PREFIX || named === undefined || list === undefined || more.length > 0) {
    throw invalid('não é de um servidor destes');
  }
  if (named !== fleet) throw invalid(`é de outros servidores; estes são ${fleet}`);
  if (digest !== undefined && !DIGEST.test(digest)) throw invalid('está danificada');
  return { entries: list === '' ? [] : list.split(',').map(readEntry), restDigest: digest };
}

/** The origin of an entry that the vector lacks; `undefined` if none, or if only the rest differs. */
export function firstMissing(token: SessionToken, vector: VersionVector): Origin | undefined {
  for (const [origin, seq] of token.entries) if (vector.seqOf(origin) < seq) return origin;
  return undefined;
}

/** Whether a server with this vector has everything that the token stands for. */
export function covers(vector: VersionVector, token: SessionToken): boolean {
  if (!vector.covers(token.entries)) return false;
  if (token.restDigest === undefined) return true;
  return vector.digestWithout(token.entries.map(([origin]) => origin)) === token.restDigest;
}

function entryText([origin, seq]: readonly [Origin, number]): string {
  return `${origin}:${seq.toString(36)}`;
}

function readEntry(text: string): readonly [Origin, number] {
  const [origin, seqText, ...more] = text.split(':', 3);
  if (origin === undefined || seqText === undefined || more.length > 0) throw invalid('está danificada');
  const seq = SEQ.test(seqText) ? parseInt(seqText, 36) : 0;
  if (!ORIGIN_PATTERN.test(origin) || !Number.isSafeInteger(seq) || seq < 1) throw invalid('está danificada');
  return [origin, seq];
}

function invalid(why: string): KvsError {
  return new KvsError('PEDIDO_INVALIDO', `a sessão ${why}; comece outra`);
}
