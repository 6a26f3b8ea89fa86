import { wireDot } from '../write-records.js';
import type { Origin } from '../../core/dot.js';
import type { KvsError } from '../../core/errors.js';
import type { KeyMutation } from '../../core/mutation.js';
import { renamed } from './names.js';
import type { Names } from './names.js';
import type {
  ErrorMessage,
  Mensagem,
  RemovalMessage,
  ReplicationMessage,
  UnknownMessage,
} from './messages.js';

/** Longer messages are cut, since they are only for people. */
const MESSAGE_CHARS_MAX = 512;

/**
 * Encodes a `Mensagem` as a line, line feed included. The JSON itself contains none.
 * @param names of the fields in the request that it answers
 */
export function encodeLine(message: Mensagem, names?: Names): string {
  return `${JSON.stringify(names === undefined ? message : renamed(message, names))}\n`;
}

/** The message for an error: `UNKNOWN_OUTCOME` if the write may have been done. Details of a bug stay in the log. */
export function errorMessage(error: KvsError, id?: number): ErrorMessage | UnknownMessage {
  return {
    tipo: error.code === 'RESULTADO_DESCONHECIDO' ? 'UNKNOWN_OUTCOME' : 'ERROR',
    codigo: error.code,
    mensagem:
      error.code === 'INTERNO'
        ? 'erro interno; a causa está no log do servidor'
        : error.message.slice(0, MESSAGE_CHARS_MAX),
    ...(id === undefined ? {} : { id }),
  };
}

/**
 * A mutation of the leader as sent to followers.
 * @param leaderMs the leader's clock, for followers that hold something that expires; absent if nobody does
 */
export function mutationMessage(
  origin: Origin,
  seq: number,
  mutation: KeyMutation,
  leaderMs?: number,
): ReplicationMessage | RemovalMessage {
  const dot = { origem: origin, seq, chave: mutation.key };
  const head = leaderMs === undefined ? dot : { ...dot, hora: leaderMs };
  switch (mutation.kind) {
    case 'insert':
      return {
        tipo: 'REPLICATION',
        ...head,
        valor: mutation.value,
        timestamp: mutation.version,
        instante: mutation.timestamp,
        ...(mutation.context.length === 0 ? {} : { contexto: mutation.context }),
        ...(mutation.expiresAt === undefined ? {} : { expira: mutation.expiresAt }),
      };
    case 'removeObserved':
      return {
        tipo: 'REMOVAL',
        ...head,
        observado: mutation.observed,
        ...(mutation.keep === undefined ? {} : { mantem: wireDot(mutation.keep) }),
      };
    case 'removeDots':
      return { tipo: 'REMOVAL', ...head, timestamp: mutation.version, pontos: mutation.dots.map(wireDot) };
    case 'discard':
      return {
        tipo: 'REMOVAL',
        ...head,
        pontos: mutation.dots.map(wireDot),
        ...(mutation.passed.length === 0 ? {} : { passa: mutation.passed }),
      };
  }
}
