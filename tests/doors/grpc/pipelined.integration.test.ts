import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { grpcLimits } from '../../../src/doors/grpc/limits.js';
import type { Answers, Capabilities, OfKind, Write } from '../../../src/ports/engine.js';
import { openStandOn, settled, type Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { AsyncMemoryEngine } from '../../support/memory-engine.js';

/** Takes every write at once, and answers them when it is told to: the last first. */
class HeldEngine extends AsyncMemoryEngine {
  override readonly capabilities: Capabilities;
  readonly held: (() => void)[] = [];

  constructor(pipelined: boolean) {
    super();
    this.capabilities = {
      ...this.inner.capabilities,
      heads: false,
      linearizable: false,
      durable: true,
      pipelined,
    };
  }

  override write<K extends Write['kind']>(write: OfKind<Write, K>): Promise<Answers[K]> {
    const value = 'value' in write ? write.value : undefined;
    if (value === 'agora não') throw new KvsError('VALOR_CURTO', 'recusado na hora');
    const answer = this.inner.write<K>(write);
    return new Promise((resolve, reject) => {
      this.held.push(() => {
        if (value === 'falha') reject(new KvsError('DISCO_CHEIO', 'cheio'));
        else if (value === 'recusa') reject(new KvsError('VALOR_LONGO', 'recusado depois'));
        else resolve(answer);
      });
    });
  }

  release(): void {
    for (const answer of this.held.splice(0).reverse()) answer();
  }
}

describe('a stream over an engine that takes calls in order before it answers', () => {
  let stand: Stand<HeldEngine>;
  afterEach(() => stand.close());

  const open = async (values: readonly string[], pipelined = true) => {
    stand = await openStandOn(new HeldEngine(pipelined));
    const call = stand.client.open<{ versao: number }>('InsereVarias');
    const answers: number[] = [];
    call.on('data', ({ versao }: { versao: number }) => answers.push(versao));
    const ended = new Promise<{ code: status; details: string }>((resolve) => call.on('status', resolve));
    call.on('error', () => undefined);
    for (const valor of values) call.write({ chave: 'chave', valor });
    return { call, answers, ended };
  };

  it('has many requests with the engine at once, up to the limit, and answers in order', async () => {
    const many = grpcLimits.requestsPerStream + 500;
    const { call, answers, ended } = await open(Array.from({ length: many }, (_, i) => `valor ${i}`));
    call.end();
    const waiting = await settled(() => stand.engine.held.length);
    expect(waiting).toBeGreaterThan(grpcLimits.requestsPerStream / 2);
    expect(waiting).toBeLessThanOrEqual(grpcLimits.requestsPerStream);
    expect(answers).toEqual([]);
    await eventually('all are answered', () => {
      stand.engine.release();
      return answers.length === many;
    });
    expect(answers).toEqual(Array.from({ length: many }, (_, i) => i + 1));
    expect((await ended).code).toBe(status.OK);
  });

  it('answers refusals in their turn, those at once too', async () => {
    const { call, answers, ended } = await open(['valor', 'agora não', 'recusa', 'quatro']);
    call.end();
    await eventually('all are there', () => stand.engine.held.length === 3);
    stand.engine.release();
    expect((await ended).code).toBe(status.OK);
    expect(answers).toEqual([1, -1, -1, 3]);
  });

  it('ends with the status of the first failure, after the answers before it', async () => {
    const { answers, ended } = await open(['valor', 'dois', 'falha', 'quatro']);
    await eventually('all are there', () => stand.engine.held.length === 4);
    stand.engine.release();
    expect(await ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: 'cheio' });
    expect(answers).toEqual([1, 2]);
  });

  it('answers what the engine has taken before it leaves', async () => {
    const { answers, ended } = await open(['valor', 'dois']);
    await eventually('both are there', () => stand.engine.held.length === 2);
    const stopped = stand.doors.stop(10_000);
    stand.engine.release();
    expect((await ended).code).toBe(status.UNAVAILABLE);
    expect(answers).toEqual([1, 2]);
    await stopped;
  });

  it('waits for each answer where the engine does not', async () => {
    const { answers, ended, call } = await open(['valor', 'dois', 'três'], false);
    call.end();
    expect(await settled(() => stand.engine.held.length)).toBe(1);
    await eventually('all are answered', () => {
      stand.engine.release();
      return answers.length === 3;
    });
    expect((await ended).code).toBe(status.OK);
  });
});
