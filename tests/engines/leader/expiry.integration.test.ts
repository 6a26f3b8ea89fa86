import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { mutationMessage } from '../../../src/wire/mensagem/encode.js';
import { MENSAGEM_FORMAT, MENSAGEM_LEVEL } from '../../../src/wire/mensagem/messages.js';
import type { LeaderEngine } from '../../../src/engines/leader/engine.js';
import type { Engine } from '../../../src/ports/engine.js';
import { codeOf } from '../support.js';
import { eventually } from '../../support/eventually.js';
import { leaderSystem } from '../../support/leader-nodes.js';
import type { LeaderSystem } from '../../support/leader-nodes.js';
import { MensagemClient } from '../../support/mensagem-client.js';
import { SkippingTime } from '../../support/skipping-time.js';
import { verbs } from '../../support/verbs.js';

const DAY_MS = 86_400_000;
const TTL_MS = 20_000;

const insert = async (engine: Engine, key: string, value: string, ttlMs = TTL_MS) =>
  engine.write({ kind: 'insert', key, value, ttlMs });
const latest = async (engine: Engine, key: string) => (await verbs(engine).query(key))?.value;

describe('values that expire on a system with a leader', () => {
  let system: LeaderSystem;
  const clocks = [new SkippingTime(), new SkippingTime(), new SkippingTime()];
  const open = async (count = 3): Promise<void> => {
    system = await leaderSystem(count);
    for (let index = 0; index < count; index++) await system.start(index, { time: clocks[index]! });
    await upToDate();
  };
  const upToDate = (): Promise<unknown> =>
    eventually('all are up to date', () => system.nodes.every((node) => node.serving && node.whole), 20_000);
  const engines = (): Engine[] => system.nodes.map(({ engine }) => engine);
  afterEach(() => system.close());

  it("vanish by the leader's clock, whatever the clocks of the others say, also when it writes nothing", async () => {
    clocks[1]!.skip(DAY_MS);
    clocks[2]!.skip(-DAY_MS);
    await open();
    await insert(system.nodes[1]!.engine, 'chave', 'passa');
    for (const engine of engines()) expect(await latest(engine, 'chave')).toBe('passa');
    clocks[1]!.skip(DAY_MS);
    for (const engine of engines()) expect(await latest(engine, 'chave')).toBe('passa');
    clocks[0]!.skip(TTL_MS);
    expect(await latest(system.nodes[0]!.engine, 'chave')).toBeUndefined();
    // The next heartbeat tells the others.
    for (const engine of engines().slice(1)) {
      await eventually('it vanishes', async () => (await latest(engine, 'chave')) === undefined, 2_500);
    }
  });

  it('do not show again to a session that saw them vanish, on a server that has not heard of it yet', async () => {
    await open(2);
    const [leader, follower] = system.nodes.map(({ engine }) => engine) as [LeaderEngine, LeaderEngine];
    await insert(leader, 'chave', 'passa', 1_500);
    clocks[0]!.skip(1_500);
    expect(await latest(leader, 'chave')).toBeUndefined();
    const token = leader.guarantees.session();
    await follower.guarantees.reach(token, 2_000);
    expect(await latest(follower, 'chave')).toBeUndefined();
  });

  it('are swept, and what they hid stays history, for whoever takes the state too', async () => {
    await open();
    const { engine } = system.nodes[0]!;
    await verbs(engine).insert('chave', 'antes');
    await insert(engine, 'chave', 'passa');
    for (let n = 0; n < 300; n++) await insert(engine, `muitas ${String(n)}`, 'passa');
    clocks[0]!.skip(TTL_MS);
    await eventually('all is swept', () => system.nodes.every(({ store }) => store.entryCount === 1), 10_000);
    await system.settle();
    const hidden = async (): Promise<void> => {
      for (const one of engines()) {
        expect(await latest(one, 'chave')).toBeUndefined();
        expect(await verbs(one).query('chave', 5)).toMatchObject({ value: 'antes', version: 1 });
      }
    };
    await hidden();
    // A follower takes the state of the leader, and then a leader that of a follower.
    await system.nodes[1]!.stop();
    await system.start(1);
    await upToDate();
    await hidden();
    await Promise.all([system.nodes[0]!.stop(), system.nodes[2]!.stop()]);
    await system.start(0);
    await system.start(2);
    await upToDate();
    await hidden();
    expect((await verbs(system.nodes[2]!.engine).insert('chave', 'de novo')).version).toBe(3);
  });

  it('stay vanished when a leader comes whose clock is behind', async () => {
    await open(2);
    await insert(system.nodes[0]!.engine, 'chave', 'passa');
    clocks[0]!.skip(TTL_MS);
    // What it writes tells its clock, and it is stopped before it sweeps.
    await verbs(system.nodes[0]!.engine).insert('outra', 'fica');
    expect(await latest(system.nodes[1]!.engine, 'chave')).toBeUndefined();
    await system.nodes[0]!.stop();
    clocks[0]!.skip(-TTL_MS);
    await system.start(0, { time: clocks[0]! });
    await upToDate();
    for (const engine of engines()) expect(await latest(engine, 'chave')).toBeUndefined();
  });

  it('are refused while a follower is of an earlier version, which is not taken on once they are there', async () => {
    system = await leaderSystem(2);
    const [, followerAt = ''] = system.addresses;
    let greeted = 0;
    let level: number | undefined;
    let holds: readonly [string, number] | undefined;
    const sockets = new Set<{ destroy(): void }>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      createInterface({ input: socket }).on('line', (line) => {
        const { tipo, seq } = JSON.parse(line) as { tipo: string; seq?: number };
        const send = (message: object): void => {
          socket.write(`${JSON.stringify(message)}\n`);
        };
        if (tipo === 'LEADER') {
          greeted++;
          const vetor = holds === undefined ? [] : [holds];
          send({ tipo: 'LEADER_OK', formato: MENSAGEM_FORMAT, vetor, ...(level && { nivel: level }) });
        } else if (tipo === 'PING') send({ tipo: 'PONG' });
        else if (seq !== undefined) send({ tipo: 'REPLICATION_OK', seq });
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(Number(followerAt.split(':')[1]), '127.0.0.1', resolve);
    });
    const leader = await system.start(0, { origin: 'lider1' });
    await upToDate();
    await verbs(leader.engine).insert('chave', 'fica');
    const refused = insert(leader.engine, 'chave', 'passa');
    await expect(refused).rejects.toMatchObject({ code: 'NAO_SUPORTADO', message: /ainda não é$/ });
    expect(await latest(leader.engine, 'chave')).toBe('fica');

    // The same follower comes back as one of today, and then again as one of before.
    const reconnect = async (): Promise<void> => {
      const before = greeted;
      for (const socket of sockets) socket.destroy();
      await eventually('it is greeted again', () => greeted > before);
    };
    level = MENSAGEM_LEVEL;
    holds = ['lider1', 1];
    await reconnect();
    await upToDate();
    await insert(leader.engine, 'outra', 'passa');
    level = undefined;
    holds = ['lider1', 2];
    await reconnect();
    await eventually('the leader says why', () =>
      system.logger.lines.some(({ message }) => message.includes('é de uma versão anterior, e aqui há')),
    );
    expect(leader.whole).toBe(false);
    level = MENSAGEM_LEVEL;
    await upToDate();
    expect(await codeOf(() => insert(leader.engine, 'outra', 'de novo'))).toBeUndefined();
    server.close();
    for (const socket of sockets) socket.destroy();
  });

  it('are not passed on to a leader of an earlier version, nor given to one', async () => {
    system = await leaderSystem(2);
    const follower = await system.start(1);
    const [leader = '', self = ''] = system.addresses;
    // A leader of before: it accepts the follower, and says nothing of its level.
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      createInterface({ input: socket }).on('line', (line) => {
        const { tipo } = JSON.parse(line) as { tipo: string };
        if (tipo === 'FOLLOWER') socket.write('{"tipo":"FOLLOWER_OK"}\n');
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(Number(leader.split(':')[1]), '127.0.0.1', resolve);
    });
    const greet = async (inicio: number, nivel?: number): Promise<MensagemClient> => {
      const client = await MensagemClient.open(self);
      const parties = { origem: `lider${String(inicio)}`, lider: leader, seguidor: self, inicio };
      client.send({
        tipo: 'LEADER',
        formato: MENSAGEM_FORMAT,
        ...parties,
        ...(nivel && { nivel, hora: 1_000 }),
      });
      return client;
    };
    const old = await greet(10);
    expect(await old.answers(1)).toMatchObject({ tipo: 'LEADER_OK' });
    old.send({ tipo: 'SERVING' });
    await eventually('it serves', () => follower.serving);
    const refused = insert(follower.engine, 'chave', 'passa');
    await expect(refused).rejects.toMatchObject({
      code: 'NAO_SUPORTADO',
      message: 'o líder é de uma versão sem valores que expiram; nada foi escrito',
    });
    for (const write of [
      { kind: 'compare', key: 'chave', expected: 0, value: 'v' } as const,
      { kind: 'renew', key: 'chave' } as const,
    ]) {
      await expect(follower.engine.write(write)).rejects.toMatchObject({
        code: 'NAO_SUPORTADO',
        message: 'o líder é de uma versão sem comparações e renovações; nada foi escrito',
      });
    }

    const today = await greet(20, MENSAGEM_LEVEL);
    expect(await today.answers(1)).toMatchObject({ tipo: 'LEADER_OK' });
    const stamp = { version: 1, timestamp: 1, context: [], expiresAt: 9_000 };
    today.send(mutationMessage('lider20', 1, { kind: 'insert', key: 'k', value: 'passa', ...stamp }, 2_000));
    expect(await today.answers(2)).toMatchObject({ tipo: 'REPLICATION_OK' });
    expect(await latest(follower.engine, 'k')).toBe('passa');
    const before = await greet(30);
    expect(await before.answers(1)).toMatchObject({ tipo: 'ERROR', codigo: 'CONFIGURACAO' });
    today.send({ tipo: 'PING', hora: 9_000 });
    await today.answers(3);
    expect(await latest(follower.engine, 'k')).toBeUndefined();
    for (const client of [old, today, before]) client.close();
    server.close();
  });
});
