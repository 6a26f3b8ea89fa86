import { wireKey } from '../../wire/write-records.js';
import type { Origin, VectorEntries } from '../../core/dot.js';
import { limits } from '../../core/limits.js';
import type { KeyMutation } from '../../core/mutation.js';
import { PartSet } from '../../core/parts.js';
import type { KeyFragment, WalkCursor } from '../../core/record.js';
import { joinStage, Stage } from '../../core/stage.js';
import type { Store } from '../../core/store.js';
import { VersionVector } from '../../core/vector.js';
import { WALK_START, walkPage } from '../../core/walk.js';
import type { StatePageMessage } from '../../wire/mensagem/messages.js';

/**
 * A walk over a store for one receiver, page by page; the receiver asks for each page after the previous one. Between
 * two pages it gets every mutation that the store applied meanwhile, and a page is valid after those
 * (docs/decisions/0004).
 */
export class StateGiver {
  private cursor: WalkCursor | undefined = WALK_START;

  constructor(private readonly store: Store) {}

  get done(): boolean {
    return this.cursor === undefined;
  }

  nextPage(): StatePageMessage {
    const page = walkPage(this.store, this.cursor ?? WALK_START, PartSet.all(), limits.pageBytes);
    this.cursor = page.cursor;
    return { tipo: 'STATE_PAGE', chaves: page.keys.map(wireKey), fim: page.cursor === undefined };
  }

  /** Sent in place of a page when too many mutations must go first. */
  emptyPage(): StatePageMessage {
    return { tipo: 'STATE_PAGE', chaves: [], fim: false };
  }
}

/** The receiving side: collects a state, and joins it with the live store when complete. */
export class StateTaker {
  private readonly stage: Stage;

  /** @param vector what the giver had applied when it began */
  constructor(
    private readonly store: Store,
    vector: VectorEntries,
  ) {
    const given = VersionVector.of(store.vector.origins, vector);
    this.stage = new Stage(given, PartSet.all(), store.vector.copy());
  }

  /** @throws StageBroken if the mutation does not continue what came before */
  mutation(origin: Origin, seq: number, mutation: KeyMutation): void {
    this.stage.takePage([{ origin, first: seq, dependencies: [], mutations: [mutation] }], []);
  }

  /** @throws StageBroken if an entry is beyond what the giver had applied */
  page(keys: readonly KeyFragment[]): void {
    this.stage.takePage([], keys);
  }

  /** Joins both in one turn: keeps what both have, and what only one has and the other has never seen. */
  join(): void {
    joinStage(this.store, this.stage);
  }
}
