import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemTime } from '../../../src/app/system-time.js';
import type { ConsensusEngine } from '../../../src/engines/consensus/engine.js';
import { startConsensus } from '../../support/consensus.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster } from '../../support/etcd.js';
import { SeededRandom } from '../../support/sim-random.js';
import { verbs } from '../../support/verbs.js';

const RUN_MS = 5_000;
/** How far the clocks of three servers are off. */
const SKEWS_MS = [-250, 0, 250];
const CLIENTS_EACH = 3;

/** What one client was told of the latest value of the key, between two moments. */
interface Sight {
  readonly called: number;
  readonly returned: number;
  /** 0: there is none. */
  readonly version: number;
  /** What an insert or a put made. */
  readonly made: number | undefined;
}

/**
 * The first sight that no order of all explains in which a value is the latest from its insert until it is replaced or
 * expires, once. Each bound is what sights that returned before the call already prove.
 */
function contradiction(sights: readonly Sight[]): string | undefined {
  for (const sight of sights) {
    const before = sights.filter(({ returned }) => returned < sight.called);
    const known = Math.max(0, ...before.map(({ version, made = 0 }) => Math.max(version, made)));
    if (sight.version > 0 && sight.version < known) {
      return `version ${String(sight.version)} is the latest after ${String(known)}`;
    }
    // Whoever was told that there is none was told it of all that was known when they asked.
    for (const none of before.filter(({ version, made }) => version === 0 && made === undefined)) {
      const earlier = sights.filter(({ returned }) => returned < none.called);
      const gone = Math.max(0, ...earlier.map(({ version, made = 0 }) => Math.max(version, made)));
      if (sight.version > 0 && sight.version <= gone) {
        return `version ${String(sight.version)} is there again after it had expired`;
      }
    }
  }
  return undefined;
}

describe.skipIf(!etcdAvailable())('values that expire, for many clients of servers with wrong clocks', () => {
  let cluster: EtcdCluster;
  let engines: readonly ConsensusEngine[] = [];

  beforeAll(async () => {
    cluster = await startEtcd();
    engines = SKEWS_MS.map((skewMs) => {
      const time = { ...systemTime, wallMs: () => Date.now() + skewMs };
      return startConsensus(cluster.addresses, { time });
    });
  }, 90_000);

  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
    await cluster.stop();
  }, 60_000);

  it('vanish once for all, and never come back', { timeout: 60_000 }, async () => {
    const sights: Sight[] = [];
    const until = performance.now() + RUN_MS;
    const clients = engines.flatMap((engine, e) =>
      Array.from({ length: CLIENTS_EACH }, async (_, c) => {
        const random = new SeededRandom(10 * e + c + 1);
        while (performance.now() < until) {
          const called = performance.now();
          const note = (version: number, made?: number): void => {
            sights.push({ called, returned: performance.now(), version, made });
          };
          const dice = random.next();
          const write = { key: 'uma', value: 'valor', ttlMs: random.int(300, 900) };
          if (dice < 0.03) {
            const { row, previous } = await engine.write({ kind: 'put', ...write });
            note(previous?.version ?? 0, row.version);
          } else if (dice < 0.06) note(0, (await engine.write({ kind: 'insert', ...write })).version);
          else note((await verbs(engine).query('uma'))?.version ?? 0);
          await new Promise((resolve) => setTimeout(resolve, random.int(5, 40)));
        }
      }),
    );
    await Promise.all(clients);
    sights.sort((a, b) => a.called - b.called);
    expect(contradiction(sights)).toBeUndefined();
    // Both were seen often, or nothing was shown.
    expect(sights.filter(({ version, made }) => version === 0 && made === undefined).length).toBeGreaterThan(
      20,
    );
    expect(sights.filter(({ version }) => version > 0).length).toBeGreaterThan(20);
  });

  it('would be told apart from values that only some servers hide', () => {
    const sight = (called: number, version: number, made?: number): Sight => {
      return { called, returned: called + 0.5, version, made };
    };
    expect(
      contradiction([sight(1, 0, 1), sight(2, 1), sight(3, 0), sight(4, 0, 2), sight(5, 2)]),
    ).toBeUndefined();
    expect(contradiction([sight(1, 0, 1), sight(2, 0), sight(3, 1)])).toMatch(/there again/);
    expect(contradiction([sight(1, 0, 1), sight(2, 0, 2), sight(3, 1)])).toMatch(/latest after/);
  });
});
