import { Fifo } from '../../core/fifo.js';
import { mqttDoorLimits } from './limits.js';

/** Something that was asked for and is to be done in its turn. */
export interface QueuedCall {
  /** Calls of the same key are done in the order in which they came; absent: it waits for none. */
  readonly key?: string | undefined;
  /** Bytes that it holds while it waits. */
  readonly size: number;
  /** Does it. Never throws or rejects; a promise only if it takes time. */
  run(): Promise<void> | undefined;
}

/**
 * Does calls in the order in which they came, several at once where the engine takes time, but those of one key one after
 * the other. Bounded in number and bytes, those under way included.
 */
export class CallQueue<Call extends QueuedCall> {
  private readonly waiting = new Fifo<Call>();
  /** For each key with a call under way, those that wait for it. */
  private readonly keys = new Map<string, Fifo<Call>>();
  private count = 0;
  private bytes = 0;
  private underWay = 0;
  private isPumping = false;

  /** @param keepsOrder whether the engine takes calls in the order in which they are made, so that none waits for another */
  constructor(private readonly keepsOrder: boolean) {}

  /** Calls that wait or are under way. */
  get size(): number {
    return this.count;
  }

  /** @returns false if the queue is full */
  add(call: Call): boolean {
    if (
      this.count >= mqttDoorLimits.waitingMessages ||
      this.bytes + call.size > mqttDoorLimits.waitingBytes
    ) {
      return false;
    }
    this.count++;
    this.bytes += call.size;
    this.waiting.push(call);
    this.pump();
    return true;
  }

  /** Removes and returns the calls that have not begun, in the order in which they came for each key. */
  takeWaiting(): Call[] {
    const taken: Call[] = [];
    for (const behind of this.keys.values()) drain(behind, taken);
    drain(this.waiting, taken);
    for (const call of taken) this.leave(call);
    return taken;
  }

  private pump(): void {
    // What answers at once may add further calls: the loop that is under way does them.
    if (this.isPumping) return;
    this.isPumping = true;
    while (this.underWay < mqttDoorLimits.callsAtOnce) {
      const call = this.waiting.shift();
      if (call === undefined) break;
      const behind = call.key === undefined || this.keepsOrder ? undefined : this.keys.get(call.key);
      if (behind === undefined) this.start(call);
      else behind.push(call);
    }
    this.isPumping = false;
  }

  private start(call: Call): void {
    const done = call.run();
    if (done === undefined) {
      this.leave(call);
      return;
    }
    this.underWay++;
    const { key } = call;
    if (key !== undefined && !this.keepsOrder && !this.keys.has(key)) this.keys.set(key, new Fifo());
    void done.then(() => {
      this.underWay--;
      this.leave(call);
      this.next(key);
      this.pump();
    });
  }

  /** Starts what has waited for a call of this key. */
  private next(key: string | undefined): void {
    const behind = key === undefined ? undefined : this.keys.get(key);
    if (key === undefined || behind === undefined) return;
    for (let call = behind.shift(); call !== undefined; call = behind.shift()) {
      const before = this.underWay;
      this.start(call);
      if (this.underWay > before) return;
    }
    this.keys.delete(key);
  }

  private leave({ size }: Call): void {
    this.count--;
    this.bytes -= size;
  }
}

function drain<T>(from: Fifo<T>, into: T[]): void {
  for (let one = from.shift(); one !== undefined; one = from.shift()) into.push(one);
}

/** Begins something that says when it is done. @returns `undefined` if it is already */
export function untilDone(begin: (done: () => void) => void): Promise<void> | undefined {
  const state: { isDone: boolean; resolve?: () => void } = { isDone: false };
  begin(() => {
    state.isDone = true;
    state.resolve?.();
  });
  if (state.isDone) return undefined;
  return new Promise<void>((resolve) => {
    state.resolve = resolve;
  });
}
