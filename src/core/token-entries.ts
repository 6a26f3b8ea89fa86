import { ORIGIN_PATTERN, type Origin, type VectorEntries } from './dot.js';

const SEQ = /^[0-9a-z]{1,11}$/;

/** Dots in a token: `<origin>:<seq>,…`, seqs in base 36. */
export function entriesText(entries: VectorEntries): string {
  return entries.map(([origin, seq]) => `${origin}:${seqText(seq)}`).join(',');
}

/** Reads {@link entriesText}; `undefined` if it is damaged. */
export function readEntries(text: string): VectorEntries | undefined {
  if (text === '') return [];
  const entries: [Origin, number][] = [];
  for (const entry of text.split(',')) {
    const [origin, seqPart, ...more] = entry.split(':', 3);
    const seq = readSeq(seqPart ?? '');
    if (origin === undefined || !ORIGIN_PATTERN.test(origin) || seq === undefined || more.length > 0)
      return undefined;
    entries.push([origin, seq]);
  }
  return entries;
}

export function seqText(seq: number): string {
  return seq.toString(36);
}

/** A whole number from 1 on, in base 36; `undefined` if it is damaged. */
export function readSeq(text: string): number | undefined {
  const seq = SEQ.test(text) ? parseInt(text, 36) : 0;
  return Number.isSafeInteger(seq) && seq >= 1 ? seq : undefined;
}
