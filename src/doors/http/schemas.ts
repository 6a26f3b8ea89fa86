/** What requests may say and answers have. The document of OpenAPI is made from the same schemas. */
import { z } from 'zod';
import { limits } from '../../core/limits.js';
import { httpLimits } from './limits.js';

/** A whole number in decimal digits, without sign, blanks or leading zeros. */
function whole(min: number, max: number, description: string) {
  const error = `esperado um inteiro de ${min} a ${max}`;
  return z
    .string({ error })
    .regex(/^(0|[1-9]\d{0,15})$/, { error })
    .transform(Number)
    .pipe(z.int({ error }).min(min, { error }).max(max, { error }))
    .describe(description);
}

function text(description: string) {
  return z.string().describe(description);
}

/** `?name` alone is a yes. */
function flag(description: string) {
  const error = 'esperado sim ou nao';
  return z
    .enum(['', 'sim', 'true', '1', 'nao', 'false', '0'], { error })
    .transform((given) => ['', 'sim', 'true', '1'].includes(given))
    .pipe(z.boolean())
    .describe(description);
}

const version = (description: string) => whole(1, limits.version, description);
const key = z.string({ error: 'falta a chave' }).describe('a chave; `/` e `%2F` são o mesmo');

export const NO_QUERY = z.strictObject({});
/** For keys that a path cannot carry. */
const NAMED = { chave: key };

const READ = {
  versao: version('a maior versão até esta; sem ela, a última').optional(),
  em: whole(0, limits.timestampMs, 'a que valia neste instante, em ms desde 1970').optional(),
};
const WRITE = {
  ttl: whole(1, limits.ttlSeconds, 'o valor expira depois de tantos segundos').optional(),
};
const REMOVE = {
  versao: version('só esta versão; sem ela, todas').optional(),
};

export const QUERIES = {
  read: z.strictObject(READ),
  readNamed: z.strictObject({ ...NAMED, ...READ }),
  write: z.strictObject(WRITE),
  writeNamed: z.strictObject({ ...NAMED, ...WRITE }),
  remove: z.strictObject(REMOVE),
  removeNamed: z.strictObject({ ...NAMED, ...REMOVE }),
  named: z.strictObject(NAMED),
  list: z.strictObject({
    prefixo: text('chaves que começam assim').optional(),
    de: text('da primeira, ela incluída').optional(),
    ate: text('até a última, ela incluída').optional(),
    limite: whole(
      1,
      httpLimits.pageLinesMax,
      `linhas da página; ${httpLimits.pageLines} se nada se diz`,
    ).optional(),
    depois: text('depois desta: a última da página anterior').optional(),
    'so-chaves': flag('só as chaves, como textos').optional(),
  }),
  watch: z.strictObject({
    prefixo: text('mudanças de chaves que começam assim').optional(),
    chave: text('mudanças desta chave').optional(),
    inicio: z
      .enum(['agora', 'tudo'], { error: 'esperado agora ou tudo' })
      .describe('desde agora, ou primeiro tudo o que há')
      .optional(),
    desde: text('o símbolo do último evento visto; `Last-Event-ID` vale mais').optional(),
  }),
};

export const LINE = z
  .strictObject({
    chave: z.string(),
    valor: z.string(),
    versao: z.int().min(1).max(limits.version).describe('1, 2, 3, … por chave'),
    ts: z.int().min(0).describe('ms desde 1970, sempre crescente por chave'),
    origem: z.string().describe('quem gravou'),
    servidor: z.string().describe('nome do servidor que gravou, se é conhecido'),
    expira: z.int().min(0).describe('ms desde 1970; 0: nunca'),
    atual: z.boolean().describe('nenhuma outra a substitui'),
    irma: z.boolean().describe('outra entrada tem este número'),
    estavel: z.boolean().describe('todos os servidores conhecidos a têm'),
  })
  .describe('uma versão de uma chave');
export type LineJson = z.output<typeof LINE>;

/** A line of a batch. */
export const PAIR = z.strictObject({ chave: z.string(), valor: z.string() });

export const BATCH_ANSWER = z.union([
  z.strictObject({ chave: z.string(), versao: z.int() }),
  z.strictObject({
    chave: z.string().nullable(),
    codigo: z.string().describe('código estável do erro'),
    detail: z.string().describe('o que houve e o que fazer'),
  }),
]);

export const PROBLEM_DOCUMENT = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    codigo: z.string().describe('código estável do erro'),
    detail: z.string().describe('o que houve e o que fazer'),
  })
  .describe('um erro (RFC 9457)');

export const STATUS = z
  .strictObject({
    frota: z.string(),
    motor: z.string(),
    servidores: z.array(
      z.strictObject({
        nome: z.string(),
        endereco: z.string(),
        origem: z.string(),
        estado: z.string(),
        versao_programa: z.string(),
        eu: z.boolean(),
        atraso: z.int().describe('mutações que lhe faltam do que este tem'),
        visto_ms: z.int(),
      }),
    ),
    broker: z.string(),
    de_acordo: z.boolean(),
    chaves: z.int(),
    versoes: z.int(),
    bytes: z.int(),
    avisos: z.array(z.string()),
  })
  .describe('a frota, como este servidor a vê');
export type StatusJson = z.output<typeof STATUS>;
