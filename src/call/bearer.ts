import type { Credentials } from './call.js';

const BEARER = /^Bearer +(\S+) *$/i;

/**
 * The credentials of a call whose header fields may hold a token. A token takes precedence over a certificate: a caller
 * with both chose to send the token.
 * @param sent the field `authorization`, if there is one
 * @param subject of the certificate that the caller's connection has shown, if any
 * @param hint see {@link Credentials}
 */
export function bearerCredentials(
  sent: string | undefined,
  subject: string | undefined,
  hint: string,
): Credentials {
  // A malformed token is refused like a wrong one, an empty one too.
  if (sent !== undefined) return { kind: 'token', token: BEARER.exec(sent)?.[1] ?? '' };
  return subject === undefined ? { kind: 'none', hint } : { kind: 'certificate', subject };
}
