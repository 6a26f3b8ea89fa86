/** Entity tags, and what clients demand of them (RFC 9110, 8.8.3 and 13.1). Pure. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { KvsError } from '../../core/errors.js';
import type { Line } from '../../ports/lines.js';

interface EntityTag {
  readonly isWeak: boolean;
  /** With its quotes. */
  readonly text: string;
}

/** `*`: whatever is there. */
type TagCondition = '*' | readonly EntityTag[];

/** What a client demands of what is there. At least one is set. */
export interface Preconditions {
  /** `If-Match` */
  readonly match: TagCondition | undefined;
  /** `If-None-Match` */
  readonly noneMatch: TagCondition | undefined;
}

const TAG = /^\s*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)/;
const EMPTY_ELEMENT = /^\s*,/;

/**
 * The preconditions of a request; `undefined` for the many that have none.
 * @throws KvsError PEDIDO_INVALIDO
 */
export function preconditionsOf(headers: IncomingHttpHeaders): Preconditions | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (match === undefined && noneMatch === undefined) return undefined;
  return {
    match: match === undefined ? undefined : conditionOf('If-Match', match),
    noneMatch: noneMatch === undefined ? undefined : conditionOf('If-None-Match', noneMatch),
  };
}

function conditionOf(name: string, text: string): TagCondition {
  if (text.trim() === '*') return '*';
  const tags: EntityTag[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const empty = EMPTY_ELEMENT.exec(rest);
    if (empty !== null) {
      rest = rest.slice(empty[0].length);
      continue;
    }
    const [all = '', weak, tag] = TAG.exec(rest) ?? [];
    if (tag === undefined) throw malformed(name);
    tags.push({ isWeak: weak !== undefined, text: tag });
    rest = rest.slice(all.length);
  }
  if (tags.length === 0) throw malformed(name);
  return tags;
}

function malformed(name: string): KvsError {
  return new KvsError('PEDIDO_INVALIDO', `${name}: esperado * ou marcas entre aspas, como "7"`);
}

/** The tag of a value as text. @param compares the engine does: a version then names one value */
export function textTag({ version, origin }: Line, compares: boolean): string {
  return compares ? `"${version}"` : `"${version}@${origin}"`;
}

/** The tag of a line as JSON, which changes with all that it tells. */
export function jsonTag({ version }: Line, json: string): string {
  const hash = createHash('sha1').update(json).digest('base64url').slice(0, 16);
  return `"${version}.${hash}"`;
}

/** What a conditional read comes to: 200, 304 or 412. @param tag of the form that would be shown */
export function readOutcome({ match, noneMatch }: Preconditions, tag: string): 200 | 304 | 412 {
  if (match !== undefined && !matchesStrongly(match, [tag])) return 412;
  return noneMatch !== undefined && matchesWeakly(noneMatch, [tag]) ? 304 : 200;
}

/** Whether a write may be done. @param tags of all forms of what is there; `undefined`: nothing is */
export function mayWrite({ match, noneMatch }: Preconditions, tags: readonly string[] | undefined): boolean {
  if (match !== undefined && (tags === undefined || !matchesStrongly(match, tags))) return false;
  return noneMatch === undefined || tags === undefined || !matchesWeakly(noneMatch, tags);
}

/**
 * The version that must be there for a write, where the preconditions alone say it; 0: none may be there.
 * @returns `undefined` if one must look
 */
export function expectedVersion({ match, noneMatch }: Preconditions): number | undefined {
  if (match === undefined) return noneMatch === '*' ? 0 : undefined;
  if (noneMatch !== undefined || match === '*' || match.length !== 1) return undefined;
  const [{ isWeak, text } = { isWeak: true, text: '' }] = match;
  const [, digits] = /^"([1-9]\d{0,9})"$/.exec(text) ?? [];
  return isWeak || digits === undefined ? undefined : Number(digits);
}

function matchesStrongly(condition: TagCondition, tags: readonly string[]): boolean {
  return condition === '*' || condition.some(({ isWeak, text }) => !isWeak && tags.includes(text));
}

function matchesWeakly(condition: TagCondition, tags: readonly string[]): boolean {
  return condition === '*' || condition.some(({ text }) => tags.includes(text));
}
