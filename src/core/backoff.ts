/** Greater exponents change nothing: every cap is reached long before. */
const DOUBLINGS_MAX = 30;

/**
 * A pause that doubles with every failure up to a cap.
 * @param failures in a row, before the one that is followed by this pause: 0 for the first
 */
export function doubledMs(failures: number, baseMs: number, capMs: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(failures, DOUBLINGS_MAX));
}

/**
 * As {@link doubledMs}, with jitter: between half of it and the whole, so that those who failed together do not come back
 * together.
 * @param random uniform in [0, 1)
 */
export function backoffMs(failures: number, baseMs: number, capMs: number, random: number): number {
  const wholeMs = doubledMs(failures, baseMs, capMs);
  return Math.round(wholeMs / 2 + (wholeMs / 2) * random);
}

/**
 * A period ±25 %, so that those who began together do not stay together.
 * @param random uniform in [0, 1)
 */
export function aroundMs(periodMs: number, random: number): number {
  return periodMs * (0.75 + 0.5 * random);
}
