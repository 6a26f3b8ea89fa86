import { ORIGIN_PATTERN, type Origin } from '../../../core/dot.js';
import { limits } from '../../../core/limits.js';
import { readSeq, seqText } from '../../../core/token-entries.js';
import type { Cut } from '../../watching/mutation-events.js';

/** A place in the order of all mutations: what comes before it is told. */
export interface OrderPlace {
  /** The last mutation before it; `undefined` where that is not known, as after a state. */
  readonly last: { readonly origin: Origin; readonly seq: number } | undefined;
  /** Hash of the vector of all before it: 16 hexadecimal digits. */
  readonly hash: string;
  /** The last event told of the mutation after it, if a reader has had a part of that. */
  readonly cut?: Cut | undefined;
}

const PREFIX = 'ol1';
const NONE = '-';
const HASH = /^[0-9a-f]{16}$/;

/** `ol1.<system>.<origin>:<seq>.<hash>[.<version>:<origin>]` */
export function encodeOrderPlace(system: string, { last, hash, cut }: OrderPlace): string {
  const dot = last === undefined ? NONE : `${last.origin}:${seqText(last.seq)}`;
  const part = cut === undefined ? '' : `.${seqText(cut.version)}:${cut.origin}`;
  return `${PREFIX}.${system}.${dot}.${hash}${part}`;
}

/** The token of a watch that has begun again and is not through yet: who goes on from it begins again too. */
export function orderStartOver(system: string): string {
  return `${PREFIX}.${system}.${NONE}`;
}

/** @returns `undefined` if it is no place of this system */
export function decodeOrderPlace(text: string, system: string): OrderPlace | undefined {
  if (text.length > limits.watchTokenBytes) return undefined;
  const [prefix, named, dot, hash, part, ...more] = text.split('.', 6);
  if (prefix !== PREFIX || named !== system || more.length > 0) return undefined;
  if (dot === undefined || hash === undefined || !HASH.test(hash)) return undefined;
  const last = dot === NONE ? undefined : dotIn(dot.split(':'));
  const cut = part === undefined ? undefined : dotIn(part.split(':').reverse());
  if ((last === undefined && dot !== NONE) || (cut === undefined && part !== undefined)) return undefined;
  return { last, hash, cut: cut && { version: cut.seq, origin: cut.origin } };
}

function dotIn([origin, text, ...more]: readonly string[]): OrderPlace['last'] {
  const seq = readSeq(text ?? '');
  if (origin === undefined || seq === undefined || more.length > 0) return undefined;
  return ORIGIN_PATTERN.test(origin) ? { origin: origin, seq } : undefined;
}
