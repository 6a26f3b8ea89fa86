import type { Origin } from '../core/dot.js';
import { KvsError } from '../core/errors.js';
import type { Mutation } from '../core/mutation.js';
import { Store } from '../core/store.js';
import type { Engine, Row } from '../ports/engine.js';
import { Member, type MemberOptions } from '../replication/member.js';
import { assertOriginFits, assertRoomFor } from './admission.js';

/**
 * The fleet engine: every server holds everything, writes at once, and tells the others (eventual, causal+).
 *
 *     local   insert → store.stamp ┐
 *     remote  bus → causally ready ┴→ store.apply → outbox (if local) → answer
 */
export class FleetEngine implements Engine {
  readonly store = new Store();
  readonly member: Member;

  constructor(private readonly options: MemberOptions) {
    this.member = new Member(this.store, options);
  }

  get origin(): Origin {
    return this.options.origin;
  }

  /** Joins the fleet. Reads and writes are refused until the member is `serving`. */
  start(): void {
    this.member.start();
  }

  /** Takes leave of the fleet: see {@link Member.stop}. */
  stop(): Promise<boolean> {
    return this.member.stop();
  }

  insert(key: string, value: string): { readonly version: number; readonly timestamp: number } {
    this.assertWritable();
    assertRoomFor(this.store, key, value);
    const mutation = this.store.stampInsert(this.origin, key, value, this.options.time.wallMs());
    this.accept(mutation);
    return mutation;
  }

  query(key: string, version: number | undefined): Row | undefined {
    this.assertServing();
    return this.store.get(key, version);
  }

  remove(key: string, version: number | undefined): void {
    this.assertWritable();
    const { store } = this;
    this.accept(version === undefined ? store.stampRemoveAll(key) : store.stampRemoveVersion(key, version));
  }

  snapshot(version: number | undefined): Iterable<Row | undefined> {
    this.assertServing();
    return this.store.values(version);
  }

  /** The road of a local mutation, stamped just now. */
  private accept(mutation: Mutation): void {
    const seq = this.store.vector.seqOf(this.origin) + 1;
    this.store.apply(this.origin, seq, mutation);
    this.member.publish(seq, mutation);
  }

  private assertServing(): void {
    if (this.member.state === 'serving') return;
    if (this.member.state === 'joining') {
      throw new KvsError(
        'SERVIDOR_ENTRANDO',
        'o servidor ainda está recebendo o estado da frota; tente daqui a pouco',
      );
    }
    throw new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; use outro');
  }

  private assertWritable(): void {
    this.assertServing();
    assertOriginFits(this.store, this.origin, this.member.originsLimit);
    const leadMs = this.member.clockLeadMs;
    if (leadMs > this.member.clockDriftMs) {
      const seconds = Math.round(leadMs / 1000);
      throw new KvsError(
        'RELOGIO_ADIANTADO',
        `o relógio deste servidor está ${seconds} s adiante da frota; acerte-o`,
      );
    }
  }
}
