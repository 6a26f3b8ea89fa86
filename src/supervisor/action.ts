import * as z from 'zod';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { laboratoryLimits } from '../laboratory/limits.js';
import { supervisorLimits } from './limits.js';

/** What can be asked of the laboratory. */
export type LaboratoryAction = z.infer<typeof ACTION>;
export type CallAction = Extract<LaboratoryAction, { acao: 'chama' }>;

const servidor = z.string().max(laboratoryLimits.nameChars);
const texto = (bytesMax: number): z.ZodString =>
  z.string().refine((text) => Buffer.byteLength(text) <= bytesMax, `passa de ${bytesMax} bytes`);
const int = (least: number, most: number): z.ZodInt => z.int().min(least).max(most);

const ACTION = z.discriminatedUnion('acao', [
  z.strictObject({ acao: z.enum(['isola', 'liga', 'mata', 'inicia']), servidor }),
  z.strictObject({
    ...{ acao: z.literal('relogio'), servidor },
    ms: int(-supervisorLimits.clockMs, supervisorLimits.clockMs),
  }),
  z.strictObject({ acao: z.literal('perde'), servidor, por_mil: int(0, 1_000) }),
  z.strictObject({
    ...{ acao: z.literal('chama'), servidor, cliente: servidor },
    operacao: z.enum(['insert', 'query', 'remove', 'history', 'compare']),
    chave: texto(limits.keyBytes),
    valor: texto(limits.valueBytes).optional(),
    versao: int(0, limits.version).optional(),
    sessao: z.boolean().optional(),
    confirma: int(0, limits.confirmServers).optional(),
  }),
  z.strictObject({ acao: z.literal('marca'), texto: z.string().min(1).max(laboratoryLimits.markChars) }),
  z.strictObject({ acao: z.literal('motor'), motor: z.enum(['frota', 'consenso', 'lider']) }),
  z.strictObject({ acao: z.literal('recomeca') }),
]);

/** @throws KvsError PEDIDO_INVALIDO, which names the field */
export function actionOf(body: unknown): LaboratoryAction {
  const parsed = ACTION.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.map(String).join('.') ?? '';
    throw invalid(
      where === ''
        ? 'esperado um objeto JSON com "acao" e só os campos dela'
        : `o campo "${where}" falta ou não serve`,
    );
  }
  const action = parsed.data;
  if (action.acao !== 'chama') return action;
  const { operacao, valor, versao } = action;
  const needsValue = operacao === 'insert' || operacao === 'compare';
  if (needsValue && valor === undefined) throw invalid(`${operacao} precisa de "valor"`);
  if (operacao === 'compare' && versao === undefined) throw invalid('compare precisa de "versao"');
  return action;
}

function invalid(message: string): KvsError {
  return new KvsError('PEDIDO_INVALIDO', message);
}
