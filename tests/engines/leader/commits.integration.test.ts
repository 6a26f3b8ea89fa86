import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.js';
import { mensagemLimits } from '../../../src/wire/mensagem/limits.js';
import { leaderLimits } from '../../../src/engines/leader/limits.js';
import type { KeyMutation } from '../../../src/core/mutation.js';
import { encodeLine, mutationMessage } from '../../../src/wire/mensagem/encode.js';
import { MENSAGEM_FORMAT } from '../../../src/wire/mensagem/messages.js';
import { eventually } from '../../support/eventually.js';
import { leaderSystem, openLeaderSystem } from '../../support/leader-nodes.js';
import type { LeaderSystem } from '../../support/leader-nodes.js';
import { MensagemClient } from '../../support/mensagem-client.js';
import type { Received } from '../../support/mensagem-client.js';
import { verbs } from '../../support/verbs.js';

const VALUE = 'v'.repeat(60_000);

/** A follower that acknowledges what the test tells it to. */
class SlowFollower {
  readonly received: Received[] = [];
  private socket: Socket | undefined;

  private constructor(private readonly server: Server) {}

  static async listen(address: string): Promise<SlowFollower> {
    const server = createServer();
    const follower = new SlowFollower(server);
    server.on('connection', (socket) => {
      follower.socket = socket;
      socket.on('error', () => undefined);
      createInterface({ input: socket }).on('line', (line) => {
        const message = JSON.parse(line) as Received;
        if (message['tipo'] === 'LEADER')
          follower.say({ tipo: 'LEADER_OK', formato: MENSAGEM_FORMAT, vetor: [] });
        else if (message['tipo'] === 'PING') follower.say({ tipo: 'PONG' });
        else follower.received.push(message);
      });
    });
    const [host, port] = address.split(':');
    await new Promise<void>((resolve) => server.listen(Number(port), host, resolve));
    return follower;
  }

  say(message: object): void {
    this.socket?.write(`${JSON.stringify(message)}\n`);
  }

  close(): void {
    this.socket?.destroy();
    this.server.close();
  }
}

function insert(key: string, value: string, version: number): KeyMutation {
  return { kind: 'insert', key, value, version, timestamp: version, context: [] };
}

describe('several keys in one step, in the system with a leader', () => {
  let system: LeaderSystem;
  const endings: (() => void)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0)) end();
    await system.close();
  });

  describe('a follower', () => {
    let first: MensagemClient;

    /** A follower, and somebody who says that he is its leader. */
    const greeted = async (inicio: number, origem: string): Promise<MensagemClient> => {
      const [lider = '', seguidor = ''] = system.addresses;
      const leader = await MensagemClient.open(seguidor);
      endings.push(() => leader.close());
      leader.send(
        { tipo: 'LEADER', formato: MENSAGEM_FORMAT, origem, lider, seguidor, inicio },
        { tipo: 'SERVING' },
      );
      expect(await leader.answers(1)).toMatchObject({ tipo: 'LEADER_OK' });
      return leader;
    };
    const start = async (): Promise<void> => {
      system = await leaderSystem(2);
      await system.start(1);
      first = await greeted(10, 'lider1');
      await eventually('it serves', () => system.nodes[1]!.serving);
    };
    const value = (key: string): unknown => {
      const row = verbs(system.nodes[1]!.engine).query(key, undefined);
      return row instanceof Promise ? row : row?.value;
    };
    /** What was sent before is dealt with: a ping comes back. */
    const settled = async (leader: MensagemClient): Promise<void> => {
      const pongs = (): number => leader.received.filter(({ tipo }) => tipo === 'PONG').length;
      const before = pongs();
      leader.send({ tipo: 'PING' });
      await eventually('a pong', () => pongs() > before);
    };
    const acknowledged = (leader: MensagemClient): unknown[] =>
      leader.received.filter(({ tipo }) => tipo === 'REPLICATION_OK').map(({ seq }) => seq);

    it('shows the whole step or nothing of it, confirms once, and prints one line for each key inserted', async () => {
      await start();
      first.send(mutationMessage('lider1', 1, insert('velha', 'a', 1)));
      const removal: KeyMutation = {
        kind: 'removeObserved',
        key: 'velha',
        observed: [['lider1', 1]],
        keep: undefined,
      };
      const [two, three, four] = [insert('nova', 'b', 1), removal, insert('outra', 'c', 1)].map(
        (mutation, i) => mutationMessage('lider1', 2 + i, mutation),
      ) as [object, object, object];
      first.send({ tipo: 'STEP', origem: 'lider1', seq: 2, ultimo: 4 }, two, three);
      await settled(first);
      expect([value('velha'), value('nova'), value('outra')]).toEqual(['a', undefined, undefined]);
      expect(acknowledged(first)).toEqual([1]);
      first.send(four);
      await settled(first);
      expect([value('velha'), value('nova'), value('outra')]).toEqual([undefined, 'b', 'c']);
      expect(acknowledged(first)).toEqual([1, 4]);
      expect(system.printed[1]).toEqual([
        'REPLICATION key:velha value:a ts:1.',
        'REPLICATION key:nova value:b ts:1.',
        'REPLICATION key:outra value:c ts:1.',
      ]);
      // Repeated, it is acknowledged again, and nothing is done.
      first.send({ tipo: 'STEP', origem: 'lider1', seq: 2, ultimo: 4 }, two, three, four);
      await settled(first);
      expect(acknowledged(first)).toEqual([1, 4, 4]);
      expect(system.printed[1]).toHaveLength(3);
    });

    it('forgets part of a step whose leader is gone', async () => {
      await start();
      first.send(
        { tipo: 'STEP', origem: 'lider1', seq: 1, ultimo: 2 },
        mutationMessage('lider1', 1, insert('a', 'parte', 1)),
      );
      await settled(first);
      first.close();
      const second = await greeted(20, 'lider2');
      expect(second.received[0]).toMatchObject({ vetor: [] });
      second.send(mutationMessage('lider2', 1, insert('b', 'sozinha', 1)));
      await settled(second);
      expect([value('a'), value('b')]).toEqual([undefined, 'sozinha']);
      expect(acknowledged(second)).toEqual([1]);
    });

    it.each([
      ['que não continua', 1, [2, 3, 5]],
      ['maior que qualquer um', limits.commitWrites, [2]],
      ['de um só', 0, [2]],
    ])('refuses a step "%s", and nothing of it counts', async (_, more, seqs) => {
      await start();
      first.send(mutationMessage('lider1', 1, insert('k', 'a', 1)));
      const step = { tipo: 'STEP', origem: 'lider1', seq: 2, ultimo: 2 + more + (more === 1 ? 1 : 0) };
      first.send(step, ...seqs.map((seq) => mutationMessage('lider1', seq, insert('k', `v${seq}`, seq))));
      await eventually('an error', () => first.received.some(({ tipo }) => tipo === 'ERROR'));
      // A step that cannot be is no message: what follows stands for itself.
      if (seqs.length > 1) {
        await first.gone();
        expect(value('k')).toBe('a');
      }
    });
  });

  it('the leader sends the step at once, answers when all have it, and shows nothing of it until then', async () => {
    system = await leaderSystem(2);
    const follower = await SlowFollower.listen(system.addresses[1]!);
    endings.push(() => follower.close());
    const { engine } = await system.start(0);
    await eventually('it serves', () => system.nodes[0]!.serving);
    const before = verbs(engine).insert('b', 'antes');
    await eventually('sent', () => follower.received.some(({ tipo }) => tipo === 'REPLICATION'));
    follower.say({ tipo: 'REPLICATION_OK', seq: 1 });
    await before;

    let answered: boolean | undefined;
    const commit = verbs(engine).commit({
      guards: [{ key: 'b', version: 1 }],
      writes: [
        { kind: 'insert', key: 'a', value: 'um' },
        { kind: 'insert', key: 'b', value: 'dois' },
      ],
    });
    void commit.then((done) => (answered = done));
    const reads = [verbs(engine).query('a', undefined), verbs(engine).query('b', undefined)].map(
      async (row) => (await row)?.value,
    );
    let shown = 0;
    for (const read of reads) void read.then(() => shown++);
    await eventually('all sent', () => follower.received.at(-1)?.['seq'] === 3);
    expect(follower.received.slice(-3).map(({ tipo, seq, ultimo }) => [tipo, seq, ultimo])).toEqual([
      ['STEP', 2, 3],
      ['REPLICATION', 2, undefined],
      ['REPLICATION', 3, undefined],
    ]);
    // Another key was written before, and is shown at once.
    expect([answered, shown]).toEqual([undefined, 0]);
    follower.say({ tipo: 'REPLICATION_OK', seq: 3 });
    expect(await commit).toBe(true);
    expect(await Promise.all(reads)).toEqual(['um', 'dois']);
    expect(system.printed[0]).toEqual([]);
  });

  it(
    'large and many steps pass through the window, and a server that was away receives them whole',
    { timeout: 240_000 },
    async () => {
      // How long it all takes is of no matter: nobody gives up.
      system = await openLeaderSystem({ deadlineMs: 240_000 });
      const pair = (n: number) => ({
        guards: [],
        writes: ['a', 'b'].map((key) => ({
          kind: 'insert' as const,
          key: `${key}${String(n % 7)}`,
          value: `${String(n)} ${VALUE}`,
        })),
      });
      const count = Math.ceil((3 * leaderLimits.windowBytes) / (2 * VALUE.length));
      const done = await Promise.all(
        Array.from({ length: count }, async (_, n) => verbs(system.nodes[n % 3]!.engine).commit(pair(n))),
      );
      expect(done.every(Boolean)).toBe(true);
      await system.nodes[2]!.stop();
      const { vector } = system.nodes[0]!.store;
      const before = vector.total;
      const away = Array.from({ length: 10 }, async (_, n) => verbs(system.nodes[1]!.engine).commit(pair(n)));
      await eventually('the leader has them', () => vector.total === before + 20, 60_000);
      const last = await system.start(2);
      await eventually('it is back', () => last.serving && system.nodes[0]!.whole, 60_000);
      // They waited for it.
      expect((await Promise.all(away)).every(Boolean)).toBe(true);
      await system.settle();
      for (let key = 0; key < 7; key++) {
        const [a, b] = ['a', 'b'].map((name) => last.store.get(`${name}${String(key)}`));
        expect(a?.value).toBe(b?.value);
        expect(a?.version).toBe(b?.version);
      }
      // The conditions are looked at where all writes are ordered, whoever asks.
      const on = (version: number) => ({
        guards: [{ key: 'a0', version }],
        writes: [{ kind: 'insert' as const, key: 'a0', value: 'fim' }],
      });
      const version = last.store.get('a0')!.version;
      expect(await verbs(last.engine).commit(on(version - 1))).toBe(false);
      expect(await verbs(last.engine).commit(on(version))).toBe(true);
    },
  );

  it('what arrives at the door is checked: nothing repeated, nothing too large', async () => {
    system = await openLeaderSystem();
    const client = await MensagemClient.open(system.addresses[1]!);
    endings.push(() => client.close());
    const commit = (escritas: unknown, guardas: unknown = [], id = 1) => ({
      tipo: 'COMMIT',
      guardas,
      escritas,
      id,
    });
    const write = (chave: string, valor?: string) => ({ chave, valor });
    const bad = [
      commit([write('a', '1'), write('a', '2')]),
      commit(Array.from({ length: limits.commitWrites + 1 }, (_, n) => write(String(n), 'x'))),
      commit([write('a', VALUE), write('b', VALUE), write('c', VALUE)]),
      commit([{ valor: 'sem chave' }]),
      commit([write('a', '1')], [{ chave: 'a', versao: -1 }]),
      commit(undefined),
    ];
    for (const message of bad) expect(await client.ask(message)).toMatchObject({ tipo: 'ERROR', id: 1 });
    expect(await client.ask(commit([write('a', '1')], [{ chave: 'b', versao: 1 }], 8))).toEqual({
      ...{ tipo: 'COMMIT_OK', feito: false, id: 8 },
    });
    expect(await client.ask(commit([write('a', '1'), write('b')], [{ chave: 'b', versao: 0 }], 9))).toEqual({
      ...{ tipo: 'COMMIT_OK', feito: true, id: 9 },
    });
    expect(await client.ask({ tipo: 'GET', chave: 'a' })).toMatchObject({ valor: '1', timestamp: 1 });
    await system.settle();
    expect(system.printed[2]).toEqual(['REPLICATION key:a value:1 ts:1.']);
    // The largest there may be is one line.
    const guards = Array.from({ length: limits.commitGuards }, (_, n) => ({
      key: `${String(n)}\0`,
      version: 0,
    }));
    const used = guards.reduce((sum, { key }) => sum + key.length, 0);
    const writes = ['a', 'b'].map((key) => ({
      kind: 'insert' as const,
      key,
      value: '\0'.repeat(limits.valueBytes),
    }));
    writes.push({
      kind: 'insert',
      key: 'c',
      value: '\0'.repeat(limits.commitBytes - used - 2 * limits.valueBytes - 3),
    });
    const largest = {
      tipo: 'COMMIT',
      id: 1,
      guardas: guards.map(({ key, version }) => ({ chave: key, versao: version })),
    } as const;
    const line = encodeLine({
      ...largest,
      escritas: writes.map(({ key, value }) => write(key, value)) as never,
    });
    expect(line.length).toBeLessThan(mensagemLimits.lineBytes);
    expect(await verbs(system.nodes[1]!.engine).commit({ guards, writes })).toBe(true);
    await system.settle();
  });
});
