import type { Row } from '../../ports/engine.js';
import { NULL, TRY_OTHER } from './messages.js';
import type { MensagemAnswer, GetAnswer, WireRow } from './messages.js';

/**
 * The rule that keeps clients from going back in time (contract, section 5): a server answers with what it has only if
 * that is not older than what the client has seen. A missing value is older than any.
 */
export function getAnswer(key: string, seen: number, row: Row | undefined, later = false): GetAnswer {
  const timestamp = row?.version ?? 0;
  if (later || timestamp < seen) return { tipo: TRY_OTHER, chave: key, valor: TRY_OTHER, timestamp };
  if (row === undefined) return { tipo: NULL, chave: key, valor: NULL, timestamp };
  return { tipo: 'GET_OK', chave: key, valor: row.value, timestamp };
}

export function withId(answer: MensagemAnswer, id: number | undefined): MensagemAnswer {
  return id === undefined ? answer : ({ ...answer, id } as MensagemAnswer);
}

export function wireRow({ value, version, timestamp, expiresAt }: Row): WireRow {
  const row = { valor: value, versao: version, instante: timestamp };
  return expiresAt === undefined ? row : { ...row, expira: expiresAt };
}
