import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer } from 'node:net';
import { onEveryBroker, soon, TestFleet } from '../support/e2e-fleet.js';
import { ensureBuilt } from '../support/e2e-build.js';
import { verifyLedgers, Writer } from '../support/e2e-writer.js';
import { freePort } from '../support/net.js';
import { runKvs } from '../support/server-process.js';

onEveryBroker('SIGTERM', (openBroker) => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.open(await openBroker());
    await fleet.addReady(3);
  }, 300_000);
  afterAll(async () => {
    await fleet.close();
  });

  it('hands over the last writes, ends with 0, frees the port, and leaves the others in peace', async () => {
    // The one with the embedded broker first, if there is one: its last writes must get out before its broker goes.
    const holder = fleet.servers.find((server) => server.hostsBroker) ?? fleet.servers[0]!;
    const others = fleet.servers.filter((server) => server !== holder);
    for (const leaver of [holder, others[0]!]) {
      const writer = new Writer(leaver, { name: `ultimas-${leaver.port}`, perSecond: 2_000 });
      await soon('writes go on', () => writer.acknowledged > 2_000);
      const open = leaver.client.open<object>('InsereVarias');
      const left = new Promise<unknown>((resolve) => open.once('error', resolve));
      open.write({ chave: 'aberta', valor: 'valor' });
      await new Promise((resolve) => open.once('data', resolve));
      // While calls are under way: what was acknowledged until the end counts.
      await leaver.stop();
      expect(await left).toMatchObject({ code: 14 });
      await writer.stop();
      expect(writer.cutBy).toBeDefined();
      await fleet.converged();
      for (const server of fleet.live) {
        await verifyLedgers([writer], server);
        expect((await server.client.consulta('aberta')).valor).toBe('valor');
      }
      expect(leaver.logged('saiu')).toBeDefined();
      expect(leaver.logged('saindo sem confirmação')).toBeUndefined();

      await leaver.restart();
      await leaver.ready();
      await fleet.converged();
      await verifyLedgers([writer], leaver);
    }
  }, 300_000);
});

describe('a start that cannot succeed', () => {
  const expectOneLine = async (args: readonly string[], wanted: RegExp): Promise<void> => {
    await ensureBuilt();
    const { ended, plain, log } = runKvs(args);
    const code = await ended;
    expect(code).toBeTypeOf('number');
    expect(code).not.toBe(0);
    expect(plain).toHaveLength(1);
    expect(plain[0]).toMatch(wanted);
    expect(JSON.stringify([plain, log])).not.toMatch(/\bat .*[(/].*:\d+:\d+|stack/);
  };

  it('for a port in use: one line, another exit code than 0, no stack', async () => {
    const port = await freePort();
    const broker = ['--broker', `mqtt://127.0.0.1:${await freePort()}`];
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    await expectOneLine(['servidor', String(port), ...broker], new RegExp(`porta já está em uso.*${port}`));
    await new Promise((resolve) => other.close(resolve));
  });

  it.each([
    ['a broker address that makes no sense', ['servidor', '0', '--broker', 'isto não é'], /broker/],
    ['a port that is none', ['servidor', 'noventa'], /porta/],
    ['a fleet with a dot', ['servidor', '0', '--frota', 'a.b'], /frota/],
    ['an unknown option', ['servidor', '0', '--frotta', 'x'], /frotta/],
  ])('for %s', async (_what, args, wanted) => {
    await expectOneLine(args, wanted);
  });
});
