import type { Plant } from './plant.js';

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
    name: 'a request of a group in doubt counts as not done',
    ground: 'suite',
    tests: ['tests/engines/consensus/etcd-groups.integration.test.ts'],
    edits: [
      {
        file: 'src/engines/consensus/transaction-groups.ts',
        find: 'for (const one of group) void this.sendAlone(one, answer.doubtful);',
        replace: 'for (const one of group) void this.sendAlone(one, false);',
      },
    ],
  },
  {
    name: 'the leader answers before every follower has the write',
    ground: 'suite',
    tests: [
      'tests/engines/leader/catch-up.integration.test.ts',
      'tests/engines/leader/commits.integration.test.ts',
    ],
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
    tests: [
      'tests/engines/leader/stable.integration.test.ts',
      'tests/engines/leader/catch-up.integration.test.ts',
    ],
    edits: [
      {
        file: 'src/engines/leader/leader.ts',
        find: 'const shown = held.length === 0 ? last : Math.max(...held);',
        replace: 'const shown = last;',
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
  {
    name: 'a write whose answer got lost counts as never sent',
    ground: 'suite',
    tests: ['tests/engines/partitions/failures.integration.test.ts'],
    edits: [
      {
        file: 'src/engines/partitions/failures.ts',
        find: "QUEUE_FULL ? 'unsent' : 'unknown';",
        replace: "QUEUE_FULL ? 'unsent' : 'unsent';",
      },
    ],
  },
];
