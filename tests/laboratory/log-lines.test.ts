import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { tellLogLines } from '../../src/supervisor/log-lines.js';

/** What is told of a log that comes in these pieces. */
async function told(...pieces: readonly (string | Buffer)[]): Promise<readonly string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  const isOver = tellLogLines(stream, 10, (line) => lines.push(line));
  // A piece a turn: each is read before the next is written.
  for (const piece of pieces) {
    if (!stream.writable) return ['the pipe is broken'];
    stream.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  stream.end();
  await isOver;
  return lines;
}

describe('the log of a server', () => {
  it('goes on after a line that is too long, however long', async () => {
    expect(await told('um\n', 'x'.repeat(11), 'x'.repeat(5), '\ndois\n')).toEqual(['um', 'xxxxx', 'dois']);
  });

  it('goes on after a line that is no text', async () => {
    expect(await told('um\n', Buffer.from([0xff, 0x0a]), 'dois\n')).toEqual(['um', 'dois']);
  });

  it('ends with its stream', async () => {
    const stream = new PassThrough();
    const isOver = tellLogLines(stream, 10, () => undefined);
    stream.destroy();
    await isOver;
  });
});
