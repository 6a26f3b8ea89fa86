import type { Attempt } from './attempt.js';
import type { VectorEntries } from './dot.js';
import type { Batch, Mutation } from './mutation.js';

// Field names, quotes, numbers and braces of one mutation on the wire, rounded up; tests check it against the codec.
const MUTATION_OVERHEAD_BYTES = 120;
const VECTOR_ENTRY_OVERHEAD_BYTES = 24;
const BATCH_OVERHEAD_BYTES = 256;
const ATTEMPT_OVERHEAD_BYTES = 24;
const EXPIRY_BYTES = 28;

/** Bytes of `text` as a JSON string in UTF-8, quotes included. */
export function jsonStringBytes(text: string): number {
  let bytes = text.length + 2;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) bytes += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
    else if (unit < 0x20) bytes += 5;
    else if (unit === 0x22 || unit === 0x5c) bytes += 1;
  }
  return bytes;
}

/** An upper bound on the JSON of a list of vector entries. */
export function vectorBytes(entries: VectorEntries): number {
  let bytes = 2;
  for (const entry of entries) bytes += vectorEntryBytes(entry);
  return bytes;
}

/** An upper bound on the JSON of one vector entry in a list. */
export function vectorEntryBytes([origin]: VectorEntries[number]): number {
  return origin.length + VECTOR_ENTRY_OVERHEAD_BYTES;
}

/** An upper bound on the JSON of an attempt, with its field. */
export function attemptBytes(attempt: Attempt | undefined): number {
  return attempt === undefined ? 0 : attempt.id.length + ATTEMPT_OVERHEAD_BYTES;
}

/** An upper bound on the JSON of an expiry, with its field. */
export function expiryBytes(expiresAt: number | undefined): number {
  return expiresAt === undefined ? 0 : EXPIRY_BYTES;
}

/** An upper bound on the JSON of one mutation. */
export function mutationBytes(mutation: Mutation): number {
  if (mutation.kind === 'raiseFloor') return MUTATION_OVERHEAD_BYTES;
  const key = jsonStringBytes(mutation.key) + MUTATION_OVERHEAD_BYTES;
  switch (mutation.kind) {
    case 'insert':
      return (
        key +
        jsonStringBytes(mutation.value) +
        (mutation.context.length > 0 ? vectorBytes(mutation.context) : 0) +
        attemptBytes(mutation.attempt) +
        expiryBytes(mutation.expiresAt)
      );
    case 'removeObserved':
      return key + vectorBytes(mutation.observed) + (mutation.keep ? mutation.keep.origin.length : 0);
    case 'removeDots':
      return (
        key + mutation.dots.reduce((sum, dot) => sum + dot.origin.length + VECTOR_ENTRY_OVERHEAD_BYTES, 2)
      );
    case 'discard':
      return (
        key +
        mutation.dots.reduce((sum, dot) => sum + dot.origin.length + VECTOR_ENTRY_OVERHEAD_BYTES, 2) +
        vectorBytes(mutation.passed)
      );
  }
}

/** An upper bound on the JSON of a batch. */
export function batchBytes(batch: Batch): number {
  let bytes = BATCH_OVERHEAD_BYTES + vectorBytes(batch.dependencies);
  for (const mutation of batch.mutations) bytes += mutationBytes(mutation);
  return bytes;
}
