/** The rules of `frota.v1.Loja` for one request: check, engine, answer. */
import { andThen, neverAnswered } from '../../../call/operation.js';
import type { Decoded, DoorOperation, RowsOperation } from '../../../call/operation.js';
import { writeBatch } from '../../../call/lines/batch.js';
import type { BatchOutcome, PlainInsert } from '../../../call/lines/batch.js';
import { existingLine, unknownKey } from '../../../call/lines/existing-line.js';
import { removeCounted } from '../../../call/lines/removal.js';
import { firstRows, totalOf, withoutValues } from '../../../call/lines/rows.js';
import { compareLine, lineOfRow, writeLine } from '../../../call/lines/write-line.js';
import { publicMessage } from '../../../call/reason.js';
import { ttlMsOfSeconds } from '../../../call/ttl.js';
import { KvsError } from '../../../core/errors.js';
import type { Row } from '../../../ports/engine.js';
import type { Counted, KeyRange, Line } from '../../../ports/lines.js';
import type { StatusSource, SystemStatus } from '../../../ports/status.js';
import type { WatchEvent } from '../../../ports/watch.js';
import { checkedKey, checkedValue, namedVersion } from '../checks.js';
import { grpcLimits } from '../limits.js';
import type { KeyRequest, KeyVersionRequest } from '../wire/messages.js';
import type { BatchAnswer } from './answers.js';
import type {
  ConditionRequest,
  LineRequest,
  PairRequest,
  RangeOfLines,
  TtlRequest,
  InterestRequest,
} from './requests.js';

/** Keys and values of this door may be empty. */
const MINIMUM_CHARS = 0;

interface LojaOperations {
  readonly batch: DoorOperation<readonly PairRequest[], BatchAnswer>;
  readonly write: DoorOperation<PairRequest, Line>;
  readonly read: DoorOperation<LineRequest, Line>;
  readonly history: RowsOperation<KeyRequest, Line, Line>;
  readonly list: RowsOperation<RangeOfLines, Line, Line>;
  readonly count: RowsOperation<RangeOfLines, Counted, Counted>;
  readonly compare: DoorOperation<ConditionRequest, Line>;
  readonly remove: DoorOperation<KeyVersionRequest, Counted>;
  readonly trim: DoorOperation<KeyRequest, Line>;
  readonly renew: DoorOperation<TtlRequest, Line>;
  readonly watch: RowsOperation<InterestRequest, WatchEvent, WatchEvent>;
  readonly status: DoorOperation<unknown, SystemStatus>;
}

export function lojaOperations(status: StatusSource): LojaOperations {
  return {
    batch: {
      run: (pairs, { engine }, attempt, ttlMs, call) => {
        if (attempt !== undefined && pairs.length !== 1) {
          throw new KvsError('NAO_SUPORTADO', 'kvs-pedido não é guardado para um lote de vários pares');
        }
        const inserts = pairs.map((pair) => tried(() => ({ ...insertOf(pair, ttlMs), attempt })));
        return andThen(writeBatch(engine, inserts, call), batchAnswer);
      },
      refusal: neverAnswered,
      written: ({ versions: [version, ...more] }) => (more.length === 0 ? version : undefined),
      takesAttempts: true,
      ttl: 'taken',
    },

    write: {
      run: (pair, { engine }, _attempt, ttlMs) => writeLine(engine, insertOf(pair, ttlMs)),
      refusal: neverAnswered,
      written: versionOf,
      ttl: 'taken',
    },

    read: {
      run: (request, { engine }) => {
        const { version, timestamp, back } = request;
        return existingLine(engine, { kind: 'line', key: keyOf(request), version, timestamp, back });
      },
      refusal: neverAnswered,
    },

    history: {
      rows: (request, { engine }) => engine.scan({ kind: 'lines', key: keyOf(request) }),
      answer: asItIs,
    },

    list: {
      rows: (request, { engine }) => {
        const [version, timestamp] = [namedVersion(request.version), namedVersion(request.timestamp)];
        if (version !== undefined && timestamp !== undefined) {
          throw new KvsError('PEDIDO_INVALIDO', 'versao ou em_ms, não os dois');
        }
        const rows = engine.scan({ kind: 'list', ...rangeOf(request), version, timestamp });
        const found = request.limit === 0 ? rows : firstRows(rows, request.limit);
        return request.keysOnly ? withoutValues(found) : found;
      },
      answer: asItIs,
    },

    count: {
      rows: (request, { engine }) => {
        if (request.version !== 0 || request.timestamp !== 0) {
          throw new KvsError(
            'PEDIDO_INVALIDO',
            'só as últimas versões podem ser contadas: sem versao, sem em_ms',
          );
        }
        return totalOf(engine.scan({ kind: 'count', ...rangeOf(request) }));
      },
      answer: asItIs,
    },

    compare: {
      run: (request, { engine }, _attempt, ttlMs) => {
        const [key, given] = [keyOf(request), checkedValue(request, MINIMUM_CHARS)];
        const ownTtlMs = ttlMsOfSeconds(request.ttlSeconds, TTL_FIELD);
        const { version: expected, removes } = request;
        if (removes && (given !== '' || ownTtlMs !== undefined)) {
          throw new KvsError('PEDIDO_INVALIDO', 'remove não leva valor nem ttl_s');
        }
        const value = removes ? undefined : given;
        return compareLine(engine, { kind: 'compare', key, expected, value, ttlMs: ownTtlMs ?? ttlMs });
      },
      refusal: neverAnswered,
      written: versionOf,
      ttl: 'taken',
    },

    remove: {
      run: (request, { engine }) => removeCounted(engine, keyOf(request), namedVersion(request.version)),
      refusal: neverAnswered,
      written: () => undefined,
    },

    trim: {
      run: (request, { engine }) => {
        const key = keyOf(request);
        return andThen(engine.write({ kind: 'trim', key }), (row: Row | undefined) => {
          if (row === undefined) throw unknownKey();
          return lineOfRow(engine, row);
        });
      },
      refusal: neverAnswered,
      written: versionOf,
    },

    renew: {
      run: (request, { engine }) => {
        const ttlMs = ttlMsOfSeconds(request.ttlSeconds, TTL_FIELD);
        return writeLine(engine, { kind: 'renew', key: keyOf(request), ttlMs });
      },
      refusal: neverAnswered,
      written: versionOf,
      ttl: 'refused',
    },

    watch: {
      rows: ({ watched, prefix, from }, { engine }) => {
        const [key, start] = [setKey(watched), setKey(prefix)];
        if (key !== undefined && start !== undefined) {
          throw new KvsError('PEDIDO_INVALIDO', 'chave ou prefixo, não os dois');
        }
        const since = from.kind === 'token' ? { token: from.token } : from.kind;
        return engine.scan({ kind: 'watch', key, prefix: start, from: since });
      },
      answer: (event) => event,
      tokenOf: ({ token }) => token,
      isEndless: true,
    },

    status: {
      run: (_request, caller) => {
        caller.assertValid();
        return status.status();
      },
      refusal: neverAnswered,
    },
  };
}

const TTL_FIELD = 'ttl_s';

const keyOf = (request: KeyRequest): string => checkedKey(request, MINIMUM_CHARS);

/** A key that is not set if it is empty. */
function setKey(request: KeyRequest): string | undefined {
  const key = keyOf(request);
  return key === '' ? undefined : key;
}

function rangeOf({ prefix, from, to, after }: RangeOfLines): KeyRange {
  return { prefix: setKey(prefix), from: setKey(from), to: setKey(to), after: setKey(after) };
}

const versionOf = ({ version }: Line): number => version;
const asItIs = <T>(row: T): T => row;

/** @param ttlMs of the call, for pairs without one of their own */
function insertOf(pair: PairRequest, ttlMs: number | undefined): PlainInsert {
  const key = keyOf(pair);
  const value = checkedValue(pair, MINIMUM_CHARS);
  return { kind: 'insert', key, value, ttlMs: ttlMsOfSeconds(pair.ttlSeconds, TTL_FIELD) ?? ttlMs };
}

/** What is wrong with a pair is told in its place. */
function tried(make: () => PlainInsert): Decoded<PlainInsert> {
  try {
    return make();
  } catch (thrown) {
    return KvsError.from(thrown);
  }
}

function batchAnswer(outcomes: BatchOutcome): BatchAnswer {
  let toldChars = 0;
  const refusals = outcomes.flatMap((outcome, index) => {
    if (!(outcome instanceof KvsError)) return [];
    const message = toldChars < grpcLimits.batchReasonChars ? publicMessage(outcome) : '';
    toldChars += message.length;
    return [{ index, code: outcome.code, message }];
  });
  const versions = outcomes.map((outcome) => (outcome instanceof KvsError ? REFUSED : outcome));
  return { versions, refusals };
}

const REFUSED = -1;
