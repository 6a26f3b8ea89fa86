import { KvsError } from '../../core/errors.js';
import { tlsFailureOf } from '../../security/tls/failures.js';
import type { TlsFailure } from '../../security/tls/failures.js';

/**
 * What a failed attempt means:
 *
 * - `moved`, `ask`: another node has the slot, or has this key of a slot that is on its way
 * - `unready`: refused for now, nothing was done: the cluster is choosing a master, or a slot is on its way
 * - `unloaded`: the node does not have the functions yet; nothing was done
 * - `unsent`: never left this server
 * - `alone`: not done among others: to be asked by itself
 * - `full`: refused, the node's memory is used up
 * - `broken`: refused, the node cannot write to its disk
 * - `locked`: refused, the node does not let this server in, or not do what it needs
 * - `refused`: refused for another reason: a bug here, or a misconfiguration of the nodes
 * - `unknown`: sent, and the answer got lost: it may have been done, or may be done yet
 */
export type NodeMeaning =
  | ('moved' | 'ask' | 'unready' | 'unloaded' | 'unsent' | 'alone')
  | ('full' | 'broken' | 'locked' | 'refused' | 'unknown');

/** Begin of what nodes answer. Each is answered before anything is done. */
const MEANINGS: readonly (readonly [text: string, meaning: NodeMeaning])[] = [
  ['MOVED ', 'moved'],
  ['ASK ', 'ask'],
  ['TRYAGAIN', 'unready'],
  ['CLUSTERDOWN', 'unready'],
  ['NOREPLICAS', 'unready'],
  ['MASTERDOWN', 'unready'],
  ['READONLY', 'unready'],
  ['LOADING', 'unready'],
  ['BUSY', 'unready'],
  ['ERR Function not found', 'unloaded'],
  ['OOM', 'full'],
  ['MISCONF', 'broken'],
  ['NOAUTH', 'locked'],
  ['WRONGPASS', 'locked'],
  ['NOPERM', 'locked'],
];

/** Why a node lets nobody in, by the begin of what it answers. */
const LOCKED: readonly (readonly [text: string, trouble: string])[] = [
  ['NOAUTH', 'pede usuário e senha: diga --particoes-credenciais'],
  ['WRONGPASS', 'recusa o usuário ou a senha do arquivo de --particoes-credenciais'],
  ['NOPERM', 'não permite a este usuário tudo de que o servidor precisa (o guia de partições diz o quê)'],
];

/** The same for a handshake of TLS. */
const UNTRUSTED: Readonly<Partial<Record<TlsFailure, string>>> = {
  CERTIFICADO_DESCONHECIDO: 'mostra um certificado que a autoridade de --tls-ca não assinou',
  CERTIFICADO_AUTOASSINADO: 'mostra um certificado que a autoridade de --tls-ca não assinou',
  CERTIFICADO_VENCIDO: 'mostra um certificado vencido',
  CERTIFICADO_FUTURO: 'mostra um certificado que ainda não vale',
  NOME_ERRADO: 'mostra um certificado que não é para o seu endereço',
  CERTIFICADO_RECUSADO: 'recusa o certificado deste servidor (--tls-certificado)',
  SEM_CERTIFICADO: 'pede um certificado deste servidor: diga --tls-certificado e --tls-chave',
  SEM_TLS: 'fala sem TLS, e --particoes-tls pede TLS',
};

/** Errors of the client before anything is written to a connection. By name, for it throws them from several places. */
const UNSENT = new Set(['ClientOfflineError', 'ClientClosedError']);
const QUEUE_FULL = 'The queue is full';

/** @param isAnswer whether the node said so itself */
export function meaningOfError(error: Error, isAnswer: boolean): NodeMeaning {
  if (!isAnswer) {
    return UNSENT.has(error.constructor.name) || error.message === QUEUE_FULL ? 'unsent' : 'unknown';
  }
  return MEANINGS.find(([text]) => error.message.startsWith(text))?.[1] ?? 'refused';
}

/** Portuguese, for people: why a node lets nobody in; `undefined` if that may change by itself. */
export function troubleOf(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : '';
  const locked = LOCKED.find(([text]) => message.startsWith(text));
  if (locked !== undefined) return locked[1];
  const failure = tlsFailureOf(error);
  return failure && (UNTRUSTED[failure] ?? `não completa o TLS (${failure})`);
}

/** `MOVED 3999 127.0.0.1:6381`, `ASK 3999 127.0.0.1:6381`: where to; without a host: where it was asked, at that port. */
export function redirection(message: string, asked: string): string | undefined {
  const [, , where] = message.split(' ');
  if (where === undefined) return undefined;
  return where.startsWith(':') ? asked.replace(/:[0-9]+$/, where) : where;
}

export function unavailable(cause?: unknown): KvsError {
  return new KvsError(
    'SEM_MAIORIA',
    'as partições não respondem: falta um mestre, ou ele está sem réplica; nada foi gravado, tente de novo',
    { cause },
  );
}

export function unknownOutcome(cause?: unknown): KvsError {
  return new KvsError(
    'RESULTADO_DESCONHECIDO',
    'a partição não respondeu a tempo: a escrita pode ter sido feita, ou ainda ser; consulte antes de repetir',
    { cause },
  );
}

export function leavingPartitions(): KvsError {
  return new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; tente outro');
}

export function notLetIn(cause?: unknown): KvsError {
  return new KvsError(
    'SEM_MAIORIA',
    'os nós das partições não deixam este servidor entrar: confira --particoes-credenciais; nada foi gravado',
    { cause },
  );
}

export function noMemory(cause?: unknown): KvsError {
  return new KvsError(
    'LIMITE_MEMORIA',
    'a memória do mestre desta partição está cheia; nada foi gravado. Remova versões ou acrescente mestres',
    { cause },
  );
}

export function diskTrouble(cause?: unknown): KvsError {
  return new KvsError(
    'DISCO_FALHOU',
    'o mestre desta partição não consegue gravar no disco e recusa escritas; nada foi gravado',
    { cause },
  );
}

export function slowReader(): KvsError {
  return new KvsError(
    'LEITOR_LENTO',
    'o leitor ficou para trás do que as partições guardam; continue do último evento',
  );
}
