import { doubledMs } from '../../core/backoff.js';
import { KvsError } from '../../core/errors.js';
import type { Engine } from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import type { WatchEvent } from '../../ports/watch.js';
import type { MirrorTuning } from './tuning.js';

interface FollowerDeps {
  readonly engine: Pick<Engine, 'scan'>;
  /** Only keys that begin with this; `undefined`: every key. */
  readonly prefix: string | undefined;
  readonly tuning: MirrorTuning;
  readonly time: Time;
  readonly logger: Logger;
  /** A key may have another latest value than before. */
  readonly onChanged: (key: string) => void;
  /** From now on changes are told; what happened before is not. Called again whenever some may have been missed. */
  readonly onGap: () => void;
}

/**
 * Says which keys change, by a watch on the engine. A watch that ends is begun anew, from now on: whoever listens
 * looks at the whole state then, which needs no more than what a place in the past would, and no memory.
 */
export class StateFollower {
  private events: Iterator<WatchEvent | undefined> | AsyncIterator<WatchEvent | undefined> | undefined;
  private stopped = false;
  private failures = 0;

  constructor(private readonly deps: FollowerDeps) {}

  start(): void {
    void this.follow();
  }

  stop(): void {
    this.stopped = true;
    void this.events?.return?.();
  }

  private async follow(): Promise<void> {
    try {
      await this.read();
    } catch (thrown) {
      const { code, message } = KvsError.from(thrown);
      if (!this.stopped && code !== 'SERVIDOR_SAINDO')
        this.deps.logger.warn(
          { codigo: code, motivo: message },
          'mqtt: a observação do espelho parou; recomeça',
        );
    }
    if (this.stopped) return;
    const pauseMs = doubledMs(this.failures++, this.deps.tuning.againMs, this.deps.tuning.againCapMs);
    this.deps.time.after(pauseMs, () => {
      if (!this.stopped) this.start();
    });
  }

  private async read(): Promise<void> {
    const { engine, prefix, tuning, onChanged, onGap } = this.deps;
    const found = engine.scan({ kind: 'watch', prefix, from: 'now' });
    const events = Symbol.asyncIterator in found ? found[Symbol.asyncIterator]() : found[Symbol.iterator]();
    this.events = events;
    let owesGap = true;
    for (let passed = 1; ; passed++) {
      const step = await events.next();
      if (this.stopped || step.done === true) return;
      const event = step.value;
      // An event that is there already is told without a turn of the event loop in between.
      if (event === undefined || passed % tuning.eventsPerTurn === 0) await this.turn();
      if (event === undefined) continue;
      if (event.kind === 'restart') {
        onGap();
        // The state that is told now is of a later moment, and what changes until then is told as a part of it only.
        owesGap = true;
      } else if (event.kind === 'upToDate' && owesGap) {
        owesGap = false;
        this.failures = 0;
        onGap();
      } else if (event.line !== undefined && event.kind !== 'present') {
        onChanged(event.line.key);
      }
    }
  }

  private turn(): Promise<void> {
    return new Promise((resolve) => {
      this.deps.time.atEndOfTurn(resolve);
    });
  }
}
