/** Bounds the exponent; every cap is reached long before. */
const DOUBLINGS_MAX = 30;

/**
 * A pause that doubles with every failure up to a cap.
 * @param failures consecutive failures before the one that this pause follows: 0 for the first
 */
export function doubledMs(failures: number, baseMs: number, capMs: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(failures, DOUBLINGS_MAX));
}

/**
 * {@link doubledMs} with jitter, between half of it and the whole, so that clients that failed together do not retry
 * together.
 * @param random uniform in [0, 1)
 */
export function backoffMs(failures: number, baseMs: number, capMs: number, random: number): number {
  const wholeMs = doubledMs(failures, baseMs, capMs);
  return Math.round(wholeMs / 2 + (wholeMs / 2) * random);
}

/**
 * A period with ±25 % jitter, so that servers that started together do not stay in step.
 * @param random uniform in [0, 1)
 */
export function aroundMs(periodMs: number, random: number): number {
  return periodMs * (0.75 + 0.5 * random);
}
