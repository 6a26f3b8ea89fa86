import type { EventEmitter } from 'node:events';

/** A call that stays open until somebody ends it. */
export interface Leaving {
  /** Ends the call with UNAVAILABLE, after what is already answered. Called at most once. */
  leave(): void;
}

/** The calls that would keep a server from stopping: its clients may hold them open for ever. */
export class OpenStreams {
  readonly #open = new Set<Leaving>();
  #left = false;

  /** Remembers `leaving` until `call` closes. After {@link leaveAll} it leaves at once. */
  add(call: EventEmitter, leaving: Leaving): void {
    if (this.#left) {
      leaving.leave();
      return;
    }
    this.#open.add(leaving);
    call.once('close', () => this.#open.delete(leaving));
  }

  /** Ends every open call, and those that come later. */
  leaveAll(): void {
    this.#left = true;
    for (const leaving of this.#open) leaving.leave();
    this.#open.clear();
  }
}
