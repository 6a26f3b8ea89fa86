import * as check from '../checks.js';
import type { Fields } from '../checks.js';
import { ERROR_CODES, KvsError } from '../../core/errors.js';
import type { ErrorCode } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import { fieldOf } from './names.js';
import { MENSAGEM_FORMAT, OPERATION_KINDS } from './messages.js';
import type { OperationOkMessage, WireClient, WireRow } from './messages.js';

// Readers of the fields of a `Mensagem`. All throw a `KvsError` or a `Rejection` if a field is invalid.

/** Greatest length of an IP address or host name. */
const HOST_CHARS = 255;

/** Reports a bad key differently from other bad fields, as the other doors do. */
export function key(fields: Fields): string {
  const given = fieldOf(fields, 'chave');
  if (typeof given !== 'string') throw new KvsError('CHAVE_INVALIDA', 'falta a chave ("chave"), um texto');
  if (isLonger(given, limits.keyBytes))
    throw new KvsError('CHAVE_LONGA', `a chave passa de ${limits.keyBytes} bytes`);
  return given;
}

export function value(fields: Fields): string {
  const given = fieldOf(fields, 'valor');
  if (typeof given !== 'string') throw new KvsError('VALOR_INVALIDO', 'falta o valor ("valor"), um texto');
  if (isLonger(given, limits.valueBytes))
    throw new KvsError('VALOR_LONGO', `o valor passa de ${limits.valueBytes} bytes`);
  return given;
}

function isLonger(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && Buffer.byteLength(text) > bytes;
}

export function format(fields: Fields): number {
  const formato = check.count(fields['formato']);
  if (formato === MENSAGEM_FORMAT) return formato;
  throw new KvsError(
    'PEDIDO_INVALIDO',
    `formato ${formato} desconhecido; este servidor fala o ${MENSAGEM_FORMAT}`,
  );
}

/** The level of the sender, if it says one. */
export function level(fields: Fields): { readonly nivel?: number } {
  return fields['nivel'] === undefined ? {} : { nivel: check.sequence(fields['nivel']) };
}

/** The leader's clock, if the sender says it. */
export function leaderTime(fields: Fields): { readonly hora?: number } {
  return fields['hora'] === undefined ? {} : { hora: check.timestamp(fields['hora']) };
}

/** The leader's last seq that all servers hold, if the sender says it. */
export function everywhere(fields: Fields): { readonly emTodos?: number } {
  return fields['emTodos'] === undefined ? {} : { emTodos: check.count(fields['emTodos']) };
}

/** A time to live, in ms. */
export function ttl(fields: Fields): number {
  return check.whole(fields['ttl'], 1, limits.ttlSeconds * 1000, 'TEMPO');
}

export function dotFields(fields: Fields): { origem: string; seq: number } {
  return { origem: check.origin(fields['origem']), seq: check.sequence(fields['seq']) };
}

export function address(given: unknown): string {
  return check.text(given, HOST_CHARS + 8, 'CAMPO');
}

export function readClient(given: unknown): WireClient {
  const fields = check.fields(given);
  return {
    ip: check.text(fields['ip'], HOST_CHARS, 'CAMPO'),
    porta: check.whole(fields['porta'], 0, 65_535, 'CAMPO'),
  };
}

export function readRow(given: unknown): WireRow {
  const fields = check.fields(given);
  return {
    valor: value(fields),
    versao: check.version(fields['versao']),
    instante: check.timestamp(fields['instante']),
    ...(fields['expira'] === undefined ? {} : { expira: check.timestamp(fields['expira']) }),
  };
}

/** What was removed, if the sender says it. */
export function removed(fields: Fields): Pick<OperationOkMessage, 'removidas'> {
  if (fields['removidas'] === undefined) return {};
  const { chaves, versoes } = check.fields(fields['removidas']);
  return { removidas: { chaves: check.count(chaves), versoes: check.count(versoes) } };
}

export function operationKind(given: unknown): (typeof OPERATION_KINDS)[number] {
  const kind = OPERATION_KINDS.find((known) => known === given);
  if (kind === undefined) throw new KvsError('PEDIDO_INVALIDO', 'operação desconhecida');
  return kind;
}

export function code(given: unknown): ErrorCode {
  return ERROR_CODES.find((known) => known === given) ?? 'INTERNO';
}
