import { decodeStreamReasons } from '../../client/reason.js';
import type { ErrorCode } from '../../core/errors.js';
import { EXIT, exitOf, errorText } from '../exit.js';
import { parseReason } from '../failure.js';
import type { Failure } from '../failure.js';
import { dated } from '../rendering/dates.js';
import type { KeyAnswer, KeyOperation, KeyReply } from './operation.js';
import type { OperationRequest } from './request.js';

/**
 * @param reply the reply with this index within its call, from 0
 * @param reasons in the trailing metadata of the call, still encoded
 * @returns `undefined` for a reply without a request
 */
export function answerOf(
  { operation, asked: items, ttlSeconds }: OperationRequest,
  reply: KeyReply,
  index: number,
  reasons: string | undefined,
): KeyAnswer | undefined {
  const named = (operation.answers === 'rows' ? items : items.slice(index, index + 1)).flatMap(
    ({ version }) => (version !== undefined && version > 0n ? [version] : []),
  );
  // Of two versions, the greater counts.
  const asked = named.reduce<bigint | undefined>(
    (most, one) => (most !== undefined && most > one ? most : one),
    undefined,
  );
  const key = reply.key ?? items[index]?.key;
  if (key === undefined) return undefined;
  const { found, assigned } = reply;
  const answer = { operation, key, asked, found, assigned, ttlSeconds };
  if (found !== undefined || assigned > 0n) return { ...answer, refusal: undefined };
  const only = operation.answers === 'one' ? parseReason(reasons) : undefined;
  const code = only?.code ?? decodeStreamReasons(reasons).get(index) ?? unexplained(operation, asked);
  return { ...answer, refusal: refusalOf(operation, key, asked, code, only?.message) };
}

/** The code of a refusal for which the server gives no reason. */
function unexplained({ blank }: KeyOperation, asked: bigint | undefined): ErrorCode | undefined {
  if (blank === 'refused') return undefined;
  return asked === undefined ? 'CHAVE_INEXISTENTE' : 'VERSAO_INEXISTENTE';
}

function refusalOf(
  { rpc, door }: KeyOperation,
  key: string,
  asked: bigint | undefined,
  code: ErrorCode | undefined,
  words: string | undefined,
): Failure {
  if (code === undefined) {
    return { code, exit: EXIT.refused, message: 'recusado: o servidor não disse por quê' };
  }
  const exit = exitOf(code);
  const name = JSON.stringify(key);
  if (code === 'CHAVE_INEXISTENTE') return { code, exit, message: `a chave ${name} não existe` };
  if (code === 'VERSAO_INEXISTENTE') {
    const version = `${String(asked)}${door.isTimed && asked !== undefined ? dated(asked) : ''}`;
    return {
      code,
      exit,
      message: `a chave ${name} não tem ${rpc.writes ? 'a versão' : 'versão até'} ${version}`,
    };
  }
  return { code, exit, message: `recusado: ${words ?? errorText(code)}` };
}
