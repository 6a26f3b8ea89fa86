import type { Plant } from './plant.js';

/** Tests of the leader with servers in their process. */
const LEADER_TESTS = [
  'tests/engines/leader.integration.test.ts',
  ...['catch-up', 'commits', 'crowd', 'expiry', 'hostile', 'shown', 'stable', 'watch'].map(
    (name) => `tests/engines/leader/${name}.integration.test.ts`,
  ),
];

/** Rules of the seal and of the other engines, which tests with real replicas, servers and nodes look after. */
export const ENGINE_PLANTS: readonly Plant[] = [
  {
    name: 'a message of the bus is believed whoever it was addressed to',
    ground: 'sealed',
    edits: [
      {
        file: 'src/engines/fleet/bus/mqtt-bus.ts',
        find: "const isForAnother = parts?.channel === 'sync' && parts.to !== origin;",
        replace: 'const isForAnother = false;',
      },
    ],
  },
  {
    name: 'a message that was heard before is heard again',
    ground: 'sealed',
    edits: [
      {
        file: 'src/engines/fleet/bus/seal/liveness.ts',
        find: "if (!live.window.accept(counter)) return 'repeated';",
        replace: 'live.window.accept(counter);',
      },
    ],
  },
  {
    name: 'a write does not compare the head that it was planned against',
    ground: 'suite',
    tests: ['tests/engines/consensus/etcd-model.integration.test.ts'],
    edits: [
      {
        file: 'src/engines/consensus/transactions.ts',
        find: 'return [unchanged(headKey(key), base.revision), ...isFirst, ...alive.map(exists)];',
        replace: 'return base && [...isFirst, ...alive.map(exists)];',
      },
    ],
  },
  {
    name: 'the leader answers before every follower has the write',
    ground: 'suite',
    tests: LEADER_TESTS,
    edits: [
      {
        file: 'src/engines/leader/leader.ts',
        find: 'this.everywhere.advance(Math.min(last, ...held));',
        replace: 'this.everywhere.advance(last);',
      },
    ],
  },
  {
    name: 'the leader shows what no follower has',
    ground: 'suite',
    tests: ['tests/engines/leader/shown.integration.test.ts'],
    edits: [
      {
        file: 'src/engines/leader/leader.ts',
        find: 'const shown = held.length === 0 ? last : Math.max(...held);',
        replace: 'const shown = last;',
      },
    ],
  },
  {
    name: 'a group of writes whose outcome is in doubt counts as not done',
    ground: 'suite',
    tests: ['tests/engines/consensus/etcd-groups.integration.test.ts'],
    edits: [
      {
        file: 'src/engines/consensus/transaction-groups.ts',
        find: 'void this.sendAlone(one, answer.doubtful);',
        replace: 'void this.sendAlone(one, false);',
      },
    ],
  },
  {
    name: 'the lost answer of a partition counts as a request that was never sent',
    ground: 'suite',
    tests: ['tests/engines/partitions/plan.integration.test.ts'],
    edits: [
      {
        file: 'src/engines/partitions/failures.ts',
        find: "return UNSENT.has(error.constructor.name) || error.message === QUEUE_FULL ? 'unsent' : 'unknown';",
        replace: "return UNSENT.has(error.constructor.name) || error.message !== '' ? 'unsent' : 'unknown';",
      },
    ],
  },
  {
    name: 'a partition forgets the counters of a key that was removed',
    ground: 'suite',
    tests: ['tests/engines/partitions/plan.integration.test.ts'],
    edits: [
      {
        file: 'src/engines/partitions/functions.lua',
        find: '  if not tells then\n',
        replace: '  if not tells and top then\n',
      },
    ],
  },
];
