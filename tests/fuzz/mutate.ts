import type { SeededRandom } from '../support/sim-random.js';

/** No input gets longer: what must be refused for its size is tested elsewhere. */
const MOST_BYTES = 16 * 1024;

const BYTES = [
  0x00, 0x01, 0x0a, 0x20, 0x22, 0x2c, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xed, 0xff,
];
const TEXTS = [
  ...[
    'null',
    'true',
    '-1',
    '0',
    '1e999',
    '9007199254740993',
    '4294967296',
    '"',
    '\\u0000',
    '\\ud800',
    '{}',
    '[]',
  ],
  ...[
    '__proto__',
    'constructor',
    '\u0000',
    '\ufeff',
    '\r\n',
    '%',
    '%00',
    '%2F',
    '/',
    '+',
    '#',
    '$',
    ':',
    ',',
    '.',
    '..',
  ],
];

/** Another input made from one of a corpus, by a few small changes. */
export function mutated(random: SeededRandom, corpus: readonly Buffer[], words: readonly string[]): Buffer {
  let input = random.pick(corpus);
  for (let changes = random.int(1, 6); changes > 0; changes--) input = changed(random, input, corpus, words);
  return input.subarray(0, MOST_BYTES);
}

function changed(
  random: SeededRandom,
  input: Buffer,
  corpus: readonly Buffer[],
  words: readonly string[],
): Buffer {
  const at = random.int(0, input.length);
  const end = Math.min(input.length, at + random.int(1, random.pick([2, 8, 64])));
  const replaced = (by: Buffer, until = at): Buffer =>
    Buffer.concat([input.subarray(0, at), by, input.subarray(until)]);
  switch (random.int(0, 8)) {
    case 0:
      return replaced(Buffer.of(random.int(0, 255)), Math.min(input.length, at + 1));
    case 1:
      return replaced(Buffer.of(random.pick(BYTES)), random.pick([at, Math.min(input.length, at + 1)]));
    case 2:
      return replaced(Buffer.alloc(0), end);
    case 3:
      return replaced(Buffer.from(random.pick(TEXTS)), random.pick([at, end]));
    case 4:
      return replaced(Buffer.from(random.pick(words.length > 0 ? words : TEXTS)), random.pick([at, end]));
    case 5:
      // The same again, up to many times.
      return replaced(
        Buffer.concat(new Array<Buffer>(random.pick([1, 2, 50])).fill(input.subarray(at, end))),
      );
    case 6: {
      const other = random.pick(corpus);
      const from = random.int(0, other.length);
      return replaced(other.subarray(from, from + random.int(1, 64)), random.pick([at, end]));
    }
    case 7:
      return flipped(random, input);
    default:
      return input.subarray(0, at);
  }
}

function flipped(random: SeededRandom, input: Buffer): Buffer {
  if (input.length === 0) return input;
  const copy = Buffer.from(input);
  const at = random.int(0, copy.length - 1);
  copy[at] = (copy[at] ?? 0) ^ (1 << random.int(0, 7));
  return copy;
}
