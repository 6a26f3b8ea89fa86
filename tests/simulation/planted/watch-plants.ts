import type { Plant } from './plant.js';

const PAST = 'src/engines/fleet/watching/past.ts';
const WATCH = 'src/engines/fleet/watching/watch.ts';
const WATCHES = 'src/engines/fleet/watching/watches.ts';

/** Watches: tokens, what the log can still tell, readers that are behind. */
export const WATCH_PLANTS: readonly Plant[] = [
  {
    name: 'a watch goes on although the log has forgotten what follows',
    ground: 'watches',
    edits: [
      {
        file: PAST,
        find: `return this.hasToldForgotten(has) ? { position, has } : undefined;`,
        replace: `return { position, has };`,
      },
    ],
  },
  {
    name: 'a token forgets the mutation that was told in part',
    ground: 'watches',
    edits: [
      {
        file: 'src/engines/fleet/watching/token.ts',
        find: `const cuts = parts.length === 0 ? ''`,
        replace: `const cuts = parts.length < Infinity ? ''`,
      },
    ],
  },
  {
    name: 'a cut goes on at the next mutation',
    ground: 'watches',
    edits: [
      {
        file: 'src/engines/fleet/watching/telling.ts',
        find: `    if (cut === undefined) return`,
        replace: `    if (cut === undefined || index === 0) return`,
      },
    ],
  },
  {
    name: 'who goes on does not follow the causes of what was told',
    ground: 'watches',
    edits: [
      { file: PAST, find: `      if (told >= from) note(log.batchAt(at).dependencies);\n`, replace: '' },
    ],
  },
  {
    name: 'a noted frontier leaves out other origins',
    ground: 'watches',
    edits: [
      {
        file: PAST,
        find: `const others = othersOf(frontier(), origin, tuning.watchMarkDots);`,
        replace: `const others = othersOf(frontier(), origin, tuning.watchMarkDots)?.slice(0, 0);`,
      },
    ],
  },
  {
    name: 'what does not fit a queue is dropped',
    ground: 'watches',
    edits: [
      {
        file: WATCH,
        find: `    this.isLive = false;
    this.place = { position, seq: applied.seq };`,
        replace: `    if (bytes > 0) return;
    this.isLive = false;
    this.place = { position, seq: applied.seq };`,
      },
    ],
  },
  {
    name: 'a watch does not begin again when a state is joined',
    ground: 'watches',
    edits: [
      {
        file: WATCHES,
        find: `if (watch.hasBegun) watch.restart();`,
        replace: `if (!watch.hasBegun) watch.restart();`,
      },
    ],
  },
  {
    name: 'a batch is told backwards',
    ground: 'watches',
    edits: [
      {
        file: WATCHES,
        find: `    for (let seq = from; seq <= lastSeq(batch); seq++) {
      const mutation`,
        replace: `    for (let seq = lastSeq(batch); seq >= from; seq--) {
      const mutation`,
      },
    ],
  },
  {
    name: 'what is present goes on where its reader is through',
    ground: 'watches',
    edits: [
      {
        file: WATCH,
        find: `    this.present = undefined;
    return this.sayUpToDate(`,
        replace: `    this.present = undefined;
    this.place = this.shared.past.end;
    return this.sayUpToDate(`,
      },
    ],
  },
  {
    name: 'a dot of a place is replaced by an older one',
    ground: 'watches',
    edits: [
      {
        file: 'src/engines/fleet/watching/moment.ts',
        find: `(told.get(origin) ?? 0) < last`,
        replace: `(told.get(origin) ?? last) > 0`,
      },
    ],
  },
  {
    name: 'removals that are too large to be kept are not told',
    ground: 'watches',
    edits: [
      {
        file: WATCHES,
        find: `      this.tell({ origin: this.deps.self, seq, mutation, removed: removed.get(seq) }, position);`,
        replace: `      this.tell({ origin: this.deps.self, seq, mutation, removed: removed && this.past.removedBy(position, seq) }, position);`,
      },
    ],
  },
  {
    name: 'a state that is joined leaves dots beside those that imply them',
    ground: 'watches',
    edits: [
      {
        file: 'src/engines/fleet/replication/causes.ts',
        find: `if (state) this.frontier.joinedState(`,
        replace: `if (state && entries.length < 0) this.frontier.joinedState(`,
      },
    ],
  },
];
