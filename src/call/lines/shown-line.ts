import type { Line } from '../../ports/lines.js';
import type { StatusSource } from '../../ports/status.js';

/** The readable name of the server that wrote a line; empty if it is not known. */
export function serverOf(status: Pick<StatusSource, 'serverName'>, { origin }: Line): string {
  return (origin === '' ? undefined : status.serverName(origin)) ?? '';
}

/** When a line expires, ms since 1970, as doors show it: 0 for never. */
export function shownExpiry({ expiresAt = 0 }: Line): number {
  return expiresAt;
}
