import { KvsError } from '../../../src/core/errors.js';
import type { PartitionsEngine } from '../../../src/engines/partitions/engine.js';
import type { RecordedInsert } from '../../support/total-order.js';
import { verbs } from '../../support/verbs.js';

/** Writes until it is told to end, and remembers what was answered. */
export class Writers {
  readonly inserts: RecordedInsert[] = [];
  private isOver = false;
  private readonly running: Promise<void>[];

  constructor(
    private readonly engines: readonly PartitionsEngine[],
    keys: readonly string[],
  ) {
    this.running = [0, 1, 2, 3].map((name) => this.run(name, keys));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.running);
  }

  private async run(name: number, keys: readonly string[]): Promise<void> {
    const engine = this.engines[name % 2]!;
    for (let i = 0; !this.isOver; i++) {
      const [key, value] = [keys[(i + name) % keys.length]!, `${name}.${i}`];
      const askedMs = performance.now();
      try {
        await verbs(engine).insert(key, value);
        this.inserts.push({ key, value, askedMs, answeredMs: performance.now() });
        if (i % 7 === 6) await verbs(engine).trim(key);
      } catch (error) {
        if (KvsError.from(error).code === 'RESULTADO_DESCONHECIDO')
          this.inserts.push({ key, value, askedMs });
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
