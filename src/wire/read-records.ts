import { ATTEMPT_MAX, REQUEST_ID_PATTERN } from '../core/attempt.js';
import type { Attempt } from '../core/attempt.js';
import { limits } from '../core/limits.js';
import type { Batch, Floor, InsertMutation, Mutation } from '../core/mutation.js';
import type { EntryRecord, KeyFragment, OrderPosition, WalkCursor } from '../core/record.js';
import {
  count,
  dot,
  fields,
  list,
  optionalVector,
  origin,
  reject,
  sequence,
  text,
  timestamp,
  vector,
  version,
  whole,
} from './checks.js';
import type { Fields } from './checks.js';
import { MUTATION_NAMES } from './record-shapes.js';

// Readers of the records inside messages. Each validates its input completely and throws a Rejection, which `decode`
// catches.

export function readBatch(wire: Fields): Batch {
  const first = sequence(wire['primeiro']);
  const items = list(wire['mutacoes'], limits.batchMutations, 'MUTACOES');
  if (items.length === 0) reject('MUTACOES');
  if (first > Number.MAX_SAFE_INTEGER - items.length + 1) reject('SEQUENCIA');
  const mutations = new Array<Mutation>(items.length);
  for (let i = 0; i < items.length; i++) mutations[i] = readMutation(items[i]);
  return {
    origin: origin(wire['origem']),
    first,
    dependencies: optionalVector(wire['depende']),
    mutations,
    ...(wire['hora'] === undefined ? {} : { fleetMs: timestamp(wire['hora']) }),
  };
}

function readMutation(value: unknown): Mutation {
  const wire = fields(value, 'MUTACOES');
  if (wire['op'] === MUTATION_NAMES.raiseFloor) {
    const floor = readFloor([wire['parte'], wire['versao'], wire['ts'], wire['ritmo']]);
    return { kind: 'raiseFloor', ...floor };
  }
  const key = text(wire['chave'], limits.keyBytes, 'CHAVE');
  switch (wire['op']) {
    case MUTATION_NAMES.insert: {
      const insert: InsertMutation = {
        kind: 'insert',
        key,
        value: readValue(wire['valor']),
        version: version(wire['versao']),
        timestamp: timestamp(wire['ts']),
        context: optionalVector(wire['contexto']),
      };
      const attempt = wire['pedido'];
      const expiresAt = wire['expira'];
      if (attempt === undefined && expiresAt === undefined) return insert;
      return {
        ...insert,
        ...(attempt === undefined ? {} : { attempt: readAttempt(attempt) }),
        ...(expiresAt === undefined ? {} : { expiresAt: timestamp(expiresAt) }),
      };
    }
    case MUTATION_NAMES.removeObserved: {
      const keep = wire['mantem'];
      return {
        kind: 'removeObserved',
        key,
        observed: vector(wire['observado']),
        keep: keep === undefined ? undefined : dot(keep),
      };
    }
    case MUTATION_NAMES.removeDots:
      return {
        kind: 'removeDots',
        key,
        version: version(wire['versao']),
        dots: list(wire['pontos'], limits.entriesPerKey, 'VETOR').map(dot),
      };
    case MUTATION_NAMES.discard:
      return {
        kind: 'discard',
        key,
        dots: list(wire['pontos'], limits.entriesPerKey, 'VETOR').map(dot),
        passed: optionalVector(wire['passa']),
      };
    default:
      reject('MUTACOES');
  }
}

/** A floor with the number of its part: [part, version, timestamp, pace]. */
export function readFloor(value: unknown): Floor & { readonly part: number } {
  const items = list(value, 4);
  if (items.length !== 4) reject('CAMPO');
  return {
    part: whole(items[0], 0, limits.parts - 1, 'CAMPO'),
    version: whole(items[1], 0, limits.version, 'VERSAO'),
    timestamp: timestamp(items[2]),
    paceMs: timestamp(items[3]),
  };
}

function readAttempt(value: unknown): Attempt {
  const pair = list(value, 2);
  const [id] = pair;
  if (pair.length !== 2 || typeof id !== 'string' || !REQUEST_ID_PATTERN.test(id)) reject('CAMPO');
  return { id, number: whole(pair[1], 1, ATTEMPT_MAX, 'CAMPO') };
}

function readValue(value: unknown): string {
  return text(value, limits.valueBytes, 'VALOR');
}

export function readCursor(value: unknown): WalkCursor {
  const wire = fields(value);
  return { slot: count(wire['vaga']), after: readOptionalPosition(wire['apos']) };
}

function readOptionalPosition(value: unknown): OrderPosition | undefined {
  if (value === undefined) return undefined;
  const items = list(value, 4);
  if (items.length !== 4) reject('CAMPO');
  return {
    version: version(items[0]),
    timestamp: timestamp(items[1]),
    origin: origin(items[2]),
    seq: sequence(items[3]),
  };
}

export function readKey(value: unknown): KeyFragment {
  const wire = fields(value);
  return {
    key: text(wire['chave'], limits.keyBytes, 'CHAVE'),
    greatestVersion: whole(wire['maiorVersao'], 0, limits.version, 'VERSAO'),
    greatestTimestamp: timestamp(wire['maiorTs']),
    after: readOptionalPosition(wire['apos']),
    entries: list(wire['entradas'], limits.entriesPerKey).map(readEntry),
  };
}

function readEntry(value: unknown): EntryRecord {
  const wire = fields(value);
  const attempt = wire['pedido'];
  return {
    version: version(wire['versao']),
    timestamp: timestamp(wire['ts']),
    origin: origin(wire['origem']),
    seq: sequence(wire['seq']),
    value: readValue(wire['valor']),
    superseded: readMark(wire['superada']),
    ...(readMark(wire['passada']) ? { passed: true } : {}),
    context: optionalVector(wire['contexto']),
    ...(attempt === undefined ? {} : { attempt: readAttempt(attempt) }),
    ...(wire['expira'] === undefined ? {} : { expiresAt: timestamp(wire['expira']) }),
  };
}

/** A mark is `true` or omitted; `false` is rejected, so that each content has one encoding. */
function readMark(value: unknown): boolean {
  if (value !== undefined && value !== true) reject('CAMPO');
  return value === true;
}
