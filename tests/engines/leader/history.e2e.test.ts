import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { LeaderProcesses } from '../../support/leader-process.js';
import { checkHistory } from '../../support/linearizability/check.js';
import type { Outcome, Request } from '../../support/linearizability/history.js';
import { census, Recorder } from '../../support/linearizability/recorder.js';
import { MensagemClient } from '../../support/mensagem-client.js';
import type { Received } from '../../support/mensagem-client.js';
import { SeededRandom } from '../../support/sim-random.js';

const DEADLINE_MS = 600;
/** A server that says nothing for so long is frozen; longer than a follower waits for the leader. */
const SILENCE_MS = 2_500;
const KEYS = ['maçã', 'uva'];
const CLIENTS_EACH = 2;
const THINK_MS = 40;

/** A read as one client saw it, in its order. */
interface Sight {
  readonly client: string;
  readonly key: string;
  readonly timestamp: number;
  readonly value: string;
}

/** One request on a connection of its own. @returns what came; `refused` if nothing can have been done, else `lost` */
async function ask(address: string, message: object): Promise<Received | 'refused' | 'lost'> {
  let client: MensagemClient;
  try {
    client = await MensagemClient.open(address);
  } catch {
    return 'refused';
  }
  try {
    client.send(message);
    return await Promise.race([
      client.answers(1),
      client.gone().then(() => client.received[0] ?? ('lost' as const)),
      new Promise<'lost'>((resolve) => setTimeout(() => resolve('lost'), SILENCE_MS)),
    ]);
  } finally {
    client.close();
  }
}

const NOT_DONE = ['SEM_LIDER', 'SERVIDOR_ENTRANDO', 'SERVIDOR_PAROU'];

describe('histories under crashes and freezes', () => {
  let system: LeaderProcesses;
  const recorder = new Recorder();
  const sights: Sight[] = [];
  let later = 0;
  let stopped = false;

  beforeAll(async () => {
    system = await LeaderProcesses.start('--prazo', String(DEADLINE_MS));
  }, 60_000);
  afterAll(() => system.close());

  const perform = (server: number) => ({
    perform: async (key: string, request: Request): Promise<Outcome> => {
      if (!('value' in request)) throw new Error(request.kind);
      const message = { tipo: 'PUT', chave: key, valor: request.value };
      const answer = await ask(system.addresses[server]!, message);
      if (answer === 'refused') return { kind: 'failed' };
      if (answer === 'lost' || answer.tipo === 'UNKNOWN_OUTCOME') return { kind: 'unknown' };
      if (answer.tipo === 'PUT_OK') {
        return { kind: 'answered', answer: { made: { version: answer['timestamp'] as number } } };
      }
      if (NOT_DONE.includes(String(answer['codigo']))) return { kind: 'failed' };
      throw new Error(`unexpected ${JSON.stringify(answer)}`);
    },
  });

  /** Writes at its own server, reads anywhere, and never forgets what it has seen. */
  const live = async (name: string, server: number, random: SeededRandom): Promise<void> => {
    const seen = new Map<string, number>();
    for (let n = 0; !stopped; n++) {
      const key = random.pick(KEYS);
      if (random.next() < 0.4) {
        const value = `${name}.${String(n)}`;
        const outcome = await recorder.run(name, key, { kind: 'insert', value }, perform(server));
        const made = outcome.kind === 'answered' ? outcome.answer.made?.version : undefined;
        if (made !== undefined) {
          seen.set(key, Math.max(made, seen.get(key) ?? 0));
          sights.push({ client: name, key, timestamp: made, value });
        }
      } else {
        const timestamp = seen.get(key) ?? 0;
        const address = random.pick(system.addresses);
        const answer = await ask(address, { tipo: 'GET', chave: key, timestamp });
        if (typeof answer === 'object') {
          if (answer.tipo === 'GET_OK') {
            const found = answer['timestamp'] as number;
            expect(found, `${name} went back on ${key}`).toBeGreaterThanOrEqual(timestamp);
            seen.set(key, found);
            sights.push({ client: name, key, timestamp: found, value: String(answer['valor']) });
          } else if (answer.tipo === 'TRY_OTHER_SERVER_OR_LATER') later++;
          else expect([answer.tipo, timestamp]).toEqual(['NULL', 0]);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, THINK_MS * random.next()));
    }
  };

  it('writes are linearizable, reads never go back', { timeout: 120_000 }, async () => {
    let broken: unknown;
    const clients = [0, 1, 2].flatMap((server) =>
      Array.from({ length: CLIENTS_EACH }, (_, n) => {
        const random = new SeededRandom(10 * server + n);
        return live(`s${String(server)}c${String(n)}`, server, random).catch(
          (error: unknown) => (broken ??= error),
        );
      }),
    );
    const count = (kind: Outcome['kind']): number => {
      if (broken !== undefined) throw broken as Error;
      return recorder.operations.filter(({ outcome }) => outcome.kind === kind).length;
    };
    const until = async (kind: Outcome['kind'], more: number): Promise<void> => {
      const goal = count(kind) + more;
      await eventually(`${String(more)} more writes ${kind}`, () => count(kind) >= goal, 30_000);
    };
    const restart = async (index: number): Promise<void> => {
      await system.launch(index);
      await system.ready(index);
      await until('answered', 15);
    };

    await until('answered', 20);
    for (const follower of [1, 2]) {
      await system.servers[follower]!.kill9();
      await until('unknown', 3);
      await restart(follower);
      system.servers[follower]!.freeze();
      await until('unknown', 3);
      system.servers[follower]!.thaw();
      await until('answered', 15);
    }
    // Both followers away at once, one of them frozen before the other is killed.
    system.servers[1]!.freeze();
    await system.servers[2]!.kill9();
    await until('unknown', 3);
    system.servers[1]!.thaw();
    await restart(2);
    // A slow network: the last server lags behind, and is asked all the while.
    for (let turn = 0; turn < 3; turn++) {
      const before = later;
      system.network.hold();
      await eventually('somebody must ask another server', () => later >= before + 2, 30_000);
      system.network.release();
      await until('answered', 10);
    }
    // The leader itself: all that anyone was told of must be back with it.
    for (let turn = 0; turn < 2; turn++) {
      await system.servers[0]!.kill9();
      await until('failed', 3);
      await restart(0);
    }
    stopped = true;
    await Promise.all(clients);
    count('answered');

    // When all is quiet every server shows the same, and that is the last write of each key.
    for (const key of KEYS) {
      for (const address of system.addresses) {
        const look = {
          perform: async (): Promise<Outcome> => {
            const answer = await eventually(`${key} at ${address}`, async () => {
              const got = await ask(address, { tipo: 'GET', chave: key, timestamp: 0 });
              return typeof got === 'object' && got.tipo === 'GET_OK' ? got : undefined;
            });
            const found = { value: String(answer['valor']), version: answer['timestamp'] as number };
            return { kind: 'answered', answer: { found } };
          },
        };
        await recorder.run('last', key, { kind: 'get' }, look);
      }
    }

    const history = recorder.operations;
    const counted = census(history);
    process.stdout.write(`leader: ${JSON.stringify({ ...counted, reads: sights.length, later })}\n`);
    expect(counted.unknown).toBeGreaterThan(0);
    expect(counted.overlaps).toBeGreaterThan(0);
    // Some of unknown outcome were done, and somebody was shown them.
    const shown = new Set(sights.map(({ key, value }) => `${key} ${value}`));
    const unknown = history.filter(({ outcome }) => outcome.kind === 'unknown');
    expect(
      unknown.some(({ key, request }) => 'value' in request && shown.has(`${key} ${request.value}`)),
    ).toBe(true);
    const verdict = checkHistory(history);
    expect(verdict.linearizable ? '' : verdict.explanation).toBe('');

    // One timestamp of a key is one value, whoever saw it and wherever; and somebody wrote it there.
    const values = new Map<string, string>();
    for (const { key, timestamp, value } of sights) {
      const name = `${key} ${String(timestamp)}`;
      expect(values.get(name) ?? value, name).toBe(value);
      values.set(name, value);
    }
    const written = new Set(
      history.flatMap(({ key, request }) => ('value' in request ? [`${key} ${request.value}`] : [])),
    );
    for (const { key, value } of sights) expect(written).toContain(`${key} ${value}`);
  });
});
