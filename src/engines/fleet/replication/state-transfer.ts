import { limits } from '../../../core/limits.js';
import { lastSeq } from '../../../core/mutation.js';
import type { Origin, VectorEntries } from '../../../core/dot.js';
import { Frontier } from '../../../core/frontier.js';
import { PartSet } from '../../../core/parts.js';
import { Stage, StageBroken } from '../../../core/stage.js';
import type { Store } from '../../../core/store.js';
import { BucketDigests, type DigestKeys } from '../../../core/vector-digests.js';
import { VersionVector } from '../../../core/vector.js';
import { differingParts } from '../../../core/walk.js';
import type {
  StateOpening,
  StatePage,
  StateRequest,
  VectorDigest,
  VectorReply,
  VectorRequest,
} from '../../../ports/bus.js';
import type { Time } from '../../../ports/time.js';
import type { JoinedState } from './causes.js';
import type { FleetTuning } from './tuning.js';
import { setEntries, takeDifference, VectorFetch } from './vector-fetch.js';

interface TransferDeps {
  readonly store: Store;
  readonly digestKeys: DigestKeys;
  readonly time: Time;
  readonly tuning: FleetTuning;
}

/**
 * A transfer of a peer's state under way.
 *
 *     opening ─┬─► whole vector ────────────────────────────► stage ─► pages … ─► last page
 *       ▲      └─► digests: equal to those of our copy? ─yes──┘
 *       └── vector by difference, page by page ◄──────── no
 *
 * The vector of a stage is that of one moment: pages of a vector are read at different moments, so what they lead to
 * counts only once an opening has the same digests.
 */
export class StateTransfer {
  stage: Stage | undefined;
  /** Requests of the present page that were not answered. */
  retries = 0;
  keys = 0;
  fleetMs = 0;
  private place: { readonly cursor: StatePage['cursor']; readonly logPosition: number } | undefined;
  /** What the giver's vector is thought to be, until an opening proves it. */
  private vector: VersionVector | undefined;
  private fetch: VectorFetch | undefined;
  private tries = 0;
  private frontier: Frontier | undefined;

  /** @param replaces whether our content is replaced by the peer's: the repair after a failed self-check */
  constructor(
    readonly peer: Origin,
    readonly replaces: boolean,
    readonly startedMs: number,
    private readonly deps: TransferDeps,
  ) {}

  /** What to ask the peer now. */
  get request(): Pick<VectorRequest, 'type' | 'ask'> | Pick<StateRequest, 'type' | 'page' | 'epoch'> {
    const { fetch, stage, place } = this;
    if (fetch) return { type: 'vectorRequest', ask: fetch.ask };
    if (!stage || place?.cursor === undefined) {
      const { epoch } = this.deps.digestKeys.of(this.deps.time.wallMs());
      return { type: 'stateRequest', page: undefined, epoch };
    }
    const page = { cursor: place.cursor, logPosition: place.logPosition, parts: stage.wanted.toString() };
    return { type: 'stateRequest', page };
  }

  /** @throws StageBroken if the vector is never that of one moment */
  takeOpening(opening: StateOpening): void {
    const { store } = this.deps;
    this.retries = 0;
    this.assertNamesFit('digests' in opening.vector ? opening.vector.recent : opening.vector);
    const vector = this.openedVector(opening.vector);
    if (!vector) return;
    const wanted = this.replaces ? PartSet.all() : differingParts(store, opening.partHashes);
    this.stage = new Stage(vector, wanted, store.vector.copy());
    this.stage.takeFloors(opening.floors);
    this.fleetMs = opening.fleetMs ?? 0;
    this.place = { cursor: opening.cursor, logPosition: opening.logPosition };
    if (opening.frontier) {
      this.frontier = new Frontier('', this.stage.store);
      this.frontier.joined(opening.frontier);
    }
  }

  /** @throws StageBroken if nothing was asked for */
  takeVector(reply: VectorReply): void {
    const { fetch, vector } = this;
    if (!fetch || !vector) throw new StageBroken('vector without a question');
    this.retries = 0;
    this.assertNamesFit(reply.entries);
    takeDifference(vector, reply, fetch.isFirst);
    if (fetch.take(reply)) this.fetch = undefined;
  }

  /**
   * @returns the stage, if this was the last page
   * @throws StageBroken if the page contradicts the others
   */
  takePage({ batches, keys, cursor, logPosition }: StatePage): Stage | undefined {
    const { stage } = this;
    if (!stage) throw new StageBroken('page before opening');
    this.assertNamesFit(batches);
    stage.takePage(batches, keys);
    for (const batch of batches) {
      this.fleetMs = Math.max(this.fleetMs, batch.fleetMs ?? 0);
      this.frontier?.applied(batch.origin, lastSeq(batch), batch.dependencies);
    }
    this.keys += keys.length;
    this.place = { cursor, logPosition };
    this.retries = 0;
    if (stage.replays.length > this.deps.tuning.stageReplayMutations) {
      throw new StageBroken('too many mutations while staging');
    }
    return cursor === undefined ? stage : undefined;
  }

  /**
   * Dots that imply everything that the join brought: those of the giver's causal frontier, or else all.
   * @param before the vector before the join
   */
  broughtFrontier(before: VersionVector): VectorEntries {
    const { vector } = this.deps.store;
    if (!this.frontier) return Array.from(vector.beyond(before), (origin) => vector.entryAt(origin));
    return this.frontier.entries().filter(([origin, seq]) => before.seqOf(origin) < seq);
  }

  /**
   * What was joined, for who keeps a frontier.
   * @param before the vector before the join
   * @returns `undefined` if the giver has not told its frontier
   */
  joinedState(before: VersionVector): JoinedState | undefined {
    const { frontier, stage } = this;
    if (!frontier || !stage) return undefined;
    const { vector } = stage.store;
    return {
      dots: frontier.entries(),
      had: (origin, seq) => before.seqOf(origin) >= seq,
      has: (origin, seq) => vector.seqOf(origin) >= seq,
    };
  }

  /**
   * Bounds the names that a peer brings, which stay in the table whatever becomes of the transfer: whoever forges a peer
   * could bring new ones for ever.
   * @throws StageBroken if there would be more than any fleet may have
   */
  private assertNamesFit({ length }: { readonly length: number }): void {
    const { store, tuning } = this.deps;
    const most = tuning.peerOrigins + Math.max(tuning.vectorPageEntries, limits.vectorEntries);
    if (store.vector.origins.count + length > most)
      throw new StageBroken('more origins than a fleet may have');
  }

  /** @returns `undefined` if it must be asked for first */
  private openedVector(opened: VectorEntries | VectorDigest): VersionVector | undefined {
    const { store, digestKeys, tuning } = this.deps;
    if (!('digests' in opened)) return VersionVector.of(store.vector.origins, opened);
    // A copy: what is applied here meanwhile must not count as the giver's.
    const vector = (this.vector ??= store.vector.copy());
    setEntries(vector, opened.recent);
    const key = digestKeys.at(opened.epoch);
    if (vector.bucketDigests(key).differing(BucketDigests.parse(opened.digests)).length === 0) {
      this.vector = undefined;
      return vector;
    }
    if (++this.tries > tuning.vectorTries) throw new StageBroken('the vector is never that of one moment');
    this.fetch = new VectorFetch(vector, key, []);
    return undefined;
  }
}
