import type { Engine } from '../../../src/ports/engine.js';
import { sessionAt } from '../../support/session-at.js';
import { verbs } from '../../support/verbs.js';

/** A client that reads one key from server to server, with its session, while something happens to the partition. */
export class CarriedSession {
  private isOver = false;
  private reads = 0;
  private readonly run: Promise<void>;

  constructor(
    private readonly engines: readonly Engine[],
    private readonly key: string,
  ) {
    this.run = this.read();
    this.run.catch(() => undefined);
  }

  /** Rejects if a read was refused, or older than one before. @returns how many reads there were */
  async end(): Promise<number> {
    this.isOver = true;
    await this.run;
    return this.reads;
  }

  private async read(): Promise<void> {
    let token: string | undefined;
    for (let seen = 0; !this.isOver; this.reads++) {
      const engine = this.engines[this.reads % this.engines.length] as Engine;
      const session = await sessionAt(engine, token);
      const version = (await verbs(session.store).query(this.key))?.version ?? 0;
      if (version < seen) throw new Error(`${String(version)} after ${String(seen)}`);
      seen = version;
      token = session.token();
    }
  }
}
