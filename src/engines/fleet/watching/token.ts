import { ORIGIN_PATTERN, type Origin, type VectorEntries } from '../../../core/dot.js';
import { limits } from '../../../core/limits.js';
import { entriesText, readEntries, readSeq, seqText } from '../../../core/token-entries.js';
import type { Cut } from '../../watching/mutation-events.js';

/** A mutation of which a reader has had some events, and not all. */
export interface ToldPart extends Cut {
  /** The mutation. `version` and `origin` are those of the last entry told. */
  readonly of: { readonly origin: Origin; readonly seq: number };
}

/** Where a watch was: what it has told is causally closed, so a frontier stands for it. */
export interface WatchPlace {
  readonly entries: VectorEntries;
  /** Mutations besides, which it has told in part. */
  readonly parts: readonly ToldPart[];
}

const PREFIX = 'o1';
const START_OVER = '-';

/**
 * Encodes the place of a watch: `o1.<fleet>.<origin>:<seq>,….<origin>:<seq>:<version>:<origin>,…`.
 * @returns `undefined` if it would be longer than `limits.watchTokenBytes`
 */
export function encodeWatchToken(fleet: string, { entries, parts }: WatchPlace): string | undefined {
  // Saves writing down a frontier that is far too long: an entry takes at least four characters.
  if (4 * entries.length > limits.watchTokenBytes) return undefined;
  const cuts = parts.length === 0 ? '' : `.${parts.map(partText).join(',')}`;
  const text = `${PREFIX}.${fleet}.${entriesText(entries)}${cuts}`;
  return text.length <= limits.watchTokenBytes ? text : undefined;
}

/** The token of a place that no token can name: who goes on from it starts over. */
export function startOverToken(fleet: string): string {
  return `${PREFIX}.${fleet}.${START_OVER}`;
}

/**
 * @param fleet of this server
 * @returns `undefined` if the token says to start over, or means nothing here: who has it starts over just the same
 */
export function decodeWatchToken(text: string, fleet: string): WatchPlace | undefined {
  if (text.length > limits.watchTokenBytes) return undefined;
  const [prefix, named, list, cuts, ...more] = text.split('.', 5);
  if (prefix !== PREFIX || named !== fleet || list === undefined || more.length > 0) return undefined;
  const entries = readEntries(list);
  const parts = cuts === undefined ? [] : cuts.split(',').map(readPart);
  if (entries === undefined || !parts.every((part) => part !== undefined)) return undefined;
  return { entries, parts };
}

function partText({ of, version, origin }: ToldPart): string {
  return `${of.origin}:${seqText(of.seq)}:${seqText(version)}:${origin}`;
}

function readPart(text: string): ToldPart | undefined {
  const [writer, seqPart, versionPart, origin, ...more] = text.split(':', 5);
  const seq = readSeq(seqPart ?? '');
  const version = readSeq(versionPart ?? '');
  if (!isName(writer) || !isName(origin) || seq === undefined || version === undefined || more.length > 0)
    return undefined;
  return { of: { origin: writer, seq }, version, origin };
}

function isName(text: string | undefined): text is Origin {
  return text !== undefined && ORIGIN_PATTERN.test(text);
}
