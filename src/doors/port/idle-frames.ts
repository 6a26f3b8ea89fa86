import type { Time } from '../../ports/time.js';
import type { Connection } from './connection.js';
import { portLimits } from './limits.js';
import type { RefusedCalls } from './refused-calls.js';

/**
 * Asks connections to go that bring much and call little: PINGs, SETTINGS, windows, resets, empty or padded DATA, frames
 * of unknown type, header fields that HTTP/2 itself refuses, bodies that nobody reads. Node takes most of them without
 * telling anybody, in a fraction of a microsecond each; an event for each would cost more than the frame. So bytes are
 * compared now and then: those that came, with those of requests.
 */
export class IdleFrames {
  /** Connections, and the unclaimed bytes that each had at the last look. */
  private readonly seen = new Map<Connection, number>();
  private isLooking = false;

  constructor(
    private readonly time: Time,
    private readonly refused: RefusedCalls,
  ) {}

  /** Follows a connection from its beginning. */
  follow(connection: Connection): void {
    this.seen.set(connection, 0);
    connection.session.once('close', () => this.seen.delete(connection));
    this.lookLater();
  }

  private lookLater(): void {
    if (this.isLooking || this.seen.size === 0) return;
    this.isLooking = true;
    this.time.after(portLimits.unclaimedMs, () => {
      this.isLooking = false;
      this.look();
      this.lookLater();
    });
  }

  private look(): void {
    for (const [connection, before] of this.seen) {
      if (connection.session.destroyed) {
        this.seen.delete(connection);
        this.endLater(connection);
        continue;
      }
      if (before === ASKED) continue;
      const now = connection.unclaimedBytes;
      const isTooMuch = now - before > portLimits.unclaimedBytes;
      // Fields that HTTP/2 keeps are claimed at their whole size. What is claimed too much is no credit for later.
      this.seen.set(connection, isTooMuch ? ASKED : now);
      if (isTooMuch) this.refused.addIdle(connection.session);
    }
  }

  /**
   * A session that has ended leaves the rest to its client, which may close nothing: what it sends is read for ever and
   * dropped, and no PING asks for it.
   */
  private endLater({ socket }: Connection): void {
    const cancel = this.time.after(portLimits.refusedConnectionMs, () => {
      socket.destroy();
    });
    socket.once('close', cancel);
  }
}

/** In place of bytes: the connection was asked to go. */
const ASKED = Infinity;
