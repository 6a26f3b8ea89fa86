import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonStorePortal } from '../../../src/app/portal.js';
import { startDoors } from '../../../src/doors/start.js';
import { EmbeddedBroker } from '../../../src/mqtt/embedded-broker.js';
import { parseBrokerUrl } from '../../../src/mqtt/broker-url.js';
import type { Engine } from '../../../src/ports/engine.js';
import { collect } from '../../support/collect.js';
import { startConsensus } from '../../support/consensus.js';
import { RecordingLogger } from '../../support/doors.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import { openLoopbackPair } from '../../support/fleet-pair.js';
import { openLeaderSystem } from '../../support/leader-nodes.js';
import { openPortalOn } from '../../support/portal-stand.js';
import { realRandom, realTime } from '../../support/real-time.js';
import { check, expectAllRight } from './checks.js';

/** Servers of this program, checked as those of others are. */
interface Checkable {
  readonly ports: readonly number[];
  /** Keys that are left at any of them. */
  readonly left: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

async function openOn(engines: readonly Engine[], end: () => Promise<unknown>): Promise<Checkable> {
  const stands = await Promise.all(engines.map((engine, at) => openPortalOn(engine, `s${at}`)));
  return {
    ports: stands.map(({ port }) => port),
    left: async () => {
      const rows = await Promise.all(engines.map((engine) => collect(engine.scan({ kind: 'snapshot' }))));
      return rows.flat().map(({ key }) => key);
    },
    close: async () => {
      await Promise.all(stands.map((stand) => stand.close()));
      await end();
    },
  };
}

const OPENERS: readonly (readonly [string, boolean, () => Promise<Checkable>])[] = [
  [
    'the fleet',
    true,
    async () => {
      const pair = await openLoopbackPair();
      return openOn([pair.engine, pair.second], () => pair.close());
    },
  ],
  [
    'the leader',
    true,
    async () => {
      const system = await openLeaderSystem();
      return openOn(
        system.nodes.map(({ engine }) => engine),
        () => system.close(),
      );
    },
  ],
  [
    'consensus',
    etcdAvailable(),
    async () => {
      const cluster = await startEtcd();
      const engines = [startConsensus(cluster.addresses), startConsensus(cluster.addresses)];
      return openOn(engines, async () => {
        await Promise.all(engines.map((engine) => engine.stop()));
        await cluster.stop();
      });
    },
  ],
];

describe.each(OPENERS.filter(([, isThere]) => isThere))('kvs confere: servers of %s', (_, __, open) => {
  let servers: Checkable;
  beforeAll(async () => {
    servers = await open();
  });
  afterAll(() => servers.close());

  it.each(['kvs', 'keyvaluestore', 'portal'])(
    'keep to the contract %s, and nothing is left',
    async (contract) => {
      const checked = await check(contract, servers.ports);
      expectAllRight(contract === 'portal' ? { ...checked, stderr: '' } : checked);
      expect(checked.skipped.filter((id) => id !== 'snapshot-de-nada')).toEqual([]);
      expect(await servers.left()).toEqual([]);
    },
  );

  it('keep to the contract kvstore', async () => {
    expectAllRight(await check('kvstore', servers.ports));
  });
});

describe('kvs confere: the leader system', () => {
  it('keeps to the contract mensagem, and tells before that its keys stay', async () => {
    const system = await openLeaderSystem();
    try {
      const ports = system.addresses.map((address) => Number(address.split(':')[1]));
      const checked = await check('mensagem', ports);
      expectAllRight(checked);
      expect(checked.skipped).toEqual([]);
    } finally {
      await system.close();
    }
  });

  it('keeps to the topics of the portal', async () => {
    const system = await openLeaderSystem();
    const common = { time: realTime, random: realRandom, logger: new RecordingLogger() };
    const broker = await EmbeddedBroker.start({ ...common, host: '127.0.0.1', port: 0 });
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const { engine } = system.nodes[0]!;
    const portal = commonStorePortal({
      ...{ services: ['admin', 'matricula'], engine, brokers: [parseBrokerUrl(url)], transport: undefined },
      ...{
        isAvailable: () => true,
        credentials: undefined,
        access: undefined,
        observe: () => undefined,
      },
      logger: common.logger,
    });
    const doors = await startDoors({
      ...common,
      port: 0,
      engine,
      engineHealth: 'kvs.teste',
      portal: portal.offered,
    });
    doors.setServing(true);
    portal.start();
    try {
      expectAllRight(await check('portal', [doors.port], '--broker', url));
    } finally {
      await portal.stop();
      await doors.stop(0);
      await system.close();
      await broker.stop();
    }
  });
});
