import { limits } from '../core/limits.js';

const KiB = 1024;

/** What bounds the embedded broker. Units come last in each name. */
export const brokerLimits = Object.freeze({
  /** The embedded broker waits so long, and all with it, for who only says to be a server and does not read; */
  serverPatienceMs: 100,
  /** then it does not for so long, while as much is kept for it as this, of which most is shared with what others wait for. */
  unwaitedMs: 10_000,
  serverUnreadBytes: 16 * 1024 * KiB,
});

if (2 * brokerLimits.serverPatienceMs > limits.brokerDrainMs) {
  throw new Error(
    'limits contradict each other: a server that does not read would be cut while it is waited for',
  );
}
