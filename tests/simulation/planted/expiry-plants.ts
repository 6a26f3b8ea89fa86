import type { Plant } from './plant.js';

const STORE = 'src/core/store.ts';
const STORED_KEY = 'src/core/stored-key.ts';
const TRANSFER = 'src/engines/fleet/replication/state-transfer.ts';
const LOADER = 'src/engines/fleet/store-loader.ts';

/** Expiry and its sweep, trims. */
export const EXPIRY_PLANTS: readonly Plant[] = [
  {
    name: 'readers hide by their own clock',
    ground: 'fleet',
    edits: [
      {
        file: 'src/core/fleet-clock.ts',
        find: `    if (fleetMs <= this.greatestMs) return;\n`,
        replace: `    if (fleetMs > 0) return;\n`,
      },
    ],
  },
  {
    name: 'a join does not bring the time of the fleet',
    ground: 'fleet',
    edits: [
      {
        file: 'src/engines/fleet/replication/repair.ts',
        find: `    store.clock.witness(transfer.fleetMs);\n`,
        replace: '',
      },
    ],
  },
  {
    name: 'a disk does not bring the time of the fleet',
    ground: 'journals',
    edits: [{ file: LOADER, find: `    this.store.clock.witness(fleetMs);\n`, replace: '' }],
  },
  {
    name: 'a sweep marks nothing as passed',
    ground: 'lab',
    edits: [
      {
        file: STORE,
        find: `      this.space.pass(slot, (row) => hasPassed(row) && !isNamed(row));`,
        replace: `      void hasPassed;`,
      },
    ],
  },
  {
    name: 'pages do not say what has passed',
    ground: 'lab',
    edits: [
      {
        file: 'src/core/space.ts',
        find: `      ...(this.entries.passed(row) ? { passed: true } : {}),\n`,
        replace: '',
      },
    ],
  },
  {
    name: 'a sweep removes by version and kills a renewal',
    ground: 'lab',
    edits: [
      {
        file: STORE,
        find: `    const isNamed = namedBy(this.space, dots);`,
        replace: `    const isOne = namedBy(this.space, dots);
    const gone = new Set(this.space.rows(slot).filter(isOne).map((row) => entries.version(row)));
    const isNamed = (row: number): boolean => gone.has(entries.version(row));`,
      },
    ],
  },
  {
    name: 'a removal of a version takes an expired sibling',
    ground: 'lab',
    edits: [
      {
        file: STORED_KEY,
        find: `    const rows = this.slot === undefined ? [] : this.liveRowsOf(this.slot, version);
    const dots`,
        replace: `    const rows = this.slot === undefined ? [] : this.space.rowsOfVersion(this.slot, version);
    const dots`,
      },
    ],
  },
  {
    name: 'a trim goes by versions and a retention by time',
    ground: 'lab',
    edits: [
      {
        file: STORED_KEY,
        find: `    const newest = slot === undefined ? undefined : newestRow(this.space, slot);
    if (slot`,
        replace: `    const newest = slot === undefined ? undefined : latestRow(this.space, slot);
    if (slot`,
      },
      { file: STORED_KEY, find: `isExpired, newestRow }`, replace: `isExpired, latestRow, newestRow }` },
    ],
  },
];

/** Sessions. */
export const SESSION_PLANTS: readonly Plant[] = [
  {
    name: 'a token does not say the time of its session',
    ground: 'fleet',
    isRare: true,
    edits: [
      {
        file: 'src/engines/fleet/guarantees.ts',
        find: `encodeToken(this.fleet, member.causes.frontier.entries(), sessionTimeOf(store))`,
        replace: `encodeToken(this.fleet, member.causes.frontier.entries(), void sessionTimeOf(store))`,
      },
    ],
  },
];

/** Requests that are repeated. */
export const REQUEST_PLANTS: readonly Plant[] = [
  {
    name: 'requests are remembered before their state is joined',
    ground: 'requests',
    isRare: true,
    edits: [
      {
        file: TRANSFER,
        find: `    stage.takePage(batches, keys);\n`,
        replace: `    stage.takePage(batches, keys);
    for (const { key, entries } of keys)
      for (const { origin, seq, ...entry } of entries)
        if (entry.attempt)
          this.deps.store.observer?.applied({ kind: 'insert', key, ...entry } as never, origin, seq, undefined);\n`,
      },
    ],
  },
  {
    name: 'entries on disk do not say what request wrote them',
    ground: 'requests',
    edits: [
      {
        file: 'src/engines/fleet/checkpoint.ts',
        find: `space.record(row));`,
        replace: `{ ...space.record(row), attempt: undefined });`,
      },
    ],
  },
];
