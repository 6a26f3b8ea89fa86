import { limits } from '../core/limits.js';

/** How many other servers must confirm a write, and within how many ms. */
export interface ConfirmationDemand {
  readonly servers: number;
  readonly timeoutMs: number;
}

/** Share of the timeout that confirmations may use: the server must still have time to report missing ones. */
const CONFIRM_SHARE = 0.8;

/** How many servers must confirm a write, if any, and within which share of the timeout of the call. */
export function confirmationsOf(
  servers: number | undefined,
  timeoutMs: number,
): ConfirmationDemand | undefined {
  if (servers === undefined) return undefined;
  const confirmMs = Math.floor(Math.min(limits.confirmMs, timeoutMs * CONFIRM_SHARE));
  return { servers, timeoutMs: Math.max(1, confirmMs) };
}
