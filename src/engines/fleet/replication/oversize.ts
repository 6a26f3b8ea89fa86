import type { Batch, Mutation } from '../../../core/mutation.js';
import { mutationBytes, vectorBytes } from '../../../core/json-size.js';
import type { Logger } from '../../../ports/logger.js';
import type { Time } from '../../../ports/time.js';
import { replicationLimits } from './limits.js';

/** Something that a peer has asked for and that is too large for the broker. */
export interface Obstacle {
  /** Key of the mutation or entry; `undefined` for what belongs to no key. */
  readonly key: string | undefined;
  /** Its size on the wire. */
  readonly bytes: number;
}

/** Longest prefix of a key that a log line shows. */
const KEY_SHOWN_CHARS = 128;

/**
 * Reports data that does not reach peers because it is too large for the broker: logged once for each key, and shown in
 * health for as long as a peer asks for it.
 */
export class Oversize {
  private shown: string | undefined;
  private cancel: () => void = () => undefined;

  constructor(
    private readonly time: Time,
    private readonly logger: Logger,
    private readonly onChange: (blocked: boolean) => void,
  ) {}

  /** To be called when a peer asked for something that could not be sent. */
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

  /** To be called when nothing is too large anymore, or no peer lacks it. */
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
 * The part of a batch that fits, from its first mutation beyond `after` on. A batch may be cut anywhere, since nothing
 * of other origins was applied between its mutations.
 * @returns the part, or the mutation that does not fit even alone
 */
export function partOf(batch: Batch, after: number, mostBytes: number): Batch | Obstacle {
  const skipped = Math.max(0, after + 1 - batch.first);
  // A peer that has its beginning has its causes.
  const dependencies = skipped === 0 ? batch.dependencies : [];
  const mutations: Mutation[] = [];
  let bytes = vectorBytes(dependencies);
  for (const mutation of batch.mutations.slice(skipped)) {
    bytes += mutationBytes(mutation);
    if (bytes > mostBytes) {
      if (mutations.length === 0) {
        const key = mutation.kind === 'raiseFloor' ? undefined : mutation.key;
        return { key, bytes: mutationBytes(mutation) };
      }
      break;
    }
    mutations.push(mutation);
  }
  return { origin: batch.origin, first: batch.first + skipped, dependencies, mutations };
}
