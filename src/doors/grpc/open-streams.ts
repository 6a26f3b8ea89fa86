import type { EventEmitter } from 'node:events';

/** A call that stays open until one side ends it. */
export interface Leaving {
  /** Ends the call with UNAVAILABLE, after the answers already given. Called at most once. */
  leave(): void;
}

/** The calls that would keep a server from stopping, since clients may hold them open for ever. */
export class OpenStreams {
  readonly #open = new Set<Leaving>();
  #left = false;

  /** Remembers `leaving` until `call` closes. After {@link leaveAll}, ends it at once. */
  add(call: EventEmitter, leaving: Leaving): void {
    if (this.#left) {
      leaving.leave();
      return;
    }
    this.#open.add(leaving);
    call.once('close', () => this.#open.delete(leaving));
  }

  /** Ends every open call, and later ones as they come. */
  leaveAll(): void {
    this.#left = true;
    for (const leaving of this.#open) leaving.leave();
    this.#open.clear();
  }
}
