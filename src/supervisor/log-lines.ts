import type { Readable } from 'node:stream';
import { textLines } from '../files/text-lines.js';

/**
 * Tells the lines of a log until it ends. A line that is too long, or no text, is told in part or not at all; what follows it
 * is taken, since the server that writes it waits for its pipe.
 */
export async function tellLogLines(
  stream: Readable,
  bytesMax: number,
  take: (line: string) => void,
): Promise<void> {
  while (!stream.readableEnded && !stream.destroyed) {
    try {
      const input = stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      for await (const line of textLines(input, bytesMax, 'o log')) take(line);
    } catch {
      continue;
    }
  }
}
