import type { FuzzTarget } from './target.js';

/** Longer than this for one input of at most 16 KiB is a finding too. */
const SLOW_MS = 1_000;

/** What is wrong with how a target took an input; `undefined`: nothing. */
export function trial(target: FuzzTarget, input: Buffer): string | undefined {
  const startMs = performance.now();
  try {
    // A copy, so that what a target keeps of it cannot hide that it was changed.
    target.run(Buffer.from(input));
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const tookMs = performance.now() - startMs;
  return tookMs > SLOW_MS ? `${tookMs.toFixed(0)} ms for ${String(input.length)} bytes` : undefined;
}
