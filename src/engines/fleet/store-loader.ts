import { NO_ENTRIES, type Origin, type VectorEntries } from '../../core/dot.js';
import { KvsError } from '../../core/errors.js';
import { Frontier } from '../../core/frontier.js';
import { lastSeq, type Mutation } from '../../core/mutation.js';
import type { Store } from '../../core/store.js';
import type { BatchCodec } from '../../ports/bus.js';
import type { JournalReader, KeptEntry, KeptKey, StateHead } from '../../ports/journal.js';

/** Loads what a journal has kept into an empty store. */
export class StoreLoader implements JournalReader {
  /** Number of batches replayed. */
  batches = 0;
  mutations = 0;
  /** Their size in the log. */
  chars = 0;

  /** The causal frontier of what was loaded, if the state had one. */
  private loaded: Frontier | undefined;

  /**
   * @param self this server's origin, which has written nothing yet
   * @param onMarked called for each key that has a mark in the journal
   * @param onState called when the state is loaded, before the batches after it
   */
  constructor(
    private readonly self: Origin,
    private readonly store: Store,
    private readonly codec: BatchCodec,
    private readonly onMarked: (key: string) => void,
    private readonly onState: () => void,
  ) {}

  /** The causal frontier of what was loaded; `undefined` if it is unknown. */
  get frontier(): VectorEntries | undefined {
    return this.loaded?.entries();
  }

  origins(entries: VectorEntries): void {
    const { vector } = this.store;
    for (const [origin, seq] of entries) vector.advance(vector.indexOf(origin), seq);
  }

  head({ floors, fleetMs, frontier }: StateHead): void {
    this.store.clock.witness(fleetMs);
    // Before there are keys, since each raise touches every key of its part.
    for (const floor of floors) this.store.keySpace.counters.raiseFloor(floor.part, floor);
    // Nothing at all, as in a new folder, has an empty frontier. Origins were told before.
    const known = frontier ?? (this.store.vector.size === 0 ? NO_ENTRIES : undefined);
    if (known === undefined) return;
    this.loaded = new Frontier(this.self, this.store);
    this.loaded.joined(known);
  }

  key({ key, mark, entries }: KeptKey): void {
    const { keySpace: space, vector } = this.store;
    const slot = space.findOrAdd(key);
    const unflagged = mark?.heads ?? [lastOf(entries)];
    for (const entry of entries) {
      const isHead = unflagged.some(({ origin, seq }) => origin === entry.origin && seq === entry.seq);
      if (entry.seq > vector.seqOf(entry.origin)) throw damaged(`${entry.origin}:${entry.seq} além do vetor`);
      space.add(slot, vector.indexOf(entry.origin), { ...entry, superseded: !isHead });
    }
    if (!mark) return;
    space.raise(slot, mark.greatestVersion, mark.greatestTimestamp);
    this.onMarked(key);
  }

  batch(packed: string): void {
    if (this.batches++ === 0) this.onState();
    const batch = this.codec.unpack(packed);
    const { vector, clock } = this.store;
    const next = vector.seqOf(batch.origin) + 1;
    if (batch.first > next) throw damaged(`falta ${batch.origin}:${next}`);
    for (let seq = next; seq <= lastSeq(batch); seq++) {
      this.store.apply(batch.origin, seq, batch.mutations[seq - batch.first] as Mutation);
    }
    if (batch.fleetMs !== undefined) clock.witness(batch.fleetMs);
    // Own batches of earlier starts, in folders of before, name no causes: what they imply stays beside them.
    this.loaded?.applied(batch.origin, lastSeq(batch), batch.dependencies);
    this.mutations += batch.mutations.length;
    this.chars += packed.length;
  }
}

function lastOf(entries: readonly KeptEntry[]): KeptEntry {
  const last = entries.reduce<KeptEntry | undefined>((a, b) => (a && isAfter(a, b) ? a : b), undefined);
  if (!last) throw damaged('uma chave sem nada');
  return last;
}

/** The order of a key's entries: (version, timestamp, origin, seq). */
function isAfter(a: KeptEntry, b: KeptEntry): boolean {
  const places = a.version - b.version || a.timestamp - b.timestamp;
  if (places !== 0) return places > 0;
  return a.origin === b.origin ? a.seq > b.seq : a.origin > b.origin;
}

function damaged(what: string): KvsError {
  return new KvsError('DADOS_INVALIDOS', `os dados no disco se contradizem: ${what}`);
}
