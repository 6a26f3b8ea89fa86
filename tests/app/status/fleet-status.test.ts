import { afterEach, describe, expect, it } from 'vitest';
import { FleetStatus } from '../../../src/app/status/fleet-status.js';
import type { FleetConditions } from '../../../src/app/status/fleet-status.js';
import { eventually } from '../../support/eventually.js';
import { openLoopbackPair } from '../../support/fleet-pair.js';
import { realTime } from '../../support/real-time.js';

type Pair = Awaited<ReturnType<typeof openLoopbackPair>>;

const GOOD: FleetConditions = { isConnected: true, isDiskGood: true, isBlocked: false, isAhead: false };

function statusOf({ engine }: Pair, conditions: FleetConditions = GOOD, name?: string): FleetStatus {
  return new FleetStatus({
    ...{ fleet: 'f', engine, name, address: '127.0.0.1:9000', program: '1.2.3', conditions, time: realTime },
    isParted: () => false,
    broker: () => 'mqtt://127.0.0.1:1883',
    warnings: () => ['perto do limite: chaves'],
  });
}

describe('the status of a fleet', () => {
  let pair: Pair | undefined;
  afterEach(() => pair?.close());

  it('names this server first, then the others with what they lack', async () => {
    pair = await openLoopbackPair();
    const { engine, second } = pair;
    engine.write({ kind: 'insert', key: 'k', value: 'vé' });
    engine.write({ kind: 'insert', key: 'k', value: 'w' });
    engine.write({ kind: 'insert', key: 'gone', value: 'w' });
    engine.write({ kind: 'remove', key: 'gone' });
    const status = statusOf(pair, GOOD, 'sala 3');
    await eventually('both agree', () => status.status().agrees);
    const { servers, ...rest } = status.status();
    expect(rest).toMatchObject({
      ...{ fleet: 'f', engine: 'frota', broker: 'mqtt://127.0.0.1:1883', agrees: true, keys: 1, versions: 2 },
      warnings: ['perto do limite: chaves'],
    });
    expect(rest.bytes).toBeGreaterThan(0);
    expect(servers).toMatchObject([
      { name: 'sala 3', address: '127.0.0.1:9000', origin: 'oA', state: 'atendendo', isSelf: true, lag: 0 },
      { name: 'segundo', address: '127.0.0.1:2', origin: 'oB', state: 'atendendo', isSelf: false, lag: 0 },
    ]);
    expect(servers.map(({ programVersion }) => programVersion)).toEqual(['1.2.3', '9.9.9']);
    for (const { seenMs } of servers) expect(Math.abs(Date.now() - seenMs)).toBeLessThan(60_000);
    await second.stop();
    await eventually('it has left', () => status.status().servers.length === 1);
    const [gone, ...more] = status.departed();
    expect([gone, more]).toMatchObject([
      { name: 'segundo', address: '127.0.0.1:2', origin: 'oB', programVersion: '9.9.9' },
      [],
    ]);
    expect(Math.abs(Date.now() - (gone?.atMs ?? 0))).toBeLessThan(60_000);
    expect(['oA', 'oB', 'oC'].map((origin) => status.serverName(origin))).toEqual([
      ...['sala 3', 'segundo'],
      undefined,
    ]);
  });

  it('shows what a server lacks that the broker does not reach, and that the broker is lost', async () => {
    pair = await openLoopbackPair();
    const { engine, network } = pair;
    const conditions = { ...GOOD };
    const status = statusOf(pair, conditions);
    network.split = true;
    for (const value of ['a', 'b', 'c']) engine.write({ kind: 'insert', key: 'k', value });
    expect(status.status()).toMatchObject({ agrees: false, servers: [{ isSelf: true }, { lag: 3 }] });
    expect(status.status().servers[0]?.name).toBe('127.0.0.1:9000');
    Object.assign(conditions, { isConnected: false, isDiskGood: false, isBlocked: true, isAhead: true });
    const { warnings } = status.status();
    for (const part of ['sem broker', 'o disco recusa', 'não cabe', 'relógio', 'perto do limite'])
      expect(warnings.some((warning) => warning.includes(part))).toBe(true);
    network.split = false;
    await pair.settle();
  });
});
