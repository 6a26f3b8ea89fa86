import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestId } from '../../../src/client/request-id.js';
import { KvsError } from '../../../src/core/errors.js';
import type { ErrorCode } from '../../../src/core/errors.js';
import { AnsweredRequests } from '../../../src/doors/mqtt/answered-requests.js';
import type { Awaitable } from '../../../src/ports/engine.js';

const START_MS = 1_700_000_000_000;
const BOUNDS = { requests: 4, bytes: 20_000, ageMs: 60_000, skewMs: 2_000 };

/** A clock that is set by hand. @param aheadMs of the true time, for a server whose clock is wrong */
function clockOf(now: { ms: number }, aheadMs = 0) {
  return { monotonicMs: () => now.ms, wallMs: () => START_MS + now.ms + aheadMs };
}

function stand(bounds = BOUNDS) {
  const now = { ms: 10_000 };
  const memory = new AnsweredRequests(bounds, clockOf(now));
  memory.begin(START_MS);
  let number = 0;
  /** An id of now. */
  const idNow = (): string => requestId(START_MS + now.ms, `abcdefgh${String(++number).padStart(4, '0')}`);
  return { memory, now, idNow };
}

function refusalOf(ask: () => Awaitable<string>): ErrorCode {
  try {
    void ask();
  } catch (error) {
    if (error instanceof KvsError) return error.code;
    throw error;
  }
  throw new Error('taken');
}

const never = (): string => {
  throw new Error('done again');
};

describe('answers to requests with an id', () => {
  it('gives the same question the same answer, and does nothing', () => {
    const { memory, idNow } = stand();
    const id = idNow();
    expect(memory.once(id, ['remove', 'a'], () => 'feito')).toBe('feito');
    expect(memory.once(id, ['remove', 'a'], never)).toBe('feito');
    expect(refusalOf(() => memory.once(id, ['remove', 'b'], never))).toBe('PEDIDO_REPETIDO');
    expect(refusalOf(() => memory.once(id, ['remove', 'a', 1], never))).toBe('PEDIDO_REPETIDO');
  });

  it('lets the same question wait for an answer that is under way', async () => {
    const { memory, idNow } = stand();
    const id = idNow();
    let finish: (answer: string) => void = never;
    const first = memory.once(id, ['compara'], () => new Promise<string>((resolve) => (finish = resolve)));
    const second = memory.once(id, ['compara'], never);
    expect(refusalOf(() => memory.once(id, ['outra'], never))).toBe('PEDIDO_REPETIDO');
    finish('uma vez');
    expect(await Promise.all([first, second])).toEqual(['uma vez', 'uma vez']);
    expect(memory.once(id, ['compara'], never)).toBe('uma vez');
  });

  it.each(['VERSAO_OUTRA', 'SEM_MAIORIA', 'NAO_AUTORIZADO', 'SERVIDOR_PAROU'] as const)(
    'lets a request be tried again after %s, which changed nothing',
    async (code) => {
      const { memory, idNow } = stand();
      const [one, other] = [idNow(), idNow()];
      const fail = (): never => {
        throw new KvsError(code, 'recusado');
      };
      expect(refusalOf(() => memory.once(one, [], fail))).toBe(code);
      expect(memory.once(one, [], () => 'agora sim')).toBe('agora sim');
      await expect(memory.once(other, [], () => Promise.resolve().then(fail))).rejects.toMatchObject({
        code,
      });
      expect(await memory.once(other, [], () => Promise.resolve('agora sim'))).toBe('agora sim');
      expect(memory.size).toBe(2);
    },
  );

  it.each(['RESULTADO_DESCONHECIDO', 'CONFIRMACAO_PARCIAL', 'INTERNO'] as const)(
    'remembers %s, after which nobody knows',
    async (code) => {
      const { memory, idNow } = stand();
      const id = idNow();
      const fail = (): Promise<string> => Promise.reject(new KvsError(code, 'em dúvida'));
      await expect(memory.once(id, [], fail)).rejects.toMatchObject({ code });
      expect(refusalOf(() => memory.once(id, [], never))).toBe(code);
    },
  );

  it('remembers an error that is none of ours as one after which nobody knows', () => {
    const { memory, idNow } = stand();
    const id = idNow();
    const fail = (): never => {
      throw new TypeError('falha');
    };
    expect(refusalOf(() => memory.once(id, [], fail))).toBe('INTERNO');
    expect(refusalOf(() => memory.once(id, [], () => 'de novo'))).toBe('INTERNO');
  });

  it('does nothing for an id that tells no time, or one to come', () => {
    const { memory, now, idNow } = stand();
    expect(refusalOf(() => memory.once(randomUUID(), [], never))).toBe('PEDIDO_INVALIDO');
    const ahead = requestId(START_MS + now.ms + BOUNDS.skewMs + 1, 'abcdefghijkl');
    expect(refusalOf(() => memory.once(ahead, [], never))).toBe('PEDIDO_INVALIDO');
    const nearly = requestId(START_MS + now.ms + BOUNDS.skewMs, 'abcdefghijkl');
    expect(memory.once(nearly, [], () => 'feito')).toBe('feito');
    expect(memory.once(idNow(), [], () => 'feito')).toBe('feito');
  });

  it('knows nothing of what was asked before it began, and does not do it', () => {
    const now = { ms: 10_000 };
    const memory = new AnsweredRequests(BOUNDS, clockOf(now));
    const idAt = (ms: number): string => requestId(START_MS + ms, 'abcdefghijkl');
    expect(refusalOf(() => memory.once(idAt(10_000), [], never))).toBe('RESULTADO_DESCONHECIDO');
    memory.begin(START_MS + 8_000);
    for (const ms of [0, 7_999, 10_000]) {
      expect(refusalOf(() => memory.once(idAt(ms), [], never))).toBe('RESULTADO_DESCONHECIDO');
    }
    expect(memory.once(idAt(10_001), [], () => 'feito')).toBe('feito');
    // It acts once more, and another one did meanwhile: what it knows itself it still knows.
    now.ms = 20_000;
    memory.begin(START_MS + 19_000);
    expect(memory.once(idAt(10_001), [], never)).toBe('feito');
    expect(refusalOf(() => memory.once(idAt(10_002), [], never))).toBe('RESULTADO_DESCONHECIDO');
  });

  it('is bounded in number, bytes and age, and knows what it has forgotten', () => {
    const { memory, now, idNow } = stand();
    const ids = Array.from({ length: 6 }, () => {
      now.ms += 5_000;
      const id = idNow();
      void memory.once(id, [], () => id);
      return id;
    });
    expect(memory.size).toBe(4);
    for (const id of ids.slice(0, 2)) {
      expect(refusalOf(() => memory.once(id, [], never))).toBe('RESULTADO_DESCONHECIDO');
    }
    for (const id of ids.slice(2)) expect(memory.once(id, [], never)).toBe(id);
    now.ms += 5_000;
    void memory.once(idNow(), [], () => 'v'.repeat(18_500));
    expect(memory.heldBytes).toBeLessThanOrEqual(BOUNDS.bytes);
    expect(memory.size).toBeLessThan(4);
    now.ms += BOUNDS.ageMs + 1;
    expect(refusalOf(() => memory.once(ids[5]!, [], never))).toBe('RESULTADO_DESCONHECIDO');
    expect(memory.size).toBe(0);
    expect(memory.heldBytes).toBe(0);
    // An answer that fits nowhere is forgotten like any other.
    now.ms += 5_000;
    const id = idNow();
    expect(memory.once(id, [], () => 'v'.repeat(30_000))).toHaveLength(30_000);
    expect(refusalOf(() => memory.once(id, [], never))).toBe('RESULTADO_DESCONHECIDO');
  });

  it('does nothing twice, whichever server acts, however often clients ask', async () => {
    const ask = fc.record({ kind: fc.constant('ask' as const), request: fc.nat(7), fate: fc.nat(3) });
    const pass = fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(4_000) });
    const afterMs = fc.nat(3_000);
    const step = fc.oneof(
      { weight: 12, arbitrary: ask },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('finish' as const) }) },
      { weight: 3, arbitrary: pass },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('takeOver' as const), afterMs, isFresh: fc.boolean() }),
      },
    );
    const clocks = fc.array(fc.integer({ min: -BOUNDS.skewMs, max: BOUNDS.skewMs }), {
      minLength: 8,
      maxLength: 8,
    });
    let [acts, doubts] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), clocks, async (steps, aheadMs) => {
        const now = { ms: 10_000 };
        const fresh = (): AnsweredRequests => new AnsweredRequests(BOUNDS, clockOf(now));
        const servers = [fresh(), fresh()];
        let acting = 0;
        servers[0]!.begin(START_MS);
        const ids = new Map<number, string>();
        const effects = new Map<string, number>();
        const answers = new Map<string, string>();
        const underWay: (() => void)[] = [];
        const asked: Promise<void>[] = [];
        const done = (id: string): void => {
          acts++;
          effects.set(id, (effects.get(id) ?? 0) + 1);
        };
        const actOf = (id: string, fate: number) => (): Awaitable<string> => {
          if (fate === 0) throw new KvsError('VERSAO_OUTRA', 'nada feito');
          done(id);
          const answer = `${id} ${String(acts)}`;
          if (fate === 1) return answer;
          return new Promise((resolve, reject) => {
            underWay.push(() => {
              if (fate === 2) resolve(answer);
              else reject(new KvsError('RESULTADO_DESCONHECIDO', 'em dúvida'));
            });
          });
        };
        for (const one of steps) {
          if (one.kind === 'pass') now.ms += one.ms;
          else if (one.kind === 'finish') {
            underWay.shift()?.();
            await Promise.resolve();
          } else if (one.kind === 'takeOver') {
            now.ms += one.afterMs;
            acting = 1 - acting;
            if (one.isFresh) servers[acting] = fresh();
            servers[acting]!.begin(START_MS + now.ms);
          } else {
            // Begun by the clock of its client when it is asked for the first time.
            const begun = START_MS + now.ms + aheadMs[one.request]!;
            const id = ids.get(one.request) ?? requestId(begun, `pedido-n-${String(one.request)}-abc`);
            ids.set(one.request, id);
            const take = (answer: string): void => {
              expect(answer).toBe(answers.get(id) ?? answer);
              answers.set(id, answer);
            };
            const refused = (thrown: unknown): void => {
              const { code } = KvsError.from(thrown);
              expect(['VERSAO_OUTRA', 'RESULTADO_DESCONHECIDO']).toContain(code);
              if (code === 'RESULTADO_DESCONHECIDO') doubts++;
            };
            try {
              const answer = servers[acting]!.once(id, [one.request], actOf(id, one.fate));
              if (answer instanceof Promise) asked.push(answer.then(take, refused));
              else take(answer);
            } catch (thrown) {
              refused(thrown);
            }
          }
          for (const server of servers) expect(server.size).toBeLessThanOrEqual(BOUNDS.requests);
        }
        for (const finish of underWay) finish();
        await Promise.all(asked);
        for (const [id, count] of effects) expect(count, id).toBe(1);
      }),
      { numRuns: 500 },
    );
    // The trouble was real.
    expect(acts).toBeGreaterThan(1_000);
    expect(doubts).toBeGreaterThan(500);
  });
});
