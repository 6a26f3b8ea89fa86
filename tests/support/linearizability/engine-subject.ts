import { KvsError } from '../../../src/core/errors.js';
import type { Engine } from '../../../src/ports/engine.js';
import type { Answer, Outcome, Request } from './history.js';
import type { Subject } from './recorder.js';
import { verbs } from '../verbs.js';

/** Asks an engine of this process. */
export function engineSubject(engine: Engine): Subject {
  return {
    async perform(key, request) {
      try {
        return { kind: 'answered', answer: await ask(engine, key, request) };
      } catch (thrown) {
        return outcomeOf(KvsError.from(thrown));
      }
    },
  };
}

async function ask(engine: Engine, key: string, request: Request): Promise<Answer> {
  switch (request.kind) {
    case 'insert':
      return { made: await verbs(engine).insert(key, request.value) };
    case 'put': {
      const { row, previous } = await verbs(engine).put(key, request.value);
      return { made: { version: row.version, timestamp: row.timestamp }, found: previous ?? null };
    }
    case 'get':
      return { found: (await verbs(engine).query(key, undefined)) ?? null };
    case 'getVersion':
      return { found: (await verbs(engine).query(key, request.upTo)) ?? null };
    case 'getTime':
      return { found: (await verbs(engine).queryAt(key, request.upTo)) ?? null };
    case 'removeAll':
      return { found: (await verbs(engine).removeAll(key)) ?? null };
    case 'trim':
      return { found: (await verbs(engine).trim(key)) ?? null };
    case 'compare': {
      const { expected, value } = request;
      const { version, timestamp } = await engine.write({ kind: 'compare', key, expected, value });
      return { made: { version, timestamp } };
    }
    case 'remove':
      await verbs(engine).remove(key, request.version);
      return { removed: 'removed' };
  }
}

/** @throws KvsError what no fault of a member or server explains */
function outcomeOf(error: KvsError): Outcome {
  switch (error.code) {
    case 'SEM_MAIORIA':
    case 'SERVIDOR_SAINDO':
      return { kind: 'failed' };
    case 'RESULTADO_DESCONHECIDO':
      return { kind: 'unknown' };
    case 'VERSAO_OUTRA':
      return { kind: 'answered', answer: { refused: true } };
    case 'CHAVE_INEXISTENTE':
      return { kind: 'answered', answer: { removed: 'noKey' } };
    case 'VERSAO_INEXISTENTE':
      return { kind: 'answered', answer: { removed: 'noVersion' } };
    default:
      throw error;
  }
}
