/** Writes as a follower requests them from its leader, and the leader's answers. */
import { KvsError } from '../../core/errors.js';
import type { Answers, CommitWrite, Restore, Row, Write } from '../../ports/engine.js';
import type { Counted } from '../../ports/lines.js';
import { wireRow } from './answers.js';
import type {
  CommitMessage,
  CommitOkMessage,
  MensagemAnswer,
  OperationMessage,
  OperationOkMessage,
  WireRow,
} from './messages.js';

/** The writes that the leader system supports. */
export type OrderedWrite = Exclude<Write, Restore>;

/** A message without the id that matches requests and answers. */
type Unnumbered<T extends { readonly id: number }> = T extends unknown ? Omit<T, 'id'> : never;

export type WriteRequest = Unnumbered<OperationMessage | CommitMessage>;

export function requestOf(write: OrderedWrite): WriteRequest {
  if (write.kind === 'commit') {
    return {
      tipo: 'COMMIT',
      guardas: write.guards.map(({ key, version }) => ({ chave: key, versao: version })),
      escritas: write.writes.map((one) => {
        return one.kind === 'removeAll' ? { chave: one.key } : { chave: one.key, valor: one.value };
      }),
    };
  }
  return {
    tipo: 'OPERATION',
    op: write.kind,
    chave: write.key,
    ...('value' in write && write.value !== undefined && { valor: write.value }),
    ...('expected' in write && { versao: write.expected }),
    ...('version' in write && write.version !== undefined && { versao: write.version }),
    ...('ttlMs' in write && write.ttlMs !== undefined && { ttl: write.ttlMs }),
  };
}

/** @throws KvsError PEDIDO_INVALIDO if a required field is missing */
export function writeOf(message: WriteRequest): OrderedWrite {
  if (message.tipo === 'COMMIT') {
    return {
      kind: 'commit',
      guards: message.guardas.map(({ chave, versao }) => ({ key: chave, version: versao })),
      writes: message.escritas.map(({ chave, valor }): CommitWrite => {
        return valor === undefined
          ? { kind: 'removeAll', key: chave }
          : { kind: 'insert', key: chave, value: valor };
      }),
    };
  }
  const { op: kind, chave: key, valor: value, versao: version, ttl: ttlMs } = message;
  switch (kind) {
    case 'insert':
    case 'put':
      if (value === undefined) throw new KvsError('PEDIDO_INVALIDO', 'falta o valor');
      return { kind, key, value, ttlMs };
    case 'compare':
      if (version === undefined) throw new KvsError('PEDIDO_INVALIDO', 'falta a versão');
      return { kind, key, expected: version, value, ttlMs };
    case 'renew':
      return { kind, key, ttlMs };
    case 'remove':
      return { kind, key, version };
    case 'removeAll':
    case 'trim':
      return { kind, key };
  }
}

/** The answer to the request with this id. */
export function answerMessage(
  write: OrderedWrite,
  answer: Answers[OrderedWrite['kind']],
  id: number,
): OperationOkMessage | CommitOkMessage {
  if (write.kind === 'commit') return { tipo: 'COMMIT_OK', feito: answer as Answers['commit'], id };
  if (write.kind === 'remove') {
    const { keys, versions } = answer as Answers['remove'];
    return { tipo: 'OPERATION_OK', removidas: { chaves: keys, versoes: versions }, id };
  }
  const { row, previous } = rowsIn(write, answer);
  return {
    tipo: 'OPERATION_OK',
    ...(row && { linha: wireRow(row) }),
    ...(previous && { anterior: wireRow(previous) }),
    id,
  };
}

/** The rows in an answer: the one made (insert, put, compare, renew), removed (removeAll) or kept (trim), and the one before. */
function rowsIn(
  write: Exclude<OrderedWrite, { kind: 'commit' | 'remove' }>,
  answer: Answers[OrderedWrite['kind']],
): { readonly row?: Row | undefined; readonly previous?: Row | undefined } {
  switch (write.kind) {
    case 'insert': {
      const { key, value } = write;
      return { row: { key, value, ...(answer as Answers['insert']) } };
    }
    case 'put':
      return answer as Answers['put'];
    case 'removeAll':
    case 'trim':
    case 'compare':
    case 'renew':
      return { row: answer as Row | undefined };
  }
}

/**
 * Reads the answer to a write from a message.
 * @param seen what a `remove` removes by what this server has, for leaders that do not count
 * @throws KvsError RESULTADO_DESCONHECIDO if the message does not answer this write, INTERNO if it lacks the row made
 */
export function answerIn(
  write: OrderedWrite,
  message: MensagemAnswer,
  seen: Counted = { keys: 0, versions: 0 },
): Answers[OrderedWrite['kind']] {
  if (write.kind === 'commit') {
    if (message.tipo !== 'COMMIT_OK') throw unexpected(message);
    return message.feito;
  }
  if (message.tipo !== 'OPERATION_OK') throw unexpected(message);
  const row = rowOf(write.key, message.linha);
  switch (write.kind) {
    case 'insert':
      return made(row);
    case 'put':
      return { row: made(row), previous: rowOf(write.key, message.anterior) };
    case 'remove': {
      const { removidas } = message;
      return removidas === undefined ? seen : { keys: removidas.chaves, versions: removidas.versoes };
    }
    case 'compare':
    case 'renew':
      return made(row);
    case 'removeAll':
    case 'trim':
      return row;
  }
}

function rowOf(key: string, wire: WireRow | undefined): Row | undefined {
  if (wire === undefined) return undefined;
  const row = { key, value: wire.valor, version: wire.versao, timestamp: wire.instante };
  return wire.expira === undefined ? row : { ...row, expiresAt: wire.expira };
}

function made(row: Row | undefined): Row {
  if (row === undefined) throw new KvsError('INTERNO', 'o líder não disse que versão fez');
  return row;
}

export function unexpected(answer: MensagemAnswer): KvsError {
  return new KvsError(
    'RESULTADO_DESCONHECIDO',
    `o líder respondeu ${answer.tipo}: consulte antes de repetir`,
  );
}
