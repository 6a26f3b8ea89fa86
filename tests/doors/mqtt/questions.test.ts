import { describe, expect, it } from 'vitest';
import { DEMANDS } from '../../../src/call/call.js';
import { requestId } from '../../../src/client/request-id.js';
import { KvsError } from '../../../src/core/errors.js';
import { limits } from '../../../src/core/limits.js';
import { AnsweredRequests } from '../../../src/doors/mqtt/answered-requests.js';
import { mqttDoorLimits } from '../../../src/doors/mqtt/limits.js';
import { readQuestion } from '../../../src/doors/mqtt/question-json.js';
import { questionOperation, refusalJson } from '../../../src/doors/mqtt/questions.js';
import { MemoryDoor } from '../../support/memory-call.js';
import type { MadeUpCall } from '../../support/memory-call.js';
import { AsyncMemoryEngine, MemoryEngine } from '../../support/memory-engine.js';
import { realTime } from '../../support/real-time.js';

const BOUNDS = { requests: 100, bytes: 1e6, ageMs: limits.requestAgeMs, skewMs: limits.requestSkewMs };

type Answer = Readonly<Record<string, unknown>>;

function stand<E extends MemoryEngine | AsyncMemoryEngine>(engine: E) {
  const answered = new AnsweredRequests(BOUNDS, realTime);
  answered.begin(0);
  const operation = questionOperation({ serverName: (origin) => `nome de ${origin}` }, answered);
  const door = new MemoryDoor(engine);
  /** The answer, or the refusal as it would be told. */
  const ask = async (question: object, call: MadeUpCall = {}): Promise<Answer> => {
    const read = readQuestion(Buffer.from(JSON.stringify(question)));
    const { ttl, pedido } = read as { readonly ttl?: number; readonly pedido?: string };
    const demands = {
      ...(ttl !== undefined && { [DEMANDS.ttl]: String(ttl) }),
      ...(pedido !== undefined && { [DEMANDS.request]: pedido }),
    };
    const { answer, error } = await door.ask(operation, read, { demands, ...call });
    return JSON.parse(error === undefined ? (answer ?? '') : refusalJson(error)) as Answer;
  };
  return { engine, ask };
}

let requests = 0;
const newRequest = (): string => requestId(Date.now(), `pergunta${String(++requests).padStart(4, '0')}`);

describe.each([
  ['at once', () => new MemoryEngine()],
  ['later', () => new AsyncMemoryEngine()],
])('questions to an engine that answers %s', (_when, engineOf) => {
  it('are answered with lines, as every door that speaks JSON shows them', async () => {
    const { ask } = stand<MemoryEngine | AsyncMemoryEngine>(engineOf());
    const chave = 'casa/sala';
    const line = { chave, valor: 'ON', versao: 1, origem: 'unico', servidor: 'nome de unico', expira: 0 };
    expect(await ask({ op: 'insere', chave, valor: 'ON' })).toMatchObject(line);
    expect(await ask({ op: 'insere', chave, valor: 'OFF', ttl: 60 })).toMatchObject({ versao: 2 });
    expect(await ask({ op: 'consulta', chave })).toMatchObject({ valor: 'OFF', versao: 2 });
    expect((await ask({ op: 'consulta', chave }))['expira']).toBeGreaterThan(Date.now());
    for (const place of [
      { versao: 1 },
      { em: Number((await ask({ op: 'consulta', chave, versao: 1 }))['ts']) },
    ]) {
      expect(await ask({ op: 'consulta', chave, ...place })).toMatchObject({ ...line, atual: false });
    }
    // As at the other doors, version 0 is none.
    expect(await ask({ op: 'consulta', chave, versao: 0 })).toMatchObject({ versao: 2 });
    expect(await ask({ op: 'historico', chave })).toMatchObject({ linhas: [{ versao: 1 }, { versao: 2 }] });
    expect(await ask({ op: 'compara', chave, versao: 1, valor: 'x' })).toMatchObject({
      codigo: 'VERSAO_OUTRA',
    });
    expect(await ask({ op: 'compara', chave, versao: 2, valor: 'x' })).toMatchObject({ versao: 3 });
    expect(await ask({ op: 'remove', chave, versao: 1 })).toEqual({ chave, removidas: 1 });
    expect(await ask({ op: 'compara', chave, versao: 3, valor: null })).toMatchObject({
      versao: 3,
      atual: false,
    });
    for (const op of ['consulta', 'remove']) {
      expect(await ask({ op, chave })).toEqual({ codigo: 'CHAVE_INEXISTENTE', motivo: 'a chave não existe' });
    }
    expect(await ask({ op: 'historico', chave })).toEqual({ linhas: [] });
  });

  it('for many lines are answered page by page, and the pages are all of them once', async () => {
    const { engine, ask } = stand<MemoryEngine | AsyncMemoryEngine>(engineOf());
    const keys = Array.from({ length: 250 }, (_, i) => `p/${String(i).padStart(3, '0')}`);
    for (const key of [...keys, 'q']) await engine.write<'insert'>({ kind: 'insert', key, value: key });
    for (const limite of [undefined, 1_000, 99, 1]) {
      const seen: unknown[] = [];
      let depois: unknown;
      do {
        const page = await ask({ op: 'lista', prefixo: 'p/', depois, limite });
        const lines = page['linhas'] as { readonly chave: string }[];
        expect(lines.length).toBeLessThanOrEqual(limite ?? mqttDoorLimits.answerLines);
        seen.push(...lines.map(({ chave }) => chave));
        depois = page['depois'];
      } while (depois !== undefined && (limite !== 1 || seen.length < 20));
      expect(seen).toEqual(limite === 1 ? keys.slice(0, 20) : keys);
    }
    // Not more bytes than a message should have.
    const value = 'v'.repeat(60_000);
    for (let i = 0; i < 12; i++) await engine.write<'insert'>({ kind: 'insert', key: 'longa', value });
    const versions: unknown[] = [];
    let depois: unknown;
    do {
      const page = await ask({ op: 'historico', chave: 'longa', depois });
      expect(JSON.stringify(page).length).toBeLessThan(mqttDoorLimits.answerBytes + 1_000);
      versions.push(...(page['linhas'] as { readonly versao: number }[]).map(({ versao }) => versao));
      depois = page['depois'];
    } while (depois !== undefined);
    expect(versions).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  });

  it('with a request id are done once, on an engine that remembers none', async () => {
    const { engine, ask } = stand<MemoryEngine | AsyncMemoryEngine>(engineOf());
    const once = async (question: object): Promise<Answer> => {
      const asked = { ...question, pedido: newRequest() };
      const first = await ask(asked);
      expect(first).not.toHaveProperty('codigo');
      // Meanwhile somebody else writes, which a second time would undo or be refused for.
      await engine.write<'insert'>({ kind: 'insert', key: 'a', value: 'de outro' });
      expect(await ask({ ...asked, tentativa: 2 })).toEqual(first);
      expect(await ask({ ...asked, chave: 'b' })).toMatchObject({ codigo: 'PEDIDO_REPETIDO' });
      return first;
    };
    await once({ op: 'insere', chave: 'a', valor: 'v' });
    await once({ op: 'remove', chave: 'a' });
    await once({ op: 'compara', chave: 'a', versao: 3, valor: 'w' });
    expect(await ask({ op: 'historico', chave: 'a' })).toMatchObject({
      linhas: [{ versao: 3, valor: 'de outro' }, { versao: 4, valor: 'w' }, { versao: 5 }],
    });
    // Reads have no use for one.
    expect(await ask({ op: 'consulta', chave: 'a', pedido: 'qualquer' })).toMatchObject({ versao: 5 });
  });

  it('with an id that is none, or tells no time, change nothing and say which would do', async () => {
    const { ask } = stand<MemoryEngine | AsyncMemoryEngine>(engineOf());
    await ask({ op: 'insere', chave: 'a', valor: 'v' });
    for (const pedido of ['1', 'a51f2ad5-2b5d-4b0f-9d5b-0d8c5d4a5a5a']) {
      const refused = await ask({ op: 'remove', chave: 'a', pedido });
      expect(refused).toMatchObject({ codigo: 'PEDIDO_INVALIDO' });
      expect(refused['motivo']).toContain('base 36');
    }
    expect(await ask({ op: 'consulta', chave: 'a' })).toMatchObject({ versao: 1 });
  });
});

describe('an answer that takes long', () => {
  it('is broken off once nobody waits for it', async () => {
    const { engine, ask } = stand(new MemoryEngine());
    for (let i = 0; i < 2_000; i++) {
      engine.write<'insert'>({ kind: 'insert', key: `k${String(i).padStart(4, '0')}`, value: 'v' });
    }
    const page = await ask({ op: 'lista', limite: 1_000 }, { isOver: () => true });
    expect((page['linhas'] as unknown[]).length).toBeLessThan(1_000);
  });

  it('tells nobody the cause of an error within the server', () => {
    expect(refusalJson(KvsError.from(new Error('segredo')))).not.toContain('segredo');
  });
});
