import type { FleetClock } from '../core/fleet-clock.js';
import type { Store } from '../core/store.js';
import type { Awaitable } from '../ports/engine.js';
import type { Time } from '../ports/time.js';

/** The time that a session has to carry, ms since 1970; `undefined` where nothing expires, and time changes nothing. */
export function sessionTimeOf(store: Store): number | undefined {
  return store.expiringCount > 0 ? store.clock.nowMs() : undefined;
}

/** Waits until a server's own time is that of a session, which serves its reader and never raises the clock. */
export function untilSessionTime(clock: FleetClock, time: Time, sessionMs: number): Awaitable<void> {
  const lateMs = sessionMs - clock.nowMs();
  if (lateMs <= 0) return undefined;
  return new Promise<void>((resolve) => time.after(lateMs, resolve)).then(() =>
    untilSessionTime(clock, time, sessionMs),
  );
}
