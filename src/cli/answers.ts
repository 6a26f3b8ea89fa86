import type { ErrorCode } from '../core/errors.js';
import type { Reply } from './call.js';
import { EXIT, exitOf } from './exit.js';
import type { ExitCode } from './exit.js';
import { decodeStreamReasons } from '../client/reason.js';
import { parseReason } from './failure.js';
import type { Request } from './request.js';
import type { Outcome } from './rpc.js';

/** One answer as it is shown. `refusal` is absent if it was done or found. */
export interface Answer {
  readonly key: string;
  /** What was asked; `undefined` if no version was named. */
  readonly asked: number | undefined;
  readonly value: string | undefined;
  /** Version inserted, found, or removed; 0: all were removed. */
  readonly version: number;
  readonly refusal: Refusal | undefined;
}

export interface Refusal {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly exit: ExitCode;
}

/** What a code means where the server gave no words: streams list codes only. */
const MEANING: Readonly<Record<ErrorCode, string>> = {
  NAO_AUTENTICADO: 'a credencial não vale neste servidor',
  NAO_AUTORIZADO: 'a credencial não permite isso',
  LIMITE_TENTATIVAS: 'tentativas demais com credenciais erradas; tente daqui a pouco',
  PEDIDO_INVALIDO: 'o servidor não entendeu o pedido',
  PEDIDO_REPETIDO: 'o identificador do pedido já foi usado para outra escrita',
  CHAVE_CURTA: 'a chave é curta demais',
  CHAVE_LONGA: 'a chave é longa demais',
  CHAVE_INVALIDA: 'a chave não é texto válido',
  VALOR_CURTO: 'o valor é curto demais',
  VALOR_LONGO: 'o valor é longo demais',
  VALOR_INVALIDO: 'o valor não é texto válido',
  CHAVE_INEXISTENTE: 'a chave não existe',
  VERSAO_INEXISTENTE: 'a versão não existe',
  VERSAO_ESGOTADA: 'a chave chegou à última versão possível',
  LIMITE_CHAVES: 'o servidor chegou ao limite de chaves',
  LIMITE_ORIGENS: 'a frota chegou ao limite de servidores que já escreveram',
  LIMITE_ENTRADAS: 'o servidor chegou ao limite de entradas',
  LIMITE_MEMORIA: 'o servidor chegou ao limite de memória',
  LIMITE_VERSOES_POR_CHAVE: 'a chave chegou ao limite de versões guardadas',
  LIMITE_PEDIDOS: 'pedidos ou conexões demais no servidor; tente daqui a pouco',
  LIMITE_FILA: 'há escritas demais esperando o disco do servidor; tente daqui a pouco',
  DISCO_CHEIO: 'o disco do servidor está cheio',
  DISCO_FALHOU: 'o disco do servidor recusa escritas',
  RELOGIO_ADIANTADO: 'o relógio do servidor está adiantado',
  SERVIDOR_ENTRANDO: 'o servidor ainda está entrando na frota',
  SERVIDOR_SAINDO: 'o servidor está saindo',
  SERVIDOR_PAROU: 'o servidor esteve parado enquanto o pedido esperava; nada foi feito',
  SEM_SERVIDOR: 'nenhum servidor responde',
  TLS_RECUSADO: 'a conexão TLS foi recusada',
  SEM_LIDER: 'o líder não responde; nada foi gravado',
  SEM_CONFIRMACAO: 'o valor mais novo está só no líder, e nenhum outro servidor o confirmou ainda',
  SEM_MAIORIA: 'as réplicas não respondem com maioria; nada foi gravado',
  RESULTADO_DESCONHECIDO: 'não se sabe se a escrita foi feita; consulte antes de repetir',
  CONFIRMACAO_PARCIAL: 'gravado no servidor, mas poucos outros confirmaram a tempo; não repita',
  SESSAO_ADIANTE: 'a sessão já viu escritas que este servidor ainda não tem',
  CONEXAO_OCIOSA: 'a conexão ficou parada por tempo demais',
  LEITURA_VENCIDA: 'a leitura durou mais do que as réplicas guardam o passado',
  NAO_SUPORTADO: 'o motor do servidor não oferece esta operação',
  CADASTRO_INVALIDO: 'um campo do cadastro não serve',
  CADASTRO_EXISTENTE: 'o cadastro já existe',
  CADASTRO_INEXISTENTE: 'o cadastro não existe',
  MATRICULA_RECUSADA: 'a matrícula não é possível',
  DISCIPLINA_LOTADA: 'a disciplina está lotada',
  CONFLITO: 'outros mudam os mesmos dados sem parar',
  CONFIGURACAO: 'configuração errada',
  PORTA_EM_USO: 'a porta já está em uso',
  DADOS_EM_USO: 'a pasta de dados já está em uso',
  DADOS_INVALIDOS: 'a pasta de dados não pode ser lida',
  INTERNO: 'erro interno do servidor',
};

/** The answers of a call that asked for one thing or several: replies, each beside its request and its reason. */
export function answersOf(
  request: Exclude<Request, { operation: 'snapshot' }>,
  replies: readonly Reply[],
  outcome: Outcome,
): Answer[] {
  const items = 'items' in request ? request.items : [request.item];
  const single = 'items' in request ? undefined : parseReason(outcome.reasons);
  const listed = decodeStreamReasons('items' in request ? outcome.reasons : undefined);
  const query = request.operation === 'consulta' || request.operation === 'consulta-v';
  return replies.flatMap((reply, index): Answer[] => {
    const item = items[index];
    if (item === undefined) return [];
    const asked = 'versao' in item && item.versao > 0 ? item.versao : undefined;
    const { chave: key } = item;
    if (query ? reply.versao > 0 : reply.versao >= 0) {
      return [
        { key, asked, value: query ? reply.valor : undefined, version: reply.versao, refusal: undefined },
      ];
    }
    const code = single?.code ?? listed.get(index) ?? unexplained(request.operation, asked);
    const refusal = refusalOf(code, single?.message, { key, asked, query });
    return [{ key, asked, value: undefined, version: reply.versao, refusal }];
  });
}

/** A server that gives no reason: what an empty answer to a query can only mean. */
function unexplained(operation: Request['operation'], asked: number | undefined): ErrorCode | undefined {
  if (operation === 'insere' || operation === 'insere-v') return undefined;
  return asked === undefined ? 'CHAVE_INEXISTENTE' : 'VERSAO_INEXISTENTE';
}

function refusalOf(
  code: ErrorCode | undefined,
  words: string | undefined,
  {
    key,
    asked,
    query,
  }: { readonly key: string; readonly asked: number | undefined; readonly query: boolean },
): Refusal {
  if (code === undefined) {
    return { code, exit: EXIT.refused, message: 'recusado: o servidor não disse por quê' };
  }
  const exit = exitOf(code);
  const name = JSON.stringify(key);
  if (code === 'CHAVE_INEXISTENTE') return { code, exit, message: `a chave ${name} não existe` };
  if (code === 'VERSAO_INEXISTENTE') {
    const message = query
      ? `a chave ${name} não tem versão até ${String(asked)}`
      : `a chave ${name} não tem a versão ${String(asked)}`;
    return { code, exit, message };
  }
  return { code, exit, message: `recusado: ${words ?? MEANING[code]}` };
}

/** The exit code of a whole command: that of its first answer that was not given. */
export function exitOfAnswers(answers: readonly Answer[]): ExitCode {
  return answers.find(({ refusal }) => refusal !== undefined)?.refusal?.exit ?? EXIT.ok;
}
