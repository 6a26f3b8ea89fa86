import { randomBytes } from 'node:crypto';

/** At least 64 bits, so that no two clients draw the same id in the same millisecond. */
const RANDOM_BYTES = 12;

/** An id for one write, shared by all its attempts: see docs/PROTOCOL.md. */
export function newRequestId(): string {
  return requestId(Date.now(), randomBytes(RANDOM_BYTES).toString('base64url'));
}

/**
 * @param wallMs when the client began, ms since 1970: tells servers the age of a request
 * @param random at least 64 random bits as 11 to 48 letters, digits, `-` and `_`
 */
export function requestId(wallMs: number, random: string): string {
  return `${Math.floor(wallMs).toString(36)}-${random}`;
}
