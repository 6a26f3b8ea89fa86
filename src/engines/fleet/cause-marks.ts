import type { Origin } from '../../core/dot.js';
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { Mutation, RemoveDotsMutation } from '../../core/mutation.js';
import { BurstLog } from '../../ports/burst-log.js';
import type { Awaitable } from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import type { Causes } from './replication/causes.js';

interface CauseMarksDeps {
  readonly self: Origin;
  readonly causes: Causes;
  readonly time: Time;
  readonly logger: Logger;
  /** Carries out mutations that the engine itself plans. */
  readonly step: (plan: () => readonly Mutation[]) => Awaitable<void>;
}

/**
 * Marks: mutations of this server that change nothing. A mark has everything that was applied here among its causes, so
 * its one dot stands for the dots of many writers that have not heard of each other.
 */
export class CauseMarks {
  private marking = false;
  private readonly refused: BurstLog;

  constructor(private readonly deps: CauseMarksDeps) {
    const message = 'a marca que resumiria as muitas origens novas foi recusada: respostas vão sem sessão';
    this.refused = new BurstLog(deps.time, deps.logger, message);
  }

  /**
   * Writes a mark, unless one is under way. With a journal it takes effect later. Where a batch cannot name all causes
   * at once, there is a mark for each part of them.
   */
  make(): void {
    if (this.marking) return;
    this.marking = true;
    const done = (): void => {
      this.marking = false;
    };
    const failed = (error: unknown): void => {
      this.refused.report(KvsError.from(error).code, this.deps.self);
      done();
    };
    try {
      const { causes, step } = this.deps;
      const marked = step(() => {
        const length = Math.max(1, Math.ceil(causes.count / limits.vectorEntries));
        return Array.from({ length }, () => causeMarkOf('', 1));
      });
      if (marked === undefined) done();
      else marked.then(done, failed);
    } catch (error) {
      failed(error);
    }
  }

  /**
   * To be called when a write is decided: it must not have more causes than its batch can name.
   * @throws KvsError LIMITE_PEDIDOS until a mark is durable
   */
  assertCausesFit(): void {
    const { causes } = this.deps;
    if (causes.count <= limits.vectorEntries) return;
    this.make();
    if (causes.count <= limits.vectorEntries) return;
    throw new KvsError(
      'LIMITE_PEDIDOS',
      'muitas origens novas de uma vez; nada foi gravado, tente daqui a pouco',
    );
  }
}

/** A mutation that changes nothing, and has everything that was applied here among its causes and before it in the log. */
export function causeMarkOf(key: string, version: number): RemoveDotsMutation {
  return { kind: 'removeDots', key, version, dots: [] };
}
