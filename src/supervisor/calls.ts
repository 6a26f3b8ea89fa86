import { KvsClient } from '../client/client.js';
import type { CallTerms, Rpc, Sent } from '../client/call.js';
import { confirmationsOf } from '../client/confirmations.js';
import { callError } from '../client/library/failure.js';
import { kvsLineOf, loja } from '../client/library/lines.js';
import type { KvsLine } from '../client/library/public.js';
import { ClientSession } from '../client/session.js';
import { KvsError } from '../core/errors.js';
import type { ErrorCode } from '../core/errors.js';
import { laboratoryLimits } from '../laboratory/limits.js';
import type { CallAnswered, RecordedLine } from '../laboratory/recording.js';
import type { CallAction } from './action.js';
import { supervisorLimits } from './limits.js';

type Answer = Pick<CallAnswered, 'code' | 'message' | 'lines' | 'isCut'>;

const reads = { writes: false, read: kvsLineOf } as const;
const writes = { writes: true, read: kvsLineOf } as const;
const CALLS: Readonly<Record<Exclude<CallAction['operacao'], 'remove'>, Rpc<KvsLine>>> = {
  insert: { ...loja('Grava'), ...writes },
  query: { ...loja('Le'), ...reads },
  history: { ...loja('Historico'), ...reads },
  compare: { ...loja('Compara'), ...writes },
};
const REMOVE: Rpc<undefined> = { ...loja('Remove'), writes: true, read: () => undefined };

/** Nobody knows whether it was done. */
const UNKNOWN: ErrorCode = 'RESULTADO_DESCONHECIDO';

/** The clients of a run: each has a session, which goes on from call to call, at whichever server. */
export class LaboratoryClients {
  private readonly sessions = new Map<string, ClientSession>();

  /** Makes one call at one server. Never rejects: whatever comes of it is the answer. */
  async call(port: number, action: CallAction): Promise<Answer> {
    const client = await KvsClient.open({
      ...{ servers: [{ host: '127.0.0.1', port }], discovers: false, isLasting: true },
      ...{ timeoutMs: supervisorLimits.callMs, token: undefined, tls: undefined },
    });
    const lines: KvsLine[] = [];
    try {
      const take = (line: KvsLine | undefined): undefined => {
        if (line !== undefined) lines.push(line);
        return undefined;
      };
      const rpc: Rpc<KvsLine | undefined> = action.operacao === 'remove' ? REMOVE : CALLS[action.operacao];
      const outcome = await client.call(rpc, sentOf(action), take, this.termsOf(action));
      if (outcome.failed === undefined) return { code: 'OK', message: '', ...recorded(lines) };
      throw callError(outcome, outcome.failed, supervisorLimits.callMs);
    } catch (thrown) {
      const { code, message } = KvsError.from(thrown);
      return { code: code === UNKNOWN ? 'SEM_RESPOSTA' : code, message, ...recorded(lines) };
    } finally {
      client.close();
    }
  }

  private termsOf({ cliente, sessao, confirma }: CallAction): CallTerms {
    const { callMs: timeoutMs } = supervisorLimits;
    return {
      ...(sessao === true && { session: this.sessionOf(cliente) }),
      ...(confirma !== undefined && confirma > 0 && { confirmations: confirmationsOf(confirma, timeoutMs) }),
    };
  }

  private sessionOf(client: string): ClientSession {
    const session = this.sessions.get(client) ?? new ClientSession('nova');
    this.sessions.set(client, session);
    return session;
  }
}

function sentOf({ operacao, chave, valor = '', versao }: CallAction): Sent {
  const version = versao === undefined ? {} : { versao };
  switch (operacao) {
    case 'insert':
      return { items: [{ chave, valor }] };
    case 'compare':
      return { item: { chave, valor, ...version } };
    default:
      return { item: { chave, ...version } };
  }
}

/** The newest lines, as many as a recording takes. */
function recorded(lines: readonly KvsLine[]): Pick<Answer, 'lines' | 'isCut'> {
  const kept: RecordedLine[] = [];
  let room: number = laboratoryLimits.answerBytes;
  for (const { value, version, timestamp, origin, isHead, isSibling } of lines.toReversed()) {
    room -= Buffer.byteLength(value) + LINE_BYTES;
    if (room < 0) break;
    kept.push({ value, version, timestampMs: timestamp, origin, isHead, isSibling });
  }
  return { lines: kept.reverse(), ...(kept.length < lines.length && { isCut: true }) };
}

/** What a line takes beside its value. */
const LINE_BYTES = 256;
