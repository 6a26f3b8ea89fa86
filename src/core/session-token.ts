import type { Origin, VectorEntries } from './dot.js';
import { KvsError } from './errors.js';
import { limits } from './limits.js';
import { entriesText, readEntries } from './token-entries.js';
import type { VersionVector } from './vector.js';

/**
 * What a client has seen, as text that it carries from server to server: `f1.<fleet>.<origin>:<seq>,…`, seqs in base 36,
 * and after it `.h<ms since 1970 in base 36>` where the fleet's time matters.
 *
 * The entries are a causal frontier (see {@link Frontier}). They never stand for a digest: a token outlives restarts,
 * and a server that is ahead covers it.
 */
export interface SessionToken {
  readonly entries: VectorEntries;
  /** The fleet's time when the token was made: what had expired by then stays hidden from its bearer. */
  readonly fleetMs?: number;
}

const PREFIX = 'f1';
const FLEET_TIME = /^h[0-9a-z]{1,11}$/;

/**
 * Encodes the token of a store.
 * @param frontier of the store
 * @param fleetMs the fleet's time, ms since 1970, if it matters
 * @returns `undefined` if it would be longer than `limits.sessionTokenBytes`
 */
export function encodeToken(fleet: string, frontier: VectorEntries, fleetMs?: number): string | undefined {
  const time = fleetMs === undefined ? '' : `.h${fleetMs.toString(36)}`;
  // Saves writing down a frontier that is far too long: an entry takes at least four characters.
  if (4 * frontier.length > limits.sessionTokenBytes) return undefined;
  const text = `${PREFIX}.${fleet}.${entriesText(frontier)}${time}`;
  return text.length <= limits.sessionTokenBytes ? text : undefined;
}

/**
 * @param fleet of this server
 * @throws KvsError PEDIDO_INVALIDO
 */
export function decodeToken(text: string, fleet: string): SessionToken {
  if (text.length > limits.sessionTokenBytes) throw invalid(`passa de ${limits.sessionTokenBytes} bytes`);
  const [prefix, named, list, time, ...more] = text.split('.', 5);
  if (prefix !== PREFIX || named === undefined || list === undefined || more.length > 0) {
    throw invalid('não é de um servidor destes');
  }
  if (named !== fleet) throw invalid(`é de outros servidores; estes são ${fleet}`);
  const entries = readEntries(list);
  if (entries === undefined) throw invalid('está danificada');
  return time === undefined ? { entries } : { entries, fleetMs: readTime(time) };
}

/** The origin of an entry that the vector lacks; `undefined` if there is none. */
export function firstMissing(token: SessionToken, vector: VersionVector): Origin | undefined {
  for (const [origin, seq] of token.entries) if (vector.seqOf(origin) < seq) return origin;
  return undefined;
}

/** Whether a server with this vector has everything that the token stands for. */
export function covers(vector: VersionVector, token: SessionToken): boolean {
  return vector.covers(token.entries);
}

function readTime(text: string): number {
  const ms = FLEET_TIME.test(text) ? parseInt(text.slice(1), 36) : NaN;
  if (!(ms <= limits.timestampMs)) throw invalid('está danificada');
  return ms;
}

function invalid(why: string): KvsError {
  return new KvsError('PEDIDO_INVALIDO', `a sessão ${why}; comece outra`);
}
