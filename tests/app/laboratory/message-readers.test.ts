import { describe, expect, it } from 'vitest';
import { MessageReaders } from '../../../src/app/laboratory/message-readers.js';
import type { PassingMessage } from '../../../src/ports/trace.js';
import { TraceReader } from './trace-reader.js';

const BOUNDS = {
  ...{ readers: 2, queueMessages: 10, queueBytes: 100_000 },
  ...{ backlogMessages: 3, backlogBytes: 2_000, backlogMs: 1_000 },
};

function passing(text: string): PassingMessage {
  const wire = Buffer.from(text);
  return { step: 'envia', channel: 'c', type: 't', body: wire, wire };
}

describe('messages of a server before anybody reads them', () => {
  let nowUs = 0;
  const made = (...texts: readonly string[]): MessageReaders => {
    nowUs = 0;
    const readers = new MessageReaders(() => nowUs, BOUNDS);
    for (const text of texts) readers.tell(passing(text));
    return readers;
  };
  const read = async (readers: MessageReaders): Promise<readonly [number, string][]> => {
    const reader = new TraceReader(readers.begin());
    readers.tell(passing('fim'));
    while (reader.seen.at(-1)?.body.toString() !== 'fim') await Promise.resolve();
    return reader.seen.map(({ number, body }) => [number, body.toString()]);
  };

  it('are told to the first reader, and to no other', async () => {
    const readers = made('a', 'b');
    expect(readers.isOpen).toBe(true);
    expect(await read(readers)).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'fim'],
    ]);
    expect(await read(readers)).toEqual([[1, 'fim']]);
  });

  it.each([
    ['in number', ['a', 'b', 'c', 'd']],
    ['in bytes', ['a', 'x'.repeat(2_000)]],
  ])('are let go, all of them, beyond a bound %s', async (_, texts) => {
    const readers = made(...texts);
    expect(readers.isOpen).toBe(false);
    expect(await read(readers)).toEqual([[1, 'fim']]);
  });

  it('are let go once they are old', async () => {
    const readers = made('a');
    nowUs = 1_000_001;
    readers.tell(passing('b'));
    expect(readers.isOpen).toBe(false);
    expect(await read(readers)).toEqual([[1, 'fim']]);
  });
});
