import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDoors } from '../../src/doors/start.js';
import type { Doors } from '../../src/doors/start.js';
import type { Answers, Write } from '../../src/ports/engine.js';
import { RecordingLogger } from '../support/doors.js';
import { eventually } from '../support/eventually.js';
import { AsyncMemoryEngine } from '../support/memory-engine.js';
import { realTime } from '../support/real-time.js';
import { installedLibraries } from './clients.js';
import type { Caller, Outcome } from './clients.js';
import { described } from './described.js';
import { startTestService, testDescriptors } from './test-service.js';

const OK = 0;
const UNAVAILABLE = 14;
const EMPTY = { rpc: '/grpc.testing.TestService/EmptyCall', requests: [{}] };

const libraries = installedLibraries();

describe.each(libraries)('a server that stops while $name calls', (library) => {
  it('finishes the calls under way, and the client comes back', async () => {
    const first = await startTestService();
    const { port } = first;
    const caller = await library.open({ descriptors: testDescriptors, port });
    const response_parameters = Array.from({ length: 5 }, () => ({ size: 1000, interval_us: 100_000 }));
    const held = caller.hold({
      rpc: '/grpc.testing.TestService/StreamingOutputCall',
      requests: [{ response_parameters }],
      held: true,
    });
    await eventually('an answer', () => held.answered() > 0);
    const closed = first.close();
    const outcome = await held.outcome;
    expect(outcome).toMatchObject({ code: OK });
    expect(outcome.answers).toHaveLength(5);
    await closed;
    const second = await startTestService({ port });
    const back = async (): Promise<boolean> => (await caller.call(EMPTY)).code === OK;
    await eventually('the client is back', back, 20_000);
    await caller.close();
    await second.close();
  });
});

/** Writes at once, and answers a moment later: a connection that is cut loses answers. */
class SlowEngine extends AsyncMemoryEngine {
  override async write<K extends Write['kind']>(write: Extract<Write, { kind: K }>): Promise<Answers[K]> {
    const answer = await super.write<K>(write);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return answer;
  }
}

describe.each(libraries)('restarts while $name writes', (library) => {
  const engine = new SlowEngine();
  let doors: Doors;
  let caller: Caller;
  let descriptors: Buffer;
  const open = (port: number): Promise<Doors> =>
    startDoors({ port, engine, engineHealth: 'kvs.frota', time: realTime, logger: new RecordingLogger() });

  beforeAll(async () => {
    doors = await open(0);
    ({ descriptors } = await described(doors.port));
    caller = await library.open({ descriptors, port: doors.port });
  }, 90_000);
  afterAll(async () => {
    await caller.close();
    await doors.stop(0);
  });

  it('lose no answer: each write was either answered, or not done', async () => {
    const outcomes: Outcome[] = [];
    let isOver = false;
    const write = async (): Promise<void> => {
      while (!isOver) {
        const outcome = await caller.call({
          ...{ rpc: '/kvs.KVS/Insere', requests: [{ chave: 'chave', valor: 'valor' }], timeoutMs: 20_000 },
        });
        outcomes.push(outcome);
        if (outcome.code !== OK) await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const writers = Array.from({ length: 8 }, write);
    const done = (): number => outcomes.filter(({ code }) => code === OK).length;
    try {
      for (let restarts = 0; restarts < 3; restarts++) {
        const before = done();
        await eventually('writes', () => done() > before + 100, 20_000);
        const { port } = doors;
        await doors.stop();
        doors = await open(port);
      }
      const before = done();
      await eventually('writes', () => done() > before + 100, 20_000);
    } finally {
      isOver = true;
    }
    await Promise.all(writers);
    expect([OK, UNAVAILABLE]).toEqual(expect.arrayContaining(outcomes.map(({ code }) => code)));
    const versions = outcomes.flatMap(({ answers }) => answers.map(({ versao }) => versao as number));
    expect(versions.sort((a, b) => a - b)).toEqual(versions.map((_, i) => i + 1));
    const last = await caller.call({ rpc: '/kvs.KVS/Consulta', requests: [{ chave: 'chave' }] });
    expect(last.answers).toMatchObject([{ versao: versions.length }]);
  });
});
