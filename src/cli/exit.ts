import type { ErrorCode } from '../core/errors.js';

/** Exit codes of every command. Scripts rely on them. */
export const EXIT = Object.freeze({
  ok: 0,
  /** Something went wrong that none of the others says. */
  failure: 1,
  /** A bad option, argument or configuration. */
  usage: 2,
  /** The key or version does not exist. */
  notFound: 3,
  /** The server answered and refused. */
  refused: 4,
  /** No server answers, or it does not serve now. */
  unavailable: 5,
  /** Nobody can tell whether the write was done: look before you repeat it. */
  unknown: 6,
  /** The write was done, but fewer other servers than asked for said in time that they hold it: do not repeat it. */
  unconfirmed: 7,
  /** A server has stopped, and what was written at it last is at no other. */
  leftBehind: 8,
});

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_OF_ERROR: Readonly<Record<ErrorCode, ExitCode>> = Object.freeze({
  NAO_AUTENTICADO: EXIT.refused,
  NAO_AUTORIZADO: EXIT.refused,
  LIMITE_TENTATIVAS: EXIT.refused,
  CHAVE_CURTA: EXIT.refused,
  CHAVE_LONGA: EXIT.refused,
  CHAVE_INVALIDA: EXIT.refused,
  VALOR_CURTO: EXIT.refused,
  VALOR_LONGO: EXIT.refused,
  VALOR_INVALIDO: EXIT.refused,
  PEDIDO_INVALIDO: EXIT.refused,
  PEDIDO_REPETIDO: EXIT.refused,
  CHAVE_INEXISTENTE: EXIT.notFound,
  VERSAO_INEXISTENTE: EXIT.notFound,
  VERSAO_ESGOTADA: EXIT.refused,
  LIMITE_CHAVES: EXIT.refused,
  LIMITE_ORIGENS: EXIT.refused,
  LIMITE_ENTRADAS: EXIT.refused,
  LIMITE_MEMORIA: EXIT.refused,
  LIMITE_VERSOES_POR_CHAVE: EXIT.refused,
  LIMITE_PEDIDOS: EXIT.refused,
  LIMITE_FILA: EXIT.refused,
  DISCO_CHEIO: EXIT.refused,
  DISCO_FALHOU: EXIT.refused,
  RELOGIO_ADIANTADO: EXIT.refused,
  SERVIDOR_ENTRANDO: EXIT.unavailable,
  SERVIDOR_SAINDO: EXIT.unavailable,
  SERVIDOR_PAROU: EXIT.unavailable,
  SEM_SERVIDOR: EXIT.unavailable,
  TLS_RECUSADO: EXIT.unavailable,
  SEM_MAIORIA: EXIT.unavailable,
  SEM_LIDER: EXIT.unavailable,
  SEM_CONFIRMACAO: EXIT.unavailable,
  RESULTADO_DESCONHECIDO: EXIT.unknown,
  CONFIRMACAO_PARCIAL: EXIT.unconfirmed,
  SESSAO_ADIANTE: EXIT.unavailable,
  LEITURA_VENCIDA: EXIT.failure,
  CONEXAO_OCIOSA: EXIT.failure,
  NAO_SUPORTADO: EXIT.refused,
  CADASTRO_INVALIDO: EXIT.refused,
  CADASTRO_EXISTENTE: EXIT.refused,
  CADASTRO_INEXISTENTE: EXIT.notFound,
  MATRICULA_RECUSADA: EXIT.refused,
  DISCIPLINA_LOTADA: EXIT.refused,
  CONFLITO: EXIT.unavailable,
  CONFIGURACAO: EXIT.usage,
  PORTA_EM_USO: EXIT.usage,
  DADOS_EM_USO: EXIT.usage,
  DADOS_INVALIDOS: EXIT.usage,
  INTERNO: EXIT.failure,
});

/** The exit code of an error. */
export function exitOf(code: ErrorCode): ExitCode {
  return EXIT_OF_ERROR[code];
}
