import type { Origin } from '../../../core/dot.js';
import type { VersionVector } from '../../../core/vector.js';
import type { Peer } from './peers.js';
import type { FleetTuning } from './tuning.js';

/** Points that are remembered of a server's progress, one for each look: a lag longer than that is told as so long. */
const POINTS = 600;

/** When this server had written how much, as far as it was looked at. */
export class Progress {
  private points: { readonly atMs: number; readonly seq: number }[] = [];

  /** To be called now and then. @param seq the last of this server's own */
  note(atMs: number, seq: number): void {
    if (this.points.at(-1)?.seq === seq) return;
    this.points.push({ atMs, seq });
    if (this.points.length > POINTS) this.points = this.points.slice(-POINTS / 2);
  }

  /** How long ago the first write after this seq was seen; 0 if there was none. */
  ageOfNext(seq: number, nowMs: number): number {
    const next = this.points.find((point) => point.seq > seq);
    return next === undefined ? 0 : Math.max(0, nowMs - next.atMs);
  }
}

/**
 * How many mutations of this server a peer has not said to have; `undefined` if its presence does not tell, since too
 * many others wrote later.
 */
export function ownLag(
  peer: Peer,
  self: Origin,
  mine: VersionVector,
  { presenceEntries }: Pick<FleetTuning, 'presenceEntries'>,
): number | undefined {
  const { vectorDigest, recent } = peer.presence;
  const lag = Math.max(0, mine.seqOf(self) - peer.ownSeq);
  if (lag === 0 || vectorDigest === mine.digest()) return 0;
  const isTold = recent.length < presenceEntries || recent.some(([origin]) => origin === self);
  return isTold ? lag : undefined;
}
