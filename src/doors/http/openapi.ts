/** The document of OpenAPI 3.1, made from the schemas that check requests. Pure. */
import { z } from 'zod';
import type { HttpAnswer } from './exchange.js';
import { EVENTS_FORM, LINE_FORM, LINES_FORM, VALUE_FORM } from './forms.js';
import type { RouteMethod } from './route.js';
import type { RouteMethodName, Route } from './routes.js';
import { BATCH_ANSWER, LINE, PAIR, PROBLEM_DOCUMENT, STATUS } from './schemas.js';

type Json = Readonly<Record<string, unknown>>;

/** What a method is for, and what it answers. */
interface Told {
  readonly summary: string;
  readonly answers: Readonly<Record<string, Json>>;
  readonly headers?: readonly string[];
}

const SCHEMAS = { Linha: LINE, Par: PAIR, Resposta: BATCH_ANSWER, Problema: PROBLEM_DOCUMENT, Frota: STATUS };

const reference = (name: keyof typeof SCHEMAS): Json => ({ $ref: `#/components/schemas/${name}` });
const content = (form: string, schema: Json): Json => ({ [form]: { schema } });
const TEXT: Json = { type: 'string' };
const LINES: Json = { type: 'array', items: reference('Linha') };

const WRITE_HEADERS = [
  'If-Match',
  'If-None-Match',
  'Idempotency-Key',
  'X-Kvs-Tentativa',
  'X-Kvs-Confirmacao',
  'X-Kvs-Confirmacao-Prazo',
  'X-Kvs-Sessao',
];

const READ: Told = {
  summary: 'o valor de uma chave: a última versão, ou a de um número ou instante',
  answers: {
    200: {
      description: 'o valor; como JSON, a linha inteira',
      content: { ...content(VALUE_FORM, TEXT), ...content(LINE_FORM, reference('Linha')) },
    },
    304: { description: 'nada mudou desde If-None-Match' },
  },
  headers: ['If-Match', 'If-None-Match', 'X-Kvs-Sessao'],
};
const WRITE: Told = {
  summary: 'grava uma versão nova; o corpo é o valor',
  answers: { 201: { description: 'a versão gravada', content: content(LINE_FORM, reference('Linha')) } },
  headers: WRITE_HEADERS,
};
const REMOVE: Told = {
  summary: 'remove todas as versões, ou uma',
  answers: { 204: { description: 'removida' } },
  headers: ['If-Match', 'If-None-Match', 'X-Kvs-Confirmacao', 'X-Kvs-Sessao'],
};
const HISTORY: Told = {
  summary: 'todas as versões de uma chave, a mais antiga primeiro',
  answers: { 200: { description: 'as versões', content: content(LINE_FORM, LINES) } },
  headers: ['X-Kvs-Sessao'],
};

/** By method and path. */
const TOLD: Readonly<Record<string, Told>> = {
  'GET /v1/chaves/{chave}': READ,
  'GET /v1/chave': READ,
  'PUT /v1/chaves/{chave}': WRITE,
  'PUT /v1/chave': WRITE,
  'DELETE /v1/chaves/{chave}': REMOVE,
  'DELETE /v1/chave': REMOVE,
  'GET /v1/historico/{chave}': HISTORY,
  'GET /v1/historico': HISTORY,
  'GET /v1/chaves': {
    summary: 'lista as chaves de uma faixa, em ordem, com sua última versão',
    answers: {
      200: {
        description: 'uma página; Link rel="next" leva à seguinte',
        content: content(LINE_FORM, {
          anyOf: [LINES, { type: 'array', items: TEXT, description: 'com so-chaves' }],
        }),
      },
    },
    headers: ['X-Kvs-Sessao'],
  },
  'POST /v1/lote': {
    summary: 'grava muitos pares, um por linha de JSON; a resposta tem uma linha para cada um, na ordem',
    answers: {
      200: { description: 'as versões ou os erros', content: content(LINES_FORM, reference('Resposta')) },
    },
    headers: ['X-Kvs-Confirmacao', 'X-Kvs-Sessao'],
  },
  'GET /v1/observa': {
    summary: 'as mudanças, à medida que acontecem, como eventos',
    answers: {
      200: {
        description: 'eventos: insere, remove, expira, presente, recomeca, em-dia',
        content: content(EVENTS_FORM, TEXT),
      },
    },
    headers: ['Last-Event-ID', 'X-Kvs-Sessao'],
  },
  'GET /v1/estado': {
    summary: 'a frota, como este servidor a vê',
    answers: { 200: { description: 'a frota', content: content(LINE_FORM, reference('Frota')) } },
  },
  'GET /metrics': {
    summary: 'números para o Prometheus',
    answers: { 200: { description: 'texto do Prometheus', content: content(VALUE_FORM, TEXT) } },
  },
};

/** @throws Error if a method is not told of */
export function openApiDocument(routes: readonly Route[]): HttpAnswer {
  const paths = Object.fromEntries(
    routes
      .filter(({ isForPanel }) => isForPanel !== true)
      .map((route) => [
        route.path,
        Object.fromEntries(
          Object.entries(route.methods).map(([name, method]) => [
            name.toLowerCase(),
            operationOf(route.path, name as RouteMethodName, method),
          ]),
        ),
      ]),
  );
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'kvs-frota',
      version: '1',
      description:
        'Um mapa de chaves e valores com todas as suas versões. Erros são documentos application/problem+json com um código estável.',
    },
    security: [{}, { token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, schemaOf(schema)])),
    },
  };
  return {
    status: 200,
    fields: { 'content-type': LINE_FORM },
    body: `${JSON.stringify(document, undefined, 2)}\n`,
  };
}

function operationOf(path: string, name: RouteMethodName, { query, body }: RouteMethod): Json {
  const told = TOLD[`${name} ${path}`];
  if (told === undefined) throw new Error(`nothing tells of ${name} ${path}`);
  const problem = {
    description: 'erro',
    content: content('application/problem+json', reference('Problema')),
  };
  const inPath = path.includes('{chave}') ? [keyParameter()] : [];
  const inHeaders = (told.headers ?? []).map((header) => ({ name: header, in: 'header', schema: TEXT }));
  const requestBody = body === undefined ? undefined : bodyOf(body);
  return {
    summary: told.summary,
    operationId: `${name.toLowerCase()}${path.replace(/\W+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    parameters: [...inPath, ...queryParameters(query), ...inHeaders],
    ...(requestBody !== undefined && { requestBody }),
    responses: { ...told.answers, default: problem },
  };
}

function keyParameter(): Json {
  return {
    name: 'chave',
    in: 'path',
    required: true,
    description: 'em UTF-8 codificado com %; `/` e `%2F` são o mesmo',
    schema: { type: 'string', minLength: 1 },
  };
}

function queryParameters(query: RouteMethod['query']): readonly Json[] {
  const { properties = {}, required = [] } = schemaOf(query) as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    ...{ name, in: 'query', required: required.includes(name) },
    ...{ description, schema },
    ...(schema['type'] === 'boolean' && { allowEmptyValue: true }),
  }));
}

function bodyOf(kind: NonNullable<RouteMethod['body']>): Json {
  return kind === 'value'
    ? { required: true, content: content(VALUE_FORM, TEXT) }
    : { required: true, content: content(LINES_FORM, reference('Par')) };
}

/** A schema as OpenAPI 3.1 has it: what a value is once it has been read. */
function schemaOf(schema: z.ZodType): Json {
  const made = z.toJSONSchema(schema, { io: 'output' });
  return Object.fromEntries(Object.entries(made).filter(([name]) => name !== '$schema'));
}
