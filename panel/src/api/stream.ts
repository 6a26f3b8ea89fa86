import { pageLimits } from '../limits.js';
import { ask } from './request.js';
import type { Asked } from './request.js';
import { TextLines } from './text-lines.js';

/** A stream said nothing for longer than it may. */
class Silence extends Error {
  override readonly name = 'Silence';
}

/**
 * Reads an answer line by line until it ends. Gives the lines of each piece together, so that their reader draws once.
 * @param silenceMs without anything for this long, the stream is given up
 * @throws Refusal, Silence, TypeError
 */
export async function readLines(
  path: string,
  { signal, ...asked }: Asked,
  silenceMs: number,
  onLines: (lines: readonly string[]) => void,
): Promise<void> {
  const own = new AbortController();
  const stop = (): void => own.abort(signal?.reason);
  if (signal?.aborted === true) stop();
  signal?.addEventListener('abort', stop);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expect = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => own.abort(new Silence()), silenceMs);
  };
  try {
    expect();
    const { body } = await ask(path, { ...asked, signal: own.signal });
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    const lines = new TextLines(pageLimits.lineChars);
    for (;;) {
      const step = await reader?.read();
      if (step === undefined || step.done) return;
      expect();
      onLines(lines.add(step.value));
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    own.abort();
  }
}
