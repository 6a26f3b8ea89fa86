import { wireKey } from '../../wire/write-records.js';
import type { Origin, VectorEntries } from '../../core/dot.js';
import { limits } from '../../core/limits.js';
import type { Mutation } from '../../core/mutation.js';
import { PartSet } from '../../core/parts.js';
import type { KeyFragment, WalkCursor } from '../../core/record.js';
import { joinStage, Stage } from '../../core/stage.js';
import type { Store } from '../../core/store.js';
import { WALK_START, walkPage } from '../../core/walk.js';
import type { StatePageMessage } from '../../wire/mensagem/messages.js';

/**
 * A walk over a store for one receiver, page by page, each page when the one before was taken. Between two pages the
 * receiver gets every mutation that the store applied meanwhile: a page is true after those (docs/decisions/0004).
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

  /** In place of a page where too many mutations must go first. */
  emptyPage(): StatePageMessage {
    return { tipo: 'STATE_PAGE', chaves: [], fim: false };
  }
}

/** The other side: a state as it arrives, joined with the live store when it is whole. */
export class StateTaker {
  private readonly stage: Stage;

  /** @param vector what the giver had applied when it began */
  constructor(
    private readonly store: Store,
    vector: VectorEntries,
  ) {
    this.stage = new Stage(vector, PartSet.all(), store.vector.entries());
  }

  /** @throws StageBroken if it does not continue what came before */
  mutation(origin: Origin, seq: number, mutation: Mutation): void {
    this.stage.takePage([{ origin, first: seq, dependencies: [], mutations: [mutation] }], []);
  }

  /** @throws StageBroken if an entry is beyond what the giver had applied */
  page(keys: readonly KeyFragment[]): void {
    this.stage.takePage([], keys);
  }

  /** What both have, and what only one has and the other has never seen. In one turn. */
  join(): void {
    joinStage(this.store, this.stage);
  }
}
