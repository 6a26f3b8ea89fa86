import { randomBytes } from 'node:crypto';
import type { Random } from '../ports/random.js';

/** Randomness for jitter and choices. */
export const systemRandom: Random = { next: () => Math.random() };

/**
 * A name for an incarnation or a write: 12 characters, 72 bits from the system's generator, so a collision is
 * practically impossible.
 */
export function drawName(): string {
  return randomBytes(9).toString('base64url');
}
