import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { mutationMessage } from '../../../src/wire/mensagem/encode.js';
import { MENSAGEM_FORMAT } from '../../../src/wire/mensagem/messages.js';
import { codeOf } from '../support.js';
import { eventually } from '../../support/eventually.js';
import { leaderSystem, openLeaderSystem } from '../../support/leader-nodes.js';
import type { LeaderSystem } from '../../support/leader-nodes.js';
import { MensagemClient } from '../../support/mensagem-client.js';
import { verbs } from '../../support/verbs.js';

/** Several pages of a state. */
const KEYS = 60;
const VALUE = 'v'.repeat(60_000);

describe('a server that comes back receives what it missed', () => {
  let system: LeaderSystem;
  afterEach(() => system.close());

  const upToDate = (): Promise<unknown> =>
    eventually('all are up to date', () => system.nodes.every((node) => node.whole), 20_000);

  it('an empty leader takes the state of the others in pages, and gives it on to an empty server', async () => {
    system = await openLeaderSystem();
    const name = (n: number): string => `chave ${String(n)}`;
    for (let n = 0; n < KEYS; n++) await verbs(system.nodes[1]!.engine).insert(name(n), VALUE);
    await verbs(system.nodes[2]!.engine).removeAll(name(0));
    await system.nodes[0]!.stop();
    await system.nodes[2]!.stop();

    // The state of the other follower is all there is; the leader's own log begins anew.
    await system.start(2);
    const leader = await system.start(0);
    await eventually('the leader serves', () => leader.serving);
    expect(leader.store.keyCount).toBe(KEYS);
    const writes: Promise<unknown>[] = [];
    const { engine } = leader;
    for (let n = 0; !system.nodes[2]!.serving; n++) {
      writes.push(Promise.resolve(verbs(engine).insert(name(n % KEYS), `nova ${String(n)}`)));
      if (n % 3 === 0)
        writes.push(Promise.resolve(verbs(engine).removeAll(name((7 * n) % KEYS))).catch(() => undefined));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(writes);
    await upToDate();
    await system.settle();
    expect(writes.length).toBeGreaterThan(0);
    // A key that was removed before all this goes on counting.
    const { version } = await verbs(system.nodes[2]!.engine).insert(name(0), 'de volta');
    expect(version).toBeGreaterThan(1);
    expect(system.logger.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('a follower does not apply again what it has, and a gap ends the connection', async () => {
    system = await leaderSystem(2);
    const follower = await system.start(1);
    const [leader = '', self = ''] = system.addresses;
    const greet = async (inicio: number, origem: string): Promise<MensagemClient> => {
      const client = await MensagemClient.open(self);
      client.send({
        tipo: 'LEADER',
        formato: MENSAGEM_FORMAT,
        origem,
        lider: leader,
        seguidor: self,
        inicio,
      });
      return client;
    };
    const write = (seq: number, value: string) => {
      const stamp = { version: seq, timestamp: seq, context: [] };
      return mutationMessage('lider1', seq, { kind: 'insert', key: 'k', value, ...stamp });
    };
    const first = await greet(10, 'lider1');
    expect(await first.answers(1)).toMatchObject({ tipo: 'LEADER_OK', vetor: [] });
    first.send(write(1, 'a'), write(2, 'b'), write(1, 'outro'), write(2, 'b'), { tipo: 'SERVING' });
    await first.answers(5);
    expect(first.received.slice(1)).toEqual([1, 2, 2, 2].map((seq) => ({ tipo: 'REPLICATION_OK', seq })));
    expect(system.printed[1]).toEqual(['REPLICATION key:k value:a ts:1.', 'REPLICATION key:k value:b ts:2.']);
    await eventually('it serves', () => follower.serving);

    first.send(write(4, 'd'));
    expect(await first.answers(6)).toMatchObject({ tipo: 'ERROR' });
    await first.gone();
    expect(verbs(follower.engine).query('k', undefined)).toMatchObject({ value: 'b' });

    // A leader that was started later shuts out the one before, whatever of it is still on its way.
    const before = await greet(20, 'lider1');
    await before.answers(1);
    const after = await greet(30, 'lider2');
    expect(await after.answers(1)).toMatchObject({ tipo: 'LEADER_OK', vetor: [['lider1', 2]] });
    await before.gone();
    const stale = await greet(20, 'lider1');
    expect(await stale.answers(1)).toEqual({ tipo: 'LEADER_STALE', inicio: 30 });
    await stale.gone();

    // Somebody else's leader, or a follower of somebody else.
    const wrong = await MensagemClient.open(self);
    wrong.send({
      tipo: 'LEADER',
      formato: MENSAGEM_FORMAT,
      origem: 'x',
      lider: self,
      seguidor: self,
      inicio: 99,
    });
    expect(await wrong.answers(1)).toMatchObject({ tipo: 'ERROR', codigo: 'CONFIGURACAO' });
    expect(after.closed).toBe(false);
    for (const client of [after, wrong]) client.close();
  });

  it('a leader whose clock is behind is still recognised', async () => {
    system = await openLeaderSystem();
    await verbs(system.nodes[1]!.engine).insert('k', 'antes');
    await system.nodes[0]!.stop();
    const { time } = await import('../../support/real-time.js').then(({ realTime }) => ({ time: realTime }));
    await system.start(0, { time: { ...time, wallMs: () => time.wallMs() - 3_600_000 } });
    await upToDate();
    expect(await verbs(system.nodes[0]!.engine).insert('k', 'depois')).toMatchObject({ version: 2 });
    await system.settle();
  });

  it('a server that the leader does not know is told why', async () => {
    system = await openLeaderSystem();
    const stranger = await leaderSystem(1);
    const address = stranger.addresses[0]!;
    const node = await stranger.start(0, {
      leader: system.addresses[0]!,
      servers: [address, ...system.addresses],
    });
    await eventually('it is told', () =>
      stranger.logger.lines.some(({ message }) => message.includes(`não conhece o servidor ${address}`)),
    );
    expect(await codeOf(() => verbs(node.engine).insert('a', 'b'))).toBe('SERVIDOR_ENTRANDO');
    await stranger.close();
  });

  it('a single server is its own leader', async () => {
    system = await leaderSystem(1);
    const node = await system.start(0);
    expect(await verbs(node.engine).put('k', 'v')).toMatchObject({
      row: { version: 1 },
      previous: undefined,
    });
    expect(verbs(node.engine).query('k', undefined)).toMatchObject({ value: 'v' });
  });

  it('a peer that accepts the connection and never speaks does not hold up the exit', async () => {
    system = await openLeaderSystem();
    const [host = '', port = ''] = system.addresses[1]!.split(':');
    const silent = connect({ host, port: Number(port) });
    silent.on('error', () => undefined);
    await new Promise((resolve) => silent.once('connect', resolve));
    await system.nodes[1]!.stop();
    silent.destroy();
    await eventually('the leader has noticed', () => !system.nodes[0]!.whole);
  });
});
