import type { Plant } from './plant.js';

const COUNTERS = 'src/core/counters.ts';
const FLOORS = 'src/core/floors.ts';
const STAGE = 'src/core/stage.ts';

/** Floors, effective counters, normal form, slots. */
export const FLOOR_PLANTS: readonly Plant[] = [
  {
    name: 'floors rise lexicographically',
    ground: 'lab',
    edits: [
      {
        file: FLOORS,
        find: `    this.versions[part] = Math.max(this.version(part), version);
    this.timestamps[part] = Math.max(this.timestamp(part), timestamp);`,
        replace: `    const before = [this.version(part), this.timestamp(part)];
    if (version > before[0]! || (version === before[0] && timestamp > before[1]!)) {
      this.versions[part] = version;
      this.timestamps[part] = timestamp;
    }`,
      },
    ],
  },
  {
    name: 'a floor is not in the hash of its part',
    ground: 'lab',
    edits: [
      {
        file: COUNTERS,
        find: `    if (hashBefore !== undefined) hashes.add(part, hashBefore, -1);
    hashes.add(part, floors.hash(part) as number, 1);`,
        replace: '',
      },
    ],
  },
  {
    name: 'hashes are those of own counters',
    ground: 'lab',
    edits: [
      {
        file: COUNTERS,
        find: `    const hash = this.keys.counterHash(slot, this.floors.version(part), this.floors.timestamp(part));`,
        replace: `    const hash = this.keys.counterHash(slot, 0, 0);`,
      },
      {
        file: COUNTERS,
        find: `        hashes.add(part, keys.counterHash(slot, versionBefore, timestampBefore), -1);
        if (!isForgotten) hashes.add(part, keys.counterHash(slot, version, timestamp), 1);`,
        replace: '        if (isForgotten) hashes.add(part, keys.counterHash(slot, 0, 0), -1);',
      },
    ],
  },
  {
    name: 'a key is forgotten by its version only',
    ground: 'lab',
    edits: [
      {
        file: COUNTERS,
        find: `      this.keys.greatestVersion(slot) <= this.floors.version(part) &&
      this.keys.greatestTimestamp(slot) <= this.floors.timestamp(part)`,
        replace: `      this.keys.greatestVersion(slot) <= this.floors.version(part)`,
      },
    ],
  },
  {
    name: 'an insert counts from its own counter',
    ground: 'lab',
    edits: [
      {
        file: COUNTERS,
        find: `    return slot === undefined ? floor : Math.max(floor, this.keys.greatestVersion(slot));`,
        replace: `    return slot === undefined ? floor : this.keys.greatestVersion(slot);`,
      },
    ],
  },
  {
    name: 'an opening has no floors',
    ground: 'fleet',
    edits: [
      {
        file: 'src/engines/fleet/replication/giver.ts',
        find: `      floors: this.deps.store.floors.entries(),`,
        replace: `      floors: [],`,
      },
    ],
  },
  {
    name: 'a state on disk has no floors',
    ground: 'journals',
    edits: [
      {
        file: 'src/engines/fleet/checkpoint.ts',
        find: `floors: floors.entries(), fleetMs`,
        replace: `floors: [] as ReturnType<typeof floors.entries>, fleetMs`,
      },
    ],
  },
  {
    name: 'a join leaves out floors',
    ground: 'lab',
    edits: [
      {
        file: STAGE,
        find: `  for (const floor of stage.store.floors.entries()) store.keySpace.counters.raiseFloor(floor.part, floor);`,
        replace: '',
      },
    ],
  },
  {
    name: 'a join brings only paged keys to normal form',
    ground: 'lab',
    edits: [
      {
        file: STAGE,
        find: `store.keySpace.counters.raiseFloor(floor.part, floor);
  store.keySpace.counters.normalizeAll();`,
        replace: `store.keySpace.counters.raiseFloor(floor.part, floor, false);
  for (const { key } of stage.store.fragments()) store.keySpace.normalize(store.keySpace.keys.find(key)!);`,
      },
      {
        file: COUNTERS,
        find: `raiseFloor(part: number, floor: Floor): void {`,
        replace: `raiseFloor(part: number, floor: Floor, all = true): void {`,
      },
      {
        file: COUNTERS,
        find: `const isForgotten = keys.isEmpty(slot) && this.isNeedless(slot);`,
        replace: `const isForgotten = all && keys.isEmpty(slot) && this.isNeedless(slot);`,
      },
    ],
  },
  {
    name: 'slots are used again under open walks',
    ground: 'fleet',
    edits: [
      {
        file: 'src/core/space.ts',
        find: `new KeyTable(() => this.views.size === 0, `,
        replace: `new KeyTable(() => true, `,
      },
    ],
  },
  {
    name: 'the disk is not told of forgotten keys',
    ground: 'journals',
    edits: [
      { file: COUNTERS, find: `    this.changes()?.noteForgotten(this.keys.name(slot));`, replace: '' },
    ],
  },
];
