/**
 * The one error class. Codes are stable and part of the interface; messages (Portuguese, for people) are not.
 * `docs/ERRORS.md` has a line for each code; `doors/grpc/errors.ts` maps codes to gRPC status, `cli/exit.ts` to exit codes.
 */

export const ERROR_CODES = [
  'NAO_AUTENTICADO',
  'NAO_AUTORIZADO',
  'LIMITE_TENTATIVAS',
  'PEDIDO_INVALIDO',
  'PEDIDO_REPETIDO',
  'CHAVE_CURTA',
  'CHAVE_LONGA',
  'CHAVE_INVALIDA',
  'VALOR_CURTO',
  'VALOR_LONGO',
  'VALOR_INVALIDO',
  'CHAVE_INEXISTENTE',
  'VERSAO_INEXISTENTE',
  'VERSAO_OUTRA',
  'VERSAO_ESGOTADA',
  'LIMITE_CHAVES',
  'LIMITE_ORIGENS',
  'LIMITE_ENTRADAS',
  'LIMITE_MEMORIA',
  'LIMITE_VERSOES_POR_CHAVE',
  'LIMITE_PEDIDOS',
  'LIMITE_FILA',
  'DISCO_CHEIO',
  'DISCO_FALHOU',
  'RELOGIO_ADIANTADO',
  'SERVIDOR_ENTRANDO',
  'SERVIDOR_SAINDO',
  'SERVIDOR_PAROU',
  'SEM_SERVIDOR',
  'TLS_RECUSADO',
  'SEM_MAIORIA',
  'SEM_LIDER',
  'SEM_CONFIRMACAO',
  'RESULTADO_DESCONHECIDO',
  'CONFIRMACAO_PARCIAL',
  'SESSAO_ADIANTE',
  'LEITURA_VENCIDA',
  'LEITOR_LENTO',
  'CONEXAO_OCIOSA',
  'NAO_SUPORTADO',
  'CADASTRO_INVALIDO',
  'CADASTRO_EXISTENTE',
  'CADASTRO_INEXISTENTE',
  'MATRICULA_RECUSADA',
  'DISCIPLINA_LOTADA',
  'CONFLITO',
  'CONFIGURACAO',
  'PORTA_EM_USO',
  'DADOS_EM_USO',
  'DADOS_INVALIDOS',
  'INTERNO',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export class KvsError extends Error {
  override readonly name = 'KvsError';

  /**
   * @param code stable code
   * @param message Portuguese, for people: what went wrong and what to do
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /**
   * Converts anything thrown to a KvsError: a KvsError stays itself, anything else becomes `INTERNO` with the original
   * as cause.
   */
  static from(thrown: unknown): KvsError {
    if (thrown instanceof KvsError || isOfCopy(thrown)) return thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return new KvsError('INTERNO', `erro interno: ${text}`, { cause: thrown });
  }
}

/** Whether this is an error of another copy of the class: the bundle of the commands has one, the servers that it loads another. */
function isOfCopy(thrown: unknown): thrown is KvsError {
  return thrown instanceof Error && thrown.name === 'KvsError' && 'code' in thrown;
}
