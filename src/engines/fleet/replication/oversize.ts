import type { Batch, Mutation } from '../../../core/mutation.js';
import { mutationBytes, vectorBytes } from '../../../core/json-size.js';
import type { Logger } from '../../../ports/logger.js';
import type { Time } from '../../../ports/time.js';
import { replicationLimits } from './limits.js';

/** Something that a peer has asked for and the broker does not carry. */
export interface Obstacle {
  /** Key of the mutation or entry; `undefined` for what belongs to no key. */
  readonly key: string | undefined;
  /** What it would take on the wire. */
  readonly bytes: number;
}

/** Longest part of a key that a line of the log shows. */
const KEY_SHOWN_CHARS = 128;

/**
 * What of this server's does not reach others because the broker does not carry it: said once for each key, and in health
 * for as long as somebody asks for it.
 */
export class Oversize {
  private shown: string | undefined;
  private cancel: () => void = () => undefined;

  constructor(
    private readonly time: Time,
    private readonly logger: Logger,
    private readonly onChange: (blocked: boolean) => void,
  ) {}

  /** A peer asked for it and could not be given it. */
  note({ key, bytes }: Obstacle, limitBytes: number): void {
    this.cancel();
    this.cancel = this.time.after(replicationLimits.oversizeMs, () => this.clear());
    const name = key ?? '';
    if (this.shown === name) return;
    const wasBlocked = this.shown !== undefined;
    this.shown = name;
    const chave = key === undefined ? undefined : key.slice(0, KEY_SHOWN_CHARS);
    this.logger.error(
      { ...(chave === undefined ? {} : { chave }), bytes, limiteBytes: limitBytes },
      `${chave === undefined ? 'o estado' : `a escrita da chave ${JSON.stringify(chave)}`} não cabe no que o broker leva, ` +
        'e o que veio depois espera por isso nos outros servidores: aumente o limite de tamanho do broker; nada se perdeu',
    );
    if (!wasBlocked) this.onChange(true);
  }

  /** Nothing is too large any more, or nobody lacks it. */
  clear(): void {
    if (this.shown === undefined) return;
    this.cancel();
    this.shown = undefined;
    this.logger.info({}, 'nada mais espera por um limite do broker');
    this.onChange(false);
  }

  stop(): void {
    this.cancel();
  }
}

/**
 * What of a batch fits, from its first mutation beyond `after` on: it may be cut anywhere, since nothing of others came
 * between its mutations.
 * @returns the part, or the mutation that does not fit by itself
 */
export function partOf(batch: Batch, after: number, mostBytes: number): Batch | Obstacle {
  const skipped = Math.max(0, after + 1 - batch.first);
  // Whoever has its beginning has its causes.
  const dependencies = skipped === 0 ? batch.dependencies : [];
  const mutations: Mutation[] = [];
  let bytes = vectorBytes(dependencies);
  for (const mutation of batch.mutations.slice(skipped)) {
    bytes += mutationBytes(mutation);
    if (bytes > mostBytes) {
      if (mutations.length === 0) return { key: mutation.key, bytes: mutationBytes(mutation) };
      break;
    }
    mutations.push(mutation);
  }
  return { origin: batch.origin, first: batch.first + skipped, dependencies, mutations };
}
