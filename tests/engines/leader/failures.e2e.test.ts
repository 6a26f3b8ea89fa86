import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { connect as connectKvs } from '../../support/kvs-client.js';
import { LeaderProcesses } from '../../support/leader-process.js';
import { MensagemClient } from '../../support/mensagem-client.js';
import { freePort } from '../../support/net.js';

/** Short, so that tests need not wait long for an unknown outcome. */
const DEADLINE_MS = 1_000;

/** Real servers that are killed, frozen and started again. */
describe('servers of the system with a leader that crash and come back', () => {
  let system: LeaderProcesses;
  const clients: MensagemClient[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await system.close();
  });

  const open = async (index: number): Promise<MensagemClient> => {
    const client = await MensagemClient.open(system.addresses[index]!);
    clients.push(client);
    return client;
  };
  const put = async (index: number, chave: string, valor: string) =>
    (await open(index)).ask({ tipo: 'PUT', chave, valor });
  const get = async (index: number, chave: string, timestamp = 0) =>
    (await open(index)).ask({ tipo: 'GET', chave, timestamp });

  it(
    'a follower away: outcome unknown at the deadline; back again, it receives everything and counts again',
    { timeout: 60_000 },
    async () => {
      system = await LeaderProcesses.start('--prazo', String(DEADLINE_MS));
      expect(await put(1, 'antes', 'a')).toMatchObject({ tipo: 'PUT_OK', timestamp: 1 });
      await system.servers[2]!.kill9();
      for (const server of [0, 1]) {
        const begin = performance.now();
        const answer = await put(server, 'durante', `do ${String(server)}`);
        expect(answer).toMatchObject({ tipo: 'UNKNOWN_OUTCOME', codigo: 'RESULTADO_DESCONHECIDO' });
        expect(performance.now() - begin).toBeGreaterThan(DEADLINE_MS - 50);
      }
      // The leader and the other follower have both, in one order.
      for (const server of [0, 1])
        expect(await get(server, 'durante')).toMatchObject({ valor: 'do 1', timestamp: 2 });

      await system.launch(2);
      await system.ready(2);
      expect(await get(2, 'antes')).toMatchObject({ valor: 'a', timestamp: 1 });
      expect(await get(2, 'durante', 2)).toMatchObject({ valor: 'do 1', timestamp: 2 });
      expect(await put(2, 'depois', 'd')).toMatchObject({ tipo: 'PUT_OK', timestamp: 1 });
      expect(system.servers[2]!.lines).toContain('REPLICATION key:durante value:do 1 ts:2.');
    },
  );

  it(
    'a frozen follower does not delay reads, and receives everything once it thaws',
    { timeout: 60_000 },
    async () => {
      system = await LeaderProcesses.start('--prazo', String(DEADLINE_MS));
      system.servers[1]!.freeze();
      const pending = await open(0);
      pending.send({ tipo: 'PUT', chave: 'k', valor: '1' });
      await eventually('the other follower has it', async () => (await get(2, 'k')).tipo === 'GET_OK');
      expect(await get(0, 'k', 1)).toMatchObject({ tipo: 'GET_OK', timestamp: 1 });
      expect(await pending.answers(1)).toMatchObject({ tipo: 'UNKNOWN_OUTCOME' });
      system.servers[1]!.thaw();
      await eventually('the frozen one has it', async () => (await get(1, 'k', 1)).tipo === 'GET_OK');
      // For a moment it refuses what may have waited: of that nothing was done.
      let answer: Awaited<ReturnType<typeof put>> | undefined;
      await eventually('it takes writes again', async () => {
        answer = await put(1, 'k', '2');
        return answer['codigo'] !== 'SERVIDOR_PAROU';
      });
      expect(answer).toMatchObject({ tipo: 'PUT_OK', timestamp: 2 });
    },
  );

  it('a leader that was paused refuses the writes that waited at its door', { timeout: 60_000 }, async () => {
    system = await LeaderProcesses.start();
    expect(await put(0, 'k', '1')).toMatchObject({ tipo: 'PUT_OK', timestamp: 1 });
    const client = await open(0);
    expect(await client.ask({ tipo: 'GET', chave: 'k' })).toMatchObject({ tipo: 'GET_OK' });
    system.servers[0]!.freeze();
    const frozenMs = performance.now();
    for (let i = 0; i < 20; i++) client.send({ tipo: 'PUT', chave: 'k', valor: `durante ${i}` });
    client.send({ tipo: 'GET', chave: 'k' });
    await eventually('the pause is long enough', () => performance.now() - frozenMs > 2_000);
    system.servers[0]!.thaw();
    // Reads are answered, by what was there before.
    expect(await client.answers(22)).toMatchObject({ tipo: 'GET_OK', valor: '1', timestamp: 1 });
    for (const refused of client.received.slice(1, 21))
      expect(refused).toMatchObject({ tipo: 'ERROR', codigo: 'SERVIDOR_PAROU' });
    await eventually('it takes writes again', async () => (await put(0, 'k', '2')).tipo === 'PUT_OK', 5_000);
    expect(await get(0, 'k')).toMatchObject({ valor: '2', timestamp: 2 });
  });

  it('a follower that confirmed and lost everything does not count', { timeout: 60_000 }, async () => {
    system = await LeaderProcesses.start('--prazo', String(DEADLINE_MS));
    system.servers[1]!.freeze();
    const writer = await open(0);
    writer.send({ tipo: 'PUT', chave: 'k', valor: '1' });
    await eventually('the other has confirmed', async () => (await get(0, 'k')).tipo === 'GET_OK');
    await system.servers[2]!.kill9();
    await eventually('the leader has noticed', () => system.servers[0]!.stderr.includes('seguidor fora'));
    system.servers[1]!.thaw();
    expect(await writer.answers(1)).toMatchObject({ tipo: 'UNKNOWN_OUTCOME' });
  });

  it('the leader does not show what only it has', { timeout: 60_000 }, async () => {
    system = await LeaderProcesses.start('--prazo', String(DEADLINE_MS));
    expect(await put(0, 'k', '1')).toMatchObject({ tipo: 'PUT_OK' });
    for (const follower of [1, 2]) system.servers[follower]!.freeze();
    const writer = await open(0);
    writer.send({ tipo: 'PUT', chave: 'k', valor: '2' });
    await eventually('the leader has it', () =>
      system.servers[0]!.lines.includes('Cliente 127.0.0.1:* PUT key:k value:2.'),
    );
    expect(await get(0, 'k', 1)).toMatchObject({ tipo: 'TRY_OTHER_SERVER_OR_LATER' });
    expect(await writer.answers(1)).toMatchObject({ tipo: 'UNKNOWN_OUTCOME' });
    // It dies with the leader, and its timestamp is free again.
    await system.servers[0]!.kill9();
    await Promise.all([1, 2].map((follower) => system.servers[follower]!.kill9()));
  });

  it(
    'without a leader writes fail fast and clearly, and reads go on; a new leader brings everything back',
    { timeout: 60_000 },
    async () => {
      system = await LeaderProcesses.start('--prazo', String(DEADLINE_MS));
      for (let n = 1; n <= 20; n++) await put(n % 3, `chave ${String(n % 5)}`, String(n));
      await system.servers[0]!.kill9();
      await eventually(
        'the follower has noticed',
        async () => (await put(1, 'x', 'y'))['codigo'] === 'SEM_LIDER',
      );
      const begin = performance.now();
      expect(await put(2, 'x', 'y')).toMatchObject({ tipo: 'ERROR', codigo: 'SEM_LIDER' });
      expect(performance.now() - begin).toBeLessThan(DEADLINE_MS);
      expect(await get(1, 'chave 0', 4)).toMatchObject({ tipo: 'GET_OK', valor: '20', timestamp: 4 });

      // A follower that starts now has nothing to show, and says so.
      await system.servers[2]!.kill9();
      await system.launch(2);
      await system.servers[2]!.asks('procurando os outros servidores');
      expect(await get(2, 'chave 0')).toMatchObject({ tipo: 'TRY_OTHER_SERVER_OR_LATER', timestamp: 0 });
      expect(await put(2, 'x', 'y')).toMatchObject({ tipo: 'ERROR', codigo: 'SERVIDOR_ENTRANDO' });

      // The leader starts empty: what it has then it took from the one server that still had it.
      await system.launch(0);
      await Promise.all([0, 2].map((index) => system.ready(index)));
      for (const server of [0, 1, 2]) {
        expect(await get(server, 'chave 0', 4)).toMatchObject({ valor: '20', timestamp: 4 });
        expect(await get(server, 'chave 1', 4)).toMatchObject({ valor: '16', timestamp: 4 });
        expect(await get(server, 'x')).toMatchObject({ tipo: 'NULL' });
      }
      expect(await put(1, 'chave 0', 'nova')).toMatchObject({ tipo: 'PUT_OK', timestamp: 5 });
    },
  );

  it('a leader that reopens waits for all before it takes writes', { timeout: 60_000 }, async () => {
    system = await LeaderProcesses.start('--prazo', String(DEADLINE_MS));
    expect(await put(0, 'k', '1')).toMatchObject({ tipo: 'PUT_OK' });
    system.servers[1]!.freeze();
    await system.servers[0]!.kill9();
    await system.launch(0);
    await system.servers[0]!.asks('procurando os outros servidores');
    expect(await put(0, 'k', '2')).toMatchObject({ tipo: 'ERROR', codigo: 'SERVIDOR_ENTRANDO' });
    expect(await get(0, 'k', 1)).toMatchObject({ tipo: 'TRY_OTHER_SERVER_OR_LATER' });
    expect(await get(2, 'k', 1)).toMatchObject({ tipo: 'GET_OK', valor: '1' });
    system.servers[1]!.thaw();
    await system.ready(0);
    expect(await put(0, 'k', '2')).toMatchObject({ tipo: 'PUT_OK', timestamp: 2 });
  });

  it('what another door removes makes nobody go back in time', { timeout: 60_000 }, async () => {
    const grpc = await freePort();
    system = await LeaderProcesses.start();
    await system.servers[2]!.stop();
    await system.launch(2, '--porta-grpc', String(grpc));
    await system.ready(2);
    for (const valor of ['um', 'dois', 'três']) await put(1, 'chave', valor);
    const kvs = connectKvs(grpc);
    expect((await kvs.remove('chave', 3)).versao).toBe(3);
    expect(await kvs.consulta('chave')).toMatchObject({ valor: 'dois', versao: 2 });
    for (const server of [0, 1, 2]) {
      expect(await get(server, 'chave', 3)).toMatchObject({
        tipo: 'TRY_OTHER_SERVER_OR_LATER',
        timestamp: 2,
      });
      expect(await get(server, 'chave', 2)).toMatchObject({ tipo: 'GET_OK', valor: 'dois', timestamp: 2 });
    }
    await kvs.remove('chave');
    for (const server of [0, 1, 2]) {
      expect(await get(server, 'chave')).toMatchObject({ tipo: 'NULL', timestamp: 0 });
      expect(await get(server, 'chave', 1)).toMatchObject({ tipo: 'TRY_OTHER_SERVER_OR_LATER' });
    }
    // The counter goes on, so whoever has seen 3 sees what comes next.
    expect((await kvs.insere('chave', 'quatro')).versao).toBe(4);
    expect(await get(1, 'chave', 3)).toMatchObject({ tipo: 'GET_OK', valor: 'quatro', timestamp: 4 });
    expect(await kvs.health('kvs.lider')).toBe('SERVING');
    kvs.close();
  });
});
