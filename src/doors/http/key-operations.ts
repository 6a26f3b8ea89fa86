/** What the door does with one key: check, engine, answer. */
import type { z } from 'zod';
import { andThen, neverAnswered } from '../../call/operation.js';
import type { DoorOperation } from '../../call/operation.js';
import { existingLine, unknownKey } from '../../call/lines/existing-line.js';
import { lineOfRow, writeLine } from '../../call/lines/write-line.js';
import { KvsError } from '../../core/errors.js';
import type { Answers, Awaitable, Engine } from '../../ports/engine.js';
import type { Line } from '../../ports/lines.js';
import type { HttpAnswer } from './exchange.js';
import { VERSION_FIELD } from './http-call.js';
import { lineJson } from '../../call/lines/line-json.js';
import type { KnownNames } from '../../call/lines/line-json.js';
import {
  expectedVersion,
  jsonTag,
  mayWrite,
  preconditionsOf,
  readOutcome,
  textTag,
} from './preconditions.js';
import type { Preconditions } from './preconditions.js';
import type { RouteRequest } from './route.js';
import type { QUERIES } from './schemas.js';
import { LINE_FORM, VALUE_FORM } from './forms.js';

type ReadQuery = z.output<typeof QUERIES.read>;

type RemoveQuery = z.output<typeof QUERIES.remove>;

interface KeyOperations {
  readonly read: DoorOperation<RouteRequest<ReadQuery>, HttpAnswer>;
  readonly write: DoorOperation<RouteRequest<unknown>, HttpAnswer>;
  readonly remove: DoorOperation<RouteRequest<RemoveQuery>, HttpAnswer>;
}

export function keyOperations(names: KnownNames): KeyOperations {
  const jsonOf = (line: Line): string => `${JSON.stringify(lineJson(line, names))}\n`;

  function shown({ form, headers }: RouteRequest<ReadQuery>, line: Line, compares: boolean): HttpAnswer {
    const isText = form === VALUE_FORM;
    const body = isText ? line.value : jsonOf(line);
    const tag = isText ? textTag(line, compares) : jsonTag(line, body);
    const conditions = preconditionsOf(headers);
    const status = conditions === undefined ? 200 : readOutcome(conditions, tag);
    if (status === 412) throw otherVersion();
    const fields = { etag: tag, [VERSION_FIELD]: String(line.version), vary: 'accept' };
    if (status === 304) return { status, fields };
    return {
      status,
      fields: { ...fields, 'content-type': isText ? `${VALUE_FORM}; charset=utf-8` : LINE_FORM },
      body,
    };
  }

  function created(line: Line, compares: boolean): HttpAnswer {
    return {
      status: 201,
      fields: {
        'content-type': LINE_FORM,
        etag: textTag(line, compares),
        [VERSION_FIELD]: String(line.version),
      },
      body: jsonOf(line),
    };
  }

  /**
   * Writes if what is there meets the preconditions. Where these do not say which version that is, one looks and
   * compares with what one saw.
   * @param value `undefined`: all versions are removed
   */
  function compared(
    engine: Engine,
    key: string,
    conditions: Preconditions,
    value: string | undefined,
    ttlMs?: number,
  ): Awaitable<Answers['compare']> {
    if (engine.capabilities.compares !== true) {
      throw new KvsError(
        'NAO_SUPORTADO',
        'If-Match e If-None-Match em escritas: este motor não compara antes de gravar, pois outros servidores gravam ao mesmo tempo',
      );
    }
    const expected = expectedVersion(conditions);
    const isRemovalOfNothing = expected === 0 && value === undefined;
    if (expected === undefined || isRemovalOfNothing) {
      return lookAndCompare(engine, key, conditions, value, ttlMs);
    }
    return engine.write({ kind: 'compare', key, expected, value, ttlMs });
  }

  async function lookAndCompare(
    engine: Engine,
    key: string,
    conditions: Preconditions,
    value: string | undefined,
    ttlMs: number | undefined,
  ): Promise<Answers['compare']> {
    for (let attempt = 1; ; attempt++) {
      const line = await engine.read({ kind: 'line', key });
      const tags = line === undefined ? undefined : [textTag(line, true), jsonTag(line, jsonOf(line))];
      if (!mayWrite(conditions, tags)) throw otherVersion();
      if (line === undefined && value === undefined) throw unknownKey();
      try {
        return await engine.write({ kind: 'compare', key, expected: line?.version ?? 0, value, ttlMs });
      } catch (thrown) {
        const isOther = thrown instanceof KvsError && thrown.code === 'VERSAO_OUTRA';
        if (!isOther) throw thrown;
        if (attempt === LOOKS_MAX) {
          throw new KvsError('CONFLITO', 'outros gravam esta chave o tempo todo; repita daqui a pouco');
        }
      }
    }
  }

  return {
    read: {
      run: (request, { engine }) => {
        const { key, query } = request;
        const compares = engine.capabilities.compares === true;
        const { versao: version, em: timestamp } = query;
        if (version !== undefined && timestamp !== undefined) {
          throw new KvsError('PEDIDO_INVALIDO', 'versao e em: só um dos dois');
        }
        return andThen(existingLine(engine, { kind: 'line', key, version, timestamp }), (line) =>
          shown(request, line, compares),
        );
      },
      refusal: neverAnswered,
    },

    write: {
      run: ({ key, headers, value = '' }, caller, attempt, ttlMs) => {
        const { engine } = caller;
        const conditions = preconditionsOf(headers);
        if (conditions === undefined) {
          const written = writeLine(engine, { kind: 'insert', key, value, attempt, ttlMs });
          return andThen(written, (line) => created(line, engine.capabilities.compares === true));
        }
        // Looking before writing must not tell more than writing would.
        caller.assertMay('write', key, 'key');
        if (attempt !== undefined) {
          const why = 'não se garante com If-Match nem If-None-Match, que já não gravam duas vezes';
          throw new KvsError('NAO_SUPORTADO', `Idempotency-Key: ${why}`);
        }
        return andThen(compared(engine, key, conditions, value, ttlMs), (row) =>
          andThen(lineOfRow(engine, row), (line) => created(line, true)),
        );
      },
      refusal: neverAnswered,
      written: ({ fields }) => Number(fields[VERSION_FIELD]),
      takesAttempts: true,
      ttl: 'taken',
    },

    remove: {
      run: ({ key, headers, query: { versao: version } }, caller) => {
        const { engine } = caller;
        const conditions = preconditionsOf(headers);
        if (conditions === undefined) {
          return andThen(engine.write({ kind: 'remove', key, version }), () => REMOVED);
        }
        caller.assertMay('write', key, 'key');
        if (version !== undefined) {
          const why = 'com If-Match ou If-None-Match removem-se todas as versões';
          throw new KvsError('NAO_SUPORTADO', `versao: ${why}`);
        }
        return andThen(compared(engine, key, conditions, undefined), () => REMOVED);
      },
      refusal: neverAnswered,
      written: () => undefined,
    },
  };
}

/** Looks and comparisons of one conditional write before it gives up. */
const LOOKS_MAX = 16;

const REMOVED: HttpAnswer = Object.freeze({ status: 204, fields: {} });

function otherVersion(): KvsError {
  return new KvsError(
    'VERSAO_OUTRA',
    'a chave não está como If-Match ou If-None-Match esperam; nada foi feito',
  );
}
