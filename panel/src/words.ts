import { englishState } from './fleet/server-state.js';
import { say } from './text.js';

/** A word of the server for a state, in the language of the page. */
export function stateWord(state: string): string {
  return say(state, englishState(state));
}

/** Names of limits, and what they count. */
const LIMITS: Readonly<Record<string, readonly [pt: string, en: string]>> = {
  chaves: ['chaves', 'keys'],
  entradas: ['versões ao todo', 'versions in all'],
  versoes: ['versões de uma chave', 'versions of one key'],
  bytes: ['memória dos dados', 'memory of the data'],
  origens: ['origens', 'origins'],
  espaco: ['disco das réplicas', 'disk of the replicas'],
};

/** A limit by its name at the server. */
export function limitWord(name: string): string {
  const [pt, en] = LIMITS[name] ?? [name, name];
  return say(pt, en);
}

/** What refusals mean, for readers of English: the server explains in Portuguese. */
const REFUSALS: Readonly<Record<string, string>> = {
  NAO_AUTENTICADO: 'this server asks for a token',
  NAO_AUTORIZADO: 'your credential may not do this',
  LIMITE_TENTATIVAS: 'too many wrong tokens: wait a few seconds',
  PEDIDO_INVALIDO: 'the request is not valid',
  CHAVE_CURTA: 'the key is too short',
  CHAVE_LONGA: 'the key is too long',
  CHAVE_INVALIDA: 'the key is not valid',
  VALOR_LONGO: 'the value is too long',
  VALOR_INVALIDO: 'the value is not valid',
  CHAVE_INEXISTENTE: 'there is no such key',
  VERSAO_INEXISTENTE: 'there is no such version',
  VERSAO_OUTRA: 'the key is at another version: nothing was done',
  VERSAO_ESGOTADA: 'the key has no version numbers left',
  LIMITE_CHAVES: 'the limit of keys is reached',
  LIMITE_ENTRADAS: 'the limit of versions is reached',
  LIMITE_MEMORIA: 'the limit of memory is reached',
  LIMITE_VERSOES_POR_CHAVE: 'the limit of versions of this key is reached',
  LIMITE_PEDIDOS: 'too many requests at once: try again',
  SERVIDOR_ENTRANDO: 'the server is still joining: try again',
  SERVIDOR_SAINDO: 'the server is leaving: use another',
  SEM_MAIORIA: 'no majority of the replicas answers',
  SEM_LIDER: 'the leader cannot be reached',
  RESULTADO_DESCONHECIDO: 'nobody knows whether it was done',
  RELOGIO_ADIANTADO: 'the clock of the server is too far ahead',
  DISCO_CHEIO: 'the disk is full',
  NAO_SUPORTADO: 'this engine cannot do this',
};

/** What a refusal means, in the language of the page. */
export function refusalWord(code: string, detail: string): string {
  const en = REFUSALS[code];
  return say(detail, en ?? detail);
}
