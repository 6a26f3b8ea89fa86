import type { Dot, Origin, VectorEntries } from '../../src/core/dot.js';
import type { Line } from '../../src/ports/lines.js';
import type { WatchEvent } from '../../src/ports/watch.js';
import type { TrueInsert } from './oracle-history.js';
import { covers, headsSeen, isExpired, type TrueEntry, type TrueVector } from './oracle-view.js';
import { vectorText, Violation, type Oracle } from './oracle.js';
import type { WatchCounts } from './watch-counts.js';
import { readWatchToken, type ToldPlace } from './watch-places.js';

/** How a server is, as the checker must know it. */
export interface WatchedServer {
  readonly origin: Origin;
  readonly vector: VectorEntries;
  /** Of each origin, the last seq that its log no longer has, or never had: what it cannot tell any more. */
  readonly untold: VectorEntries;
  /** How many states it has joined. */
  readonly joins: number;
  /** The fleet's time there. */
  readonly nowMs: number;
}

type Phase = 'unbegun' | 'present' | 'telling';

/**
 * Checks what one reader is told, over all its connections, against the true history: nothing missed, nothing repeated, no
 * effect before its cause, what is present is what was there at one moment, every token stands for exactly what was
 * told, and nothing is told anew that the server's log still had. It knows nothing of how any of that is done.
 */
export class WatchChecker {
  private phase: Phase = 'unbegun';
  /** What was there before the first event: everything that these dots imply. */
  private base: TrueVector = new Map();
  private readonly told = new Set<TrueInsert>();
  /** Entries that were there at the beginning, or were told, and are not gone. */
  private readonly live = new Set<TrueInsert>();
  /** How many removals of an entry were told. */
  private readonly gone = new Map<TrueInsert, number>();
  private present: { readonly line: Line; readonly insert: TrueInsert }[] = [];
  /** How the server was when the present phase of the watch could begin. */
  private begun: WatchedServer | undefined;
  private place: ToldPlace | undefined;
  /** Nothing was told since the connection began. */
  private isFresh = true;
  /** From where the connection goes on: a place, or nowhere; absent: it begins anew. */
  private resumes: ToldPlace | 'nowhere' | undefined;
  /** It began at a place that no token could name, so nothing can be checked until it begins again. */
  private isBlind = false;
  /** The connection has to catch up with what the server had when it began. */
  private owes: VectorEntries = [];

  /**
   * @param concerns whether the watch is about a key
   * @param mayStartOver whether tokens may be so short that a place does not fit
   */
  constructor(
    private readonly oracle: Oracle,
    private readonly name: string,
    private readonly concerns: (key: string) => boolean,
    private readonly counts: WatchCounts,
    private readonly mayStartOver = false,
  ) {}

  /** A connection begins. @param token the last one told; absent: it begins as `from` says */
  begin(server: WatchedServer, token: string | undefined, from: 'now' | 'everything'): void {
    this.begun = server;
    this.isFresh = true;
    this.owes = server.vector;
    this.resumes = undefined;
    if (token !== undefined) {
      this.resumes = readWatchToken(this.oracle, token) ?? 'nowhere';
      return;
    }
    this.void();
    this.phase = from === 'now' ? 'unbegun' : 'present';
  }

  take(event: WatchEvent, server: WatchedServer): void {
    if (this.isFresh && this.resumes === 'nowhere' && event.kind !== 'restart')
      this.fail(`went on from nowhere with ${event.kind}`);
    if (this.isBlind && event.kind !== 'restart') return;
    switch (event.kind) {
      case 'restart':
        this.restart(server);
        break;
      case 'present':
        this.takePresent(event.line);
        break;
      case 'insert':
        this.takeInsert(event.line);
        break;
      case 'remove':
      case 'expire':
        this.takeRemoval(event.line, event.kind, server);
        break;
      case 'upToDate':
        this.takeUpToDate(event.token, server);
        return;
    }
    this.isFresh = false;
    if (event.kind === 'restart') return;
    if (event.kind === 'present' ? event.token !== undefined : event.token === undefined)
      this.fail(`had ${event.token === undefined ? 'no' : 'a'} token with ${event.kind}`);
    if (event.token !== undefined) this.checkToken(event.token, server);
  }

  /** At the end, when this is all there is and nothing is on its way. */
  finish(vector: VectorEntries): void {
    if (this.isBlind) return;
    if (this.phase !== 'telling') this.fail('was never up to date');
    this.assertTold(new Map(vector), []);
  }

  /** The server ended it because its reader was too slow. */
  endedAsSlow(server: WatchedServer): void {
    const { phase, place, begun } = this;
    // After a state was joined it may not have got as far as to hear that all begins again.
    const hasJoined = begun !== undefined && server.joins > begun.joins;
    if (!hasJoined && phase === 'telling' && place && this.canGoOn(place, server))
      this.fail(`was ended as slow although ${server.origin} had all that follows`);
  }

  // ── how it begins ──────────────────────────────────────────────────────────────────────────────────────────────

  private restart(server: WatchedServer): void {
    this.counts.restarts++;
    const { begun, resumes } = this;
    const hasJoined = begun !== undefined && server.joins > begun.joins;
    if (hasJoined) this.counts.joinRestarts++;
    else if (!this.isFresh || resumes === undefined) this.fail('began again although nothing was joined');
    else if (resumes !== 'nowhere' && this.canGoOn(resumes, server))
      this.fail(`began again although ${server.origin} had all that follows ${textOf(resumes.has)}`);
    this.void();
    this.phase = 'present';
    this.begun = server;
    this.owes = server.vector;
  }

  /** Whether a server has what was told, and can tell what was not. */
  private canGoOn({ has }: ToldPlace, { vector, untold }: WatchedServer): boolean {
    const here = new Map(vector);
    const isIn = (inner: Iterable<readonly [Origin, number]>, outer: TrueVector): boolean =>
      [...inner].every(([origin, seq]) => (outer.get(origin) ?? 0) >= seq);
    return isIn(has, here) && isIn(untold, has);
  }

  private void(): void {
    this.base = new Map();
    this.told.clear();
    this.live.clear();
    this.gone.clear();
    this.present = [];
    this.place = undefined;
    this.phase = 'unbegun';
    this.isBlind = false;
  }

  private takePresent(line: Line): void {
    if (this.phase !== 'present') this.fail(`was told ${textOfLine(line)} as present in between`);
    const insert = this.find(line);
    const before = this.present.at(-1);
    if (this.present.some((other) => other.insert === insert)) this.fail(`heard ${textOfLine(line)} twice`);
    if (before?.line.key === line.key && before.line.version > line.version)
      this.fail(`heard ${textOfLine(line)} after a later version`);
    if (before?.line.key !== line.key && this.present.some((other) => other.line.key === line.key))
      this.fail(`heard of ${line.key} again after another key`);
    this.present.push({ line, insert });
    this.counts.presents++;
  }

  private takeUpToDate(token: string | undefined, server: WatchedServer): void {
    this.counts.upToDates++;
    if (token === undefined) this.fail('was up to date without a token');
    const place = readWatchToken(this.oracle, token);
    if (place === undefined && this.phase !== 'telling') {
      this.checkToken(token, server);
      this.isBlind = true;
      return;
    }
    const has = place?.has ?? this.base;
    const missing = this.owes.find(([origin, seq]) => (has.get(origin) ?? 0) < seq);
    if (place && missing) this.fail(`was up to date without ${missing.join(':')}`);
    this.owes = [];
    this.isFresh = false;
    if (this.phase !== 'telling') {
      if (this.phase === 'present') this.checkPresent(has, server);
      this.base = has;
      for (const insert of this.oracle.allInserts()) if (this.isBaseLive(insert)) this.live.add(insert);
      this.phase = 'telling';
    }
    this.checkToken(token, server);
  }

  private isBaseLive(insert: TrueInsert): boolean {
    return (
      this.concerns(insert.key) &&
      covers(this.base, insert) &&
      !insert.removedBy.some((remover) => covers(this.base, remover))
    );
  }

  /** What is present is all that was there at the moment of the token, but for what expired by then. */
  private checkPresent(has: TrueVector, { nowMs }: WatchedServer): void {
    const beganMs = this.begun?.nowMs ?? 0;
    const shown = new Map(this.present.map(({ line, insert }) => [insert, line]));
    for (const [key, { entries }] of this.oracle.stateAt([...has]).keys) {
      if (!this.concerns(key)) continue;
      const wereHeads = headsSeen(entries, beganMs);
      const areHeads = headsSeen(entries, nowMs);
      for (const entry of entries) {
        const insert = this.find({ ...entry, key });
        const line = shown.get(insert);
        shown.delete(insert);
        if (line === undefined && !isExpired(entry, nowMs))
          this.fail(`was not told that ${textOfLine({ ...entry, key })} is present`);
        if (line !== undefined && isExpired(entry, beganMs))
          this.fail(`was told that ${textOfLine(line)} is present, which had expired`);
        const [was, is] = [wereHeads, areHeads].map((heads) => heads.includes(entry));
        if (line !== undefined && was === is && line.isHead !== is)
          this.fail(`was told of ${textOfLine(line)} that it is ${line.isHead ? 'a' : 'no'} head`);
      }
    }
    for (const line of shown.values()) this.fail(`was told that ${textOfLine(line)} is present`);
    this.present = [];
  }

  // ── what it is told ────────────────────────────────────────────────────────────────────────────────────────────

  private takeInsert(line: Line): void {
    this.counts.inserts++;
    if (this.phase !== 'telling') this.fail(`was told ${textOfLine(line)} too early`);
    const insert = this.find(line);
    if (covers(this.base, insert) || this.told.has(insert)) this.fail(`was told ${textOfLine(line)} twice`);
    if (!line.isHead) this.fail(`was told that ${textOfLine(line)} is no head`);
    this.assertCauses(insert.observed, insert, textOfLine(line));
    this.told.add(insert);
    this.live.add(insert);
  }

  private takeRemoval(line: Line, kind: 'remove' | 'expire', { nowMs }: WatchedServer): void {
    if (kind === 'remove') this.counts.removals++;
    else this.counts.expiries++;
    const insert = this.find({ ...line, value: undefined });
    const what = `${kind} ${textOfLine(line)}`;
    if (line.value !== '') this.fail(`was told a value with ${what}`);
    const { expiresAt } = insert;
    if (kind === 'expire' && !isExpired({ expiresAt }, nowMs)) this.fail(`was told ${what} before its time`);
    if (!covers(this.base, insert) && !this.told.has(insert))
      this.fail(`was told ${what} before it was there`);
    const removers = insert.removedBy.filter((remover) => !covers(this.base, remover));
    const count = (this.gone.get(insert) ?? 0) + 1;
    if (count > removers.length) this.fail(`was told ${what} once more than it was removed`);
    this.gone.set(insert, count);
    if (!removers.some((remover) => this.unmetCause(remover.observed, remover) === undefined))
      this.fail(`was told ${what} before the causes of any removal`);
    this.live.delete(insert);
  }

  private assertCauses(observed: TrueVector, self: Dot, what: string): void {
    const unmet = this.unmetCause(observed, self);
    if (unmet !== undefined) this.fail(`was told ${what} before its cause, ${unmet}`);
  }

  /** What the writer of a mutation had seen, and was not told yet. */
  private unmetCause(observed: TrueVector, self: Dot): string | undefined {
    const isSelf = ({ origin, seq }: Dot): boolean => origin === self.origin && seq === self.seq;
    for (const insert of this.oracle.allInserts()) {
      if (!this.concerns(insert.key) || isSelf(insert) || !covers(observed, insert)) continue;
      if (!covers(this.base, insert) && !this.told.has(insert)) return textOfLine(insert);
      const isRemoved = insert.removedBy.some((remover) => !isSelf(remover) && covers(observed, remover));
      if (isRemoved && this.live.has(insert)) return `the removal of ${textOfLine(insert)}`;
    }
    return undefined;
  }

  // ── tokens ─────────────────────────────────────────────────────────────────────────────────────────────────────

  private checkToken(token: string, server: WatchedServer): void {
    const place = readWatchToken(this.oracle, token);
    if (place === undefined) {
      if (!this.mayStartOver) this.fail('was given a token that says to start over');
      this.counts.startOvers++;
      this.place = undefined;
      return;
    }
    if (place.parts.length > 0) this.counts.cuts++;
    const here = new Map(server.vector);
    for (const [origin, seq] of place.has)
      if ((here.get(origin) ?? 0) < seq) this.fail(`has ${origin}:${seq} of a server that does not`);
    for (const [origin, seq] of this.place?.has ?? [])
      if ((place.has.get(origin) ?? 0) < seq) this.fail(`went back before ${origin}:${seq}`);
    this.place = place;
    this.assertTold(place.has, place.parts);
  }

  /** Exactly this was told, and of these further mutations a part. */
  private assertTold(has: TrueVector, parts: readonly Dot[]): void {
    for (const insert of this.oracle.allInserts()) {
      if (!this.concerns(insert.key)) continue;
      const text = textOfLine(insert);
      if (!covers(has, insert)) {
        if (this.told.has(insert)) this.fail(`was told ${text}, which its token does not know`);
        continue;
      }
      if (!covers(this.base, insert) && !this.told.has(insert)) this.fail(`was never told ${text}`);
      const isRemoved = insert.removedBy.some((remover) => covers(has, remover));
      if (isRemoved && this.live.has(insert)) this.fail(`was never told that ${text} was removed`);
      const isInPart = insert.removedBy.some(({ origin, seq }) =>
        parts.some((part) => part.origin === origin && part.seq === seq),
      );
      if (!isRemoved && !this.live.has(insert) && !isInPart)
        this.fail(`was told that ${text} was removed, which its token does not know`);
    }
  }

  private find({ key, version, timestamp, origin, value, expiresAt }: FoundLine): TrueInsert {
    for (const insert of this.oracle.allInserts()) {
      if (insert.key !== key || insert.origin !== origin) continue;
      if (insert.version !== version || insert.timestamp !== timestamp) continue;
      if (value !== undefined && (insert.value !== value || insert.expiresAt !== expiresAt)) continue;
      return insert;
    }
    return this.fail(`was told ${textOfLine({ key, version, timestamp, origin })}, which never was`);
  }

  private fail(what: string): never {
    throw new Violation(`${this.name} ${what}`);
  }
}

/** An entry of a key as a line or the oracle names it; without a value: that of a removal. */
type FoundLine = Pick<TrueEntry, 'version' | 'timestamp' | 'origin'> & {
  readonly key: string;
  readonly value?: string | undefined;
  readonly expiresAt?: number | undefined;
};

function textOfLine({ key, version, timestamp, origin }: FoundLine): string {
  return `${JSON.stringify(key)} ${version}@${timestamp} of ${origin}`;
}

function textOf(vector: TrueVector): string {
  return vectorText([...vector]);
}
