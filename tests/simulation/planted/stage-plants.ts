import type { Plant } from './plant.js';

const STAGE = 'src/core/stage.ts';
const TRANSFER = 'src/engines/fleet/replication/state-transfer.ts';

/** States that are put together, vectors by difference. */
export const STAGE_PLANTS: readonly Plant[] = [
  {
    name: 'a skipped part is what the taker has at the join',
    ground: 'counterexamples',
    edits: [{ file: STAGE, find: `  dropLateEntries(store, stage);\n`, replace: '' }],
  },
  {
    name: 'the replay leaves out skipped parts',
    ground: 'lab',
    edits: [{ file: STAGE, find: `  replayEqualParts(store, stage);\n`, replace: '' }],
  },
  {
    name: 'the replay applies what the taker has already',
    ground: 'lab',
    edits: [
      {
        file: STAGE,
        find: `    if (seq > store.vector.seqAt(index)) store.applyEffect(index, seq, mutation);`,
        replace: `    store.applyEffect(index, seq, mutation);`,
      },
    ],
  },
  {
    name: 'the vector of a stage is torn',
    ground: 'fleet',
    edits: [
      {
        file: TRANSFER,
        find: `differing(BucketDigests.parse(opened.digests)).length === 0) {`,
        replace: `differing(BucketDigests.parse(opened.digests)).length === 0 || this.tries > 0) {`,
      },
    ],
  },
  {
    name: 'an equal bucket is what the taker has by now',
    ground: 'fleet',
    edits: [
      {
        file: TRANSFER,
        find: `    const vector = (this.vector ??= store.vector.copy());
    setEntries(vector, opened.recent);`,
        replace: `    const vector = store.vector.copy();
    for (const index of this.vector?.beyond(vector) ?? []) vector.set(index, this.vector!.seqAt(index));
    this.vector = vector;
    setEntries(vector, opened.recent);`,
      },
      {
        file: TRANSFER,
        find: `differing(BucketDigests.parse(opened.digests)).length === 0) {`,
        replace: `differing(BucketDigests.parse(opened.digests)).length === 0 || this.tries > 0) {`,
      },
    ],
  },
  {
    name: 'hashes are compared with a vector that moves on',
    ground: 'fleet',
    isRare: true,
    edits: [
      {
        file: TRANSFER,
        find: `new Stage(vector, wanted, store.vector.copy())`,
        replace: `new Stage(vector, wanted, store.vector)`,
      },
    ],
  },
  {
    name: 'what a presence does not name counts as held',
    ground: 'counterexamples',
    edits: [
      {
        file: 'src/engines/fleet/replication/peers.ts',
        find: `(announced.get(origin) ?? 0) >= seq`,
        replace: `(announced.get(origin) ?? Infinity) >= seq`,
      },
    ],
  },
  {
    name: 'digests of buckets miss some origins',
    ground: 'fleet',
    edits: [
      {
        file: 'src/core/vector-digests.ts',
        find: `    const { origins } = this.vector;
    origins.keyedHash(index, seq, key, this.hash);`,
        replace: `    const { origins } = this.vector;
    if (origins.hashAt(index) % 3 === 0) return;
    origins.keyedHash(index, seq, key, this.hash);`,
      },
    ],
  },
];
