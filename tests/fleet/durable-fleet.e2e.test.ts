import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolder } from '../support/data-folder.js';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import type { FleetBroker } from '../support/e2e-fleet.js';
import { verifyCounters, verifyLedgers, Writer } from '../support/e2e-writer.js';
import { freePort } from '../support/net.js';

const SERVERS = 3;

describe('a fleet whose servers have --dados', () => {
  let fleet: TestFleet;
  let folders: DataFolder[];

  beforeEach(async () => {
    const port = await freePort();
    const broker: FleetBroker = {
      url: `mqtt://127.0.0.1:${port}`,
      args: ['--broker-local', `127.0.0.1:${port}`],
      stop: () => Promise.resolve(),
    };
    fleet = await TestFleet.open(broker, 'everything');
    folders = await Promise.all(Array.from({ length: SERVERS }, () => DataFolder.open()));
    for (const folder of folders) await fleet.add([...broker.args, ...folder.args]);
    await Promise.all(fleet.servers.map((server) => server.ready()));
  }, 120_000);
  afterEach(async () => {
    await fleet.close();
    for (const folder of folders) await folder.remove();
  });

  it('has everything that any of them acknowledged after all were killed at once', async () => {
    const writers: Writer[] = [];
    for (let round = 0; round < 2; round++) {
      const now = fleet.servers.map(
        (server, i) => new Writer(server, { name: `escritor${round}-${i}`, perSecond: 800, keys: 80 }),
      );
      writers.push(...now);
      for (const writer of now) await soon('writes go on', () => writer.acknowledged > 400);
      await Promise.all(fleet.servers.map((server) => server.kill9()));
      await Promise.all(now.map((writer) => writer.stop()));
      expect(now.map(({ cutBy }) => cutBy !== undefined)).toEqual([true, true, true]);
      // One of them later: what only it had reaches the others from its folder.
      const [late, ...early] = fleet.servers;
      await Promise.all(early.map((server) => server.restart()));
      await Promise.all(early.map((server) => server.ready()));
      await late!.restart();
      await late!.ready();
      await fleet.converged();
      for (const server of fleet.servers) await verifyLedgers(writers, server);
    }
    await verifyCounters(writers, fleet.servers[1]!);
    await fleet.converged();
    for (const server of fleet.servers) await verifyLedgers(writers, server);
  }, 180_000);
});
