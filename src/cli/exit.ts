import type { ErrorCode } from '../core/errors.js';

/** Exit codes of every command. Scripts rely on them. */
export const EXIT = Object.freeze({
  ok: 0,
  /** A failure that none of the others covers. */
  failure: 1,
  /** A bad option, argument or configuration. */
  usage: 2,
  /** The key or version does not exist. */
  notFound: 3,
  /** The server answered and refused. */
  refused: 4,
  /** No server answers, or it does not serve now. */
  unavailable: 5,
  /** Whether the write was done is unknown: look before you repeat it. */
  unknown: 6,
  /** The write was done, but fewer other servers than asked for confirmed in time: do not repeat it. */
  unconfirmed: 7,
  /** A server has stopped, and its last writes are at no other server. */
  leftBehind: 8,
});

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each exit code means, for people. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = Object.freeze({
  [EXIT.ok]: 'certo',
  [EXIT.failure]: 'falha',
  [EXIT.usage]: 'uso errado: uma opção, um argumento ou um arquivo de opções',
  [EXIT.notFound]: 'a chave ou a versão não existe',
  [EXIT.refused]: 'o servidor respondeu e recusou',
  [EXIT.unavailable]: 'nenhum servidor responde, ou não atende agora',
  [EXIT.unknown]: 'não se sabe se a escrita foi feita: olhe antes de repetir',
  [EXIT.unconfirmed]: 'escrita feita, mas não confirmada por tantos servidores: não repita',
  [EXIT.leftBehind]: 'o servidor saiu com escritas que nenhum outro tem',
});

/** The exit code of each error, and its meaning if the server sent no message: streams list codes only. */
const ERRORS: Readonly<Record<ErrorCode, readonly [exit: ExitCode, meaning: string]>> = Object.freeze({
  NAO_AUTENTICADO: [EXIT.refused, 'a credencial não vale neste servidor'],
  NAO_AUTORIZADO: [EXIT.refused, 'a credencial não permite isso'],
  LIMITE_TENTATIVAS: [EXIT.refused, 'tentativas demais com credenciais erradas; tente daqui a pouco'],
  CHAVE_CURTA: [EXIT.refused, 'a chave é curta demais'],
  CHAVE_LONGA: [EXIT.refused, 'a chave é longa demais'],
  CHAVE_INVALIDA: [EXIT.refused, 'a chave não é texto válido'],
  VALOR_CURTO: [EXIT.refused, 'o valor é curto demais'],
  VALOR_LONGO: [EXIT.refused, 'o valor é longo demais'],
  VALOR_INVALIDO: [EXIT.refused, 'o valor não é texto válido'],
  PEDIDO_INVALIDO: [EXIT.refused, 'o servidor não entendeu o pedido'],
  PEDIDO_REPETIDO: [EXIT.refused, 'o identificador do pedido já foi usado para outra escrita'],
  CHAVE_INEXISTENTE: [EXIT.notFound, 'a chave não existe'],
  VERSAO_INEXISTENTE: [EXIT.notFound, 'a versão não existe'],
  VERSAO_OUTRA: [EXIT.refused, 'a última versão da chave não é a esperada'],
  VERSAO_ESGOTADA: [EXIT.refused, 'a chave chegou à última versão possível'],
  LIMITE_CHAVES: [EXIT.refused, 'o servidor chegou ao limite de chaves'],
  LIMITE_ORIGENS: [EXIT.refused, 'a frota chegou ao limite de servidores que já escreveram'],
  LIMITE_ENTRADAS: [EXIT.refused, 'o servidor chegou ao limite de entradas'],
  LIMITE_MEMORIA: [EXIT.refused, 'o servidor chegou ao limite de memória'],
  LIMITE_VERSOES_POR_CHAVE: [EXIT.refused, 'a chave chegou ao limite de versões guardadas'],
  LIMITE_PEDIDOS: [EXIT.refused, 'pedidos ou conexões demais no servidor; tente daqui a pouco'],
  LIMITE_FILA: [EXIT.refused, 'há escritas demais esperando o disco do servidor; tente daqui a pouco'],
  DISCO_CHEIO: [EXIT.refused, 'o disco do servidor está cheio'],
  DISCO_FALHOU: [EXIT.refused, 'o disco do servidor recusa escritas'],
  RELOGIO_ADIANTADO: [EXIT.refused, 'o relógio do servidor está adiantado'],
  SERVIDOR_ENTRANDO: [EXIT.unavailable, 'o servidor ainda está entrando na frota'],
  SERVIDOR_SAINDO: [EXIT.unavailable, 'o servidor está saindo'],
  SERVIDOR_PAROU: [EXIT.unavailable, 'o servidor esteve parado enquanto o pedido esperava; nada foi feito'],
  SEM_SERVIDOR: [EXIT.unavailable, 'nenhum servidor responde'],
  TLS_RECUSADO: [EXIT.unavailable, 'a conexão TLS foi recusada'],
  SEM_MAIORIA: [EXIT.unavailable, 'as réplicas não respondem com maioria; nada foi gravado'],
  SEM_LIDER: [EXIT.unavailable, 'o líder não responde; nada foi gravado'],
  SEM_CONFIRMACAO: [
    EXIT.unavailable,
    'o valor mais novo está só no líder, e nenhum outro servidor o confirmou ainda',
  ],
  RESULTADO_DESCONHECIDO: [EXIT.unknown, 'não se sabe se a escrita foi feita; consulte antes de repetir'],
  CONFIRMACAO_PARCIAL: [
    EXIT.unconfirmed,
    'gravado no servidor, mas poucos outros confirmaram a tempo; não repita',
  ],
  SESSAO_ADIANTE: [EXIT.unavailable, 'a sessão já viu escritas que este servidor ainda não tem'],
  LEITURA_VENCIDA: [EXIT.failure, 'a leitura durou mais do que as réplicas guardam o passado'],
  LEITOR_LENTO: [EXIT.failure, 'a leitura ficou para trás do que se guarda; continue do último evento'],
  CONEXAO_OCIOSA: [EXIT.failure, 'a conexão ficou parada por tempo demais'],
  NAO_SUPORTADO: [EXIT.refused, 'o motor do servidor não oferece esta operação'],
  CADASTRO_INVALIDO: [EXIT.refused, 'um campo do cadastro não serve'],
  CADASTRO_EXISTENTE: [EXIT.refused, 'o cadastro já existe'],
  CADASTRO_INEXISTENTE: [EXIT.notFound, 'o cadastro não existe'],
  MATRICULA_RECUSADA: [EXIT.refused, 'a matrícula não é possível'],
  DISCIPLINA_LOTADA: [EXIT.refused, 'a disciplina está lotada'],
  CONFLITO: [EXIT.unavailable, 'outros mudam os mesmos dados sem parar'],
  CONFIGURACAO: [EXIT.usage, 'configuração errada'],
  PORTA_EM_USO: [EXIT.usage, 'a porta já está em uso'],
  DADOS_EM_USO: [EXIT.usage, 'a pasta de dados já está em uso'],
  DADOS_INVALIDOS: [EXIT.usage, 'a pasta de dados não pode ser lida'],
  INTERNO: [EXIT.failure, 'erro interno do servidor'],
});

/** The exit code of an error. */
export function exitOf(code: ErrorCode): ExitCode {
  return ERRORS[code][0];
}

/** What an error means, in Portuguese. */
export function errorText(code: ErrorCode): string {
  return ERRORS[code][1];
}
