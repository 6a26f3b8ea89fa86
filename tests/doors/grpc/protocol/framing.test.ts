import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame, frameBytes, frames, MessageReader } from '../../../../src/doors/grpc/protocol/framing.js';
import type { FramingFault } from '../../../../src/doors/grpc/protocol/framing.js';
import { status } from '../../../../src/doors/grpc/protocol/status.js';

const MAX_BYTES = 3_000;
const message = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.integer({ min: 0, max: MAX_BYTES }).map((size) => new Uint8Array(size).fill(size % 251)),
);

/** Cuts bytes at these places, each taken modulo what there is. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, n) => bytes.subarray(from, sorted[n] ?? bytes.length));
}

/** Everything that a reader gives for these pieces, up to a fault. */
function readAll(reader: MessageReader, pieces: readonly Buffer[]): (Buffer | FramingFault)[] {
  const found: (Buffer | FramingFault)[] = [];
  for (const piece of pieces) {
    if (piece.length === 0) continue;
    reader.add(piece);
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      found.push(Buffer.isBuffer(next) ? Buffer.from(next) : next);
      if (!Buffer.isBuffer(next)) return found;
    }
  }
  return found;
}

describe('messages of a call', () => {
  it('come out as they went in, wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (sent, places) => {
          const size = sent.reduce((sum, one) => sum + frameBytes(one), 0);
          const reader = new MessageReader(MAX_BYTES);
          const found = readAll(reader, cutAt(frames(sent, size), places));
          expect(found).toEqual(sent.map((one) => Buffer.from(one)));
          expect(reader.isBetweenMessages).toBe(true);
          expect(reader.heldBytes).toBe(0);
        },
      ),
    );
  });

  it('come out in single bytes too, and what is held is at most twice what has come', () => {
    const bytes = Buffer.concat([
      frame(Buffer.alloc(0)),
      frame(Buffer.alloc(2_500, 7)),
      frame(Buffer.from('x')),
    ]);
    const reader = new MessageReader(MAX_BYTES);
    const found: (Buffer | FramingFault)[] = [];
    for (const [n, byte] of bytes.entries()) {
      found.push(...readAll(reader, [Buffer.from([byte])]));
      expect(reader.heldBytes).toBeLessThanOrEqual(Math.max(1024, 2 * (n + 1)));
    }
    expect(found).toEqual([Buffer.alloc(0), Buffer.alloc(2_500, 7), Buffer.from('x')]);
  });

  it('that end halfway are seen to be incomplete', () => {
    for (const cut of [1, 4, 5, 9]) {
      const reader = new MessageReader(MAX_BYTES);
      expect(readAll(reader, [frame(Buffer.from('chave')).subarray(0, cut)])).toEqual([]);
      expect(reader.isBetweenMessages).toBe(false);
    }
  });

  it('may be taken one by one', () => {
    const reader = new MessageReader(MAX_BYTES);
    reader.add(Buffer.concat([frame(Buffer.from('a')), frame(Buffer.from('b'))]));
    expect(reader.next()).toEqual(Buffer.from('a'));
    expect(reader.isBetweenMessages).toBe(false);
    expect(reader.heldBytes).toBe(6);
    expect(reader.next()).toEqual(Buffer.from('b'));
    expect(reader.next()).toBeUndefined();
    expect(reader.isBetweenMessages).toBe(true);
  });

  it.each([[5], [1]])('that announce too much are refused by their prefix, in pieces of %i bytes', (size) => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(MAX_BYTES + 1, 1);
    const reader = new MessageReader(MAX_BYTES);
    const pieces = Array.from({ length: 5 / size }, (_, n) => prefix.subarray(n * size, (n + 1) * size));
    const [fault] = readAll(reader, pieces);
    expect(fault).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(reader.heldBytes).toBeLessThanOrEqual(1024);
  });

  it('that are marked as compressed are refused', () => {
    const bytes = frame(Buffer.from('x'));
    bytes[0] = 1;
    expect(readAll(new MessageReader(MAX_BYTES), [bytes])).toMatchObject([{ code: status.INTERNAL }]);
  });
});
