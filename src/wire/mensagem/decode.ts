import { isUtf8 } from 'node:buffer';
import * as check from '../checks.js';
import type { Fields } from '../checks.js';
import { readKey } from '../read-records.js';
import { assertCommitFits } from '../../core/commit-size.js';
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { KeyMutation } from '../../core/mutation.js';
import { isShaped } from '../../core/json-shape.js';
import type { JsonShape } from '../../core/json-shape.js';
import type { KeyFragment } from '../../core/record.js';
import {
  address,
  code,
  dotFields,
  everywhere,
  format,
  key,
  leaderTime,
  level,
  operationKind,
  readClient,
  readRow,
  removed,
  ttl,
  value,
} from './fields.js';
import { SERVER_SHAPE, mensagemLimits } from './limits.js';
import { fieldOf, namesOf } from './names.js';
import type { Names } from './names.js';
import { NULL, TRY_OTHER } from './messages.js';
import type {
  CommitMessage,
  Mensagem,
  RemovalMessage,
  ReplicationMessage,
  StatePageMessage,
  WithCredential,
} from './messages.js';

/** Longest message for people; senders cut it earlier. */
const TEXT_BYTES = 4096;
const NOT_JSON =
  'esperado um objeto JSON por linha, em UTF-8, como {"tipo":"GET","chave":"nome","timestamp":0}';
const TOO_MUCH = 'a linha tem partes demais, ou aninhadas demais; a conexão foi fechada';

/** Thrown for a line that is not a valid `Mensagem`. */
export class BadLine extends Error {
  override readonly name = 'BadLine';

  /**
   * @param fatal whether the sender does not speak this protocol
   * @param id of the request, if it could be read
   * @param names of the request, as far as they could be read
   */
  constructor(
    readonly error: KvsError,
    readonly fatal: boolean,
    readonly id: number | undefined,
    readonly names: Names,
  ) {
    super(error.message);
  }
}

/**
 * Decodes a line as a `Mensagem` and validates it completely. Unknown fields are ignored. Requests of clients may use
 * English names for their fields: `type`, `key`, `value`, `ts`.
 * @throws BadLine
 */
export function decodeLine(line: Buffer): Mensagem {
  return decodeNamed(line, SERVER_SHAPE).message;
}

/**
 * {@link decodeLine}, also with the names that the request used for its fields.
 * @param shape limits beyond which the line is not even parsed
 * @throws BadLine
 */
export function decodeNamed(
  line: Buffer,
  shape: JsonShape,
): { readonly message: Mensagem; readonly names: Names } {
  const fields = parse(line, shape);
  const id = idOf(fields);
  const names = namesOf(fields);
  try {
    const message = { ...readMessage(fields), ...(id === undefined ? {} : { id }), ...credential(fields) };
    return { message, names };
  } catch (thrown) {
    const error =
      thrown instanceof KvsError
        ? thrown
        : new KvsError('PEDIDO_INVALIDO', `Mensagem inválida: falta um campo, ou um não serve`);
    throw new BadLine(error, false, id, names);
  }
}

function parse(line: Buffer, shape: JsonShape): Fields {
  if (!isShaped(line, shape)) {
    throw new BadLine(new KvsError('PEDIDO_INVALIDO', TOO_MUCH), true, undefined, undefined);
  }
  try {
    if (!isUtf8(line)) throw new Error('not UTF-8');
    const json = line.toString('utf8');
    const parsed = check.fields(JSON.parse(json));
    check.rejectLoneSurrogates(json);
    return parsed;
  } catch {
    throw new BadLine(new KvsError('PEDIDO_INVALIDO', NOT_JSON), true, undefined, undefined);
  }
}

function idOf(fields: Fields): number | undefined {
  const id = fields['id'];
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : undefined;
}

/** A token that cannot be parsed is refused like a wrong one. */
function credential(fields: Fields): WithCredential {
  const given = fields['credencial'];
  if (given === undefined || given === null) return {};
  return { credencial: typeof given === 'string' && given.length <= limits.accessTokenChars ? given : '' };
}

function readMessage(fields: Fields): Mensagem {
  const tipo = fieldOf(fields, 'tipo');
  switch (tipo) {
    case 'PUT': {
      const cliente = fields['cliente'];
      return {
        tipo,
        chave: key(fields),
        valor: value(fields),
        ...(cliente === undefined || cliente === null ? {} : { cliente: readClient(cliente) }),
      };
    }
    case 'GET':
      return {
        tipo,
        chave: key(fields),
        timestamp: check.count(fieldOf(fields, 'timestamp') ?? 0),
      };
    case 'PUT_OK':
      return { tipo, chave: key(fields), timestamp: check.version(fields['timestamp']) };
    case 'GET_OK':
    case NULL:
    case TRY_OTHER:
      return { tipo, chave: key(fields), valor: value(fields), timestamp: check.count(fields['timestamp']) };
    case 'UNKNOWN_OUTCOME':
    case 'ERROR':
      return {
        tipo,
        codigo: code(fields['codigo']),
        mensagem: check.text(fields['mensagem'], TEXT_BYTES, 'CAMPO'),
      };
    case 'OPERATION':
      return {
        tipo,
        op: operationKind(fields['op']),
        chave: key(fields),
        ...(fields['valor'] === undefined ? {} : { valor: value(fields) }),
        ...(fields['versao'] === undefined ? {} : { versao: check.count(fields['versao']) }),
        ...(fields['ttl'] === undefined ? {} : { ttl: ttl(fields) }),
        id: check.count(fields['id']),
      };
    case 'COMMIT':
      return readCommit(fields);
    case 'COMMIT_OK':
      return { tipo, feito: fields['feito'] === true, id: check.count(fields['id']) };
    case 'OPERATION_OK':
      return {
        tipo,
        ...(fields['linha'] === undefined ? {} : { linha: readRow(fields['linha']) }),
        ...(fields['anterior'] === undefined ? {} : { anterior: readRow(fields['anterior']) }),
        ...removed(fields),
        id: check.count(fields['id']),
      };
    default:
      return readServerMessage(tipo, fields);
  }
}

function readServerMessage(tipo: unknown, fields: Fields): Mensagem {
  switch (tipo) {
    case 'FOLLOWER':
      return { tipo, formato: format(fields), servidor: address(fields['servidor']) };
    case 'LEADER':
      return {
        tipo,
        formato: format(fields),
        origem: check.origin(fields['origem']),
        lider: address(fields['lider']),
        seguidor: address(fields['seguidor']),
        inicio: check.count(fields['inicio']),
        ...level(fields),
        ...leaderTime(fields),
      };
    case 'LEADER_STALE':
      return { tipo, inicio: check.count(fields['inicio']) };
    case 'LEADER_OK':
      return {
        tipo,
        formato: format(fields),
        vetor: check.vector(fields['vetor']),
        ...level(fields),
        ...leaderTime(fields),
      };
    case 'REPLICATION':
      return {
        tipo,
        ...dotFields(fields),
        chave: key(fields),
        valor: value(fields),
        timestamp: check.version(fields['timestamp']),
        instante: check.timestamp(fields['instante']),
        ...(fields['contexto'] === undefined ? {} : { contexto: check.vector(fields['contexto']) }),
        ...(fields['expira'] === undefined ? {} : { expira: check.timestamp(fields['expira']) }),
        ...leaderTime(fields),
      };
    case 'REMOVAL':
      return readRemoval(fields);
    case 'STEP': {
      const { origem, seq } = dotFields(fields);
      // Limited to the size of a commit, since an incomplete step is kept in memory.
      const ultimo = check.whole(fields['ultimo'], seq + 1, seq + limits.commitWrites - 1, 'SEQUENCIA');
      return { tipo, origem, seq, ultimo };
    }
    case 'REPLICATION_OK':
      return { tipo, seq: check.count(fields['seq']) };
    case 'STATE_BEGIN':
      return { tipo, vetor: check.vector(fields['vetor']) };
    case 'STATE_PAGE': {
      const keys = check.list(fields['chaves'], mensagemLimits.lineBytes);
      // Each key is checked later, by `keysOf`.
      return { tipo, chaves: keys as StatePageMessage['chaves'], fim: fields['fim'] === true };
    }
    case 'FOLLOWER_OK':
      return { tipo, ...level(fields) };
    case 'PING':
      return { tipo, ...leaderTime(fields), ...everywhere(fields) };
    case 'STATE_REQUEST':
    case 'STATE_OK':
    case 'SERVING':
    case 'PONG':
      return { tipo };
    default:
      throw new KvsError(
        'PEDIDO_INVALIDO',
        'Mensagem de tipo desconhecido; esperado "tipo":"PUT" ou "tipo":"GET"',
      );
  }
}

function readRemoval(fields: Fields): RemovalMessage {
  const dot = { tipo: 'REMOVAL', ...dotFields(fields), chave: key(fields) } as const;
  const head = { ...dot, ...leaderTime(fields) };
  if (fields['pontos'] !== undefined) {
    const dots = check.list(fields['pontos'], limits.entriesPerKey).map(check.dot);
    const pontos = dots.map(({ origin, seq }) => [origin, seq] as const);
    if (fields['timestamp'] === undefined) {
      return {
        ...head,
        pontos,
        ...(fields['passa'] === undefined ? {} : { passa: check.vector(fields['passa']) }),
      };
    }
    return { ...head, timestamp: check.version(fields['timestamp']), pontos };
  }
  const mantem = fields['mantem'] === undefined ? undefined : check.dot(fields['mantem']);
  return {
    ...head,
    observado: check.vector(fields['observado']),
    ...(mantem === undefined ? {} : { mantem: [mantem.origin, mantem.seq] as const }),
  };
}

/** @throws KvsError PEDIDO_INVALIDO if it exceeds the limits of a commit, or writes a key twice */
function readCommit(fields: Fields): CommitMessage {
  const guardas = check.list(fields['guardas'], limits.commitGuards).map((given) => {
    const guard = check.fields(given);
    return { chave: key(guard), versao: check.count(guard['versao']) };
  });
  const escritas = check.list(fields['escritas'], limits.commitWrites).map((given) => {
    const write = check.fields(given);
    return { chave: key(write), ...(write['valor'] === undefined ? {} : { valor: value(write) }) };
  });
  assertCommitFits({
    guards: guardas.map(({ chave }) => ({ key: chave })),
    writes: escritas.map(({ chave, valor = '' }) => ({ key: chave, value: valor })),
  });
  return { tipo: 'COMMIT', guardas, escritas, id: check.count(fields['id']) };
}

/** The mutation in a message of the leader. */
export function mutationOf(message: ReplicationMessage | RemovalMessage): KeyMutation {
  const { chave } = message;
  if (message.tipo === 'REPLICATION') {
    return {
      kind: 'insert',
      key: chave,
      value: message.valor,
      version: message.timestamp,
      timestamp: message.instante,
      context: message.contexto ?? [],
      ...(message.expira === undefined ? {} : { expiresAt: message.expira }),
    };
  }
  const { observado = [], mantem, timestamp, pontos, passa = [] } = message;
  if (pontos !== undefined) {
    const dots = pontos.map(([origin, seq]) => ({ origin, seq }));
    if (timestamp === undefined) return { kind: 'discard', key: chave, dots, passed: passa };
    return { kind: 'removeDots', key: chave, version: timestamp, dots };
  }
  const keep = mantem && { origin: mantem[0], seq: mantem[1] };
  return { kind: 'removeObserved', key: chave, observed: observado, keep };
}

/** The keys of a page. @throws Rejection if one is invalid */
export function keysOf(page: StatePageMessage): KeyFragment[] {
  return page.chaves.map(readKey);
}
