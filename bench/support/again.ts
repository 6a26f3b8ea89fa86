import { portLimits } from '../../src/doors/port/limits.js';
import { pause } from './processes.js';

const TRIES = 5;

/**
 * Plays a slice until it passes. A server that stood still refuses what had waited, and for a moment what new connections
 * bring: on a machine with other work a slice may have to be played again, once that moment is over.
 * @param said the end of the server's log
 * @throws what the last try threw
 */
export async function again<T>(said: () => string, play: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await play();
    } catch (error) {
      process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n${said()}\n`);
      if (tries === TRIES) throw error;
      await pause(2 * portLimits.backlogAcceptMs);
    }
  }
}
