import picocolors from 'picocolors';
import type { Flags } from '../../config/settings.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { parseReason } from '../failure.js';
import { visible } from '../format.js';
import type { Output } from '../output.js';
import { jsonFromEnv, targetOf } from '../request.js';
import type { Target } from '../request.js';
import { call } from './call.js';
import type { Fields, Reply } from './call.js';
import { adminRequestOf, enrolmentRequestOf, ID_FIELDS } from './request.js';
import type { PortalRequest } from './request.js';

/**
 * `kvs admin` and `kvs matricula`: one request to the enrolment portal, its answers on standard output, what went wrong on
 * standard error.
 * @throws KvsError CONFIGURACAO for options that do not fit together
 */
export async function runPortal(
  service: 'admin' | 'matricula',
  flags: Flags,
  json: boolean,
  env: Readonly<Record<string, string | undefined>>,
  output: Output,
): Promise<ExitCode> {
  const request = service === 'admin' ? adminRequestOf(flags) : enrolmentRequestOf(flags);
  const asJson = json || jsonFromEnv(env);
  const replies: Reply[] = [];
  let found = 0;
  const target = targetOf(flags, env, false, output.error);
  const { failure, reasons } = await call(target, request, (reply) => {
    if (isBlank(reply)) return undefined;
    found++;
    if (asJson && reply.kind !== 'status') return output.line(jsonOf(request, reply));
    replies.push(reply);
    return undefined;
  });
  if (failure !== undefined) {
    output.error(failure.message);
    return failure.exit;
  }
  const [first] = replies;
  if (first?.kind === 'status') return statusOf(request, first, reasons, asJson, output);
  if (!asJson) await printAll(request, replies, output);
  const message = `${nameOf(request)} não existe`;
  // An empty report is an answer; that it is on nobody is said besides.
  if (found === 0 && (await isUnknownPerson(target, request)))
    output.error(`${message}: confira o identificador`);
  if (found > 0 || isList(request)) return EXIT.ok;
  if (asJson) await output.line(refusalOf(request, 'CADASTRO_INEXISTENTE', message));
  else output.error(message);
  return EXIT.notFound;
}

/** Whether an empty report is one on somebody who is not registered, as far as this server can tell. */
async function isUnknownPerson(target: Target, request: PortalRequest): Promise<boolean> {
  const base = reportedOf(request);
  const [id = ''] = request.service === 'PortalMatricula' ? request.ids : [];
  if (base === undefined) return false;
  const look = { service: 'PortalAdministrativo', base, operation: 'get', id, item: { id } } as const;
  let isBlankRecord = true;
  const { failure } = await call(target, look, (reply) => {
    isBlankRecord = isBlank(reply);
    return undefined;
  });
  return failure === undefined && isBlankRecord;
}

/** Whose classes a report lists. */
function reportedOf({ operation }: PortalRequest): 'aluno' | 'professor' | undefined {
  if (operation === 'rel_aluno') return 'aluno';
  return operation === 'rel_prof' ? 'professor' : undefined;
}

function refusalOf({ operation }: PortalRequest, erro: string, mensagem: string): string {
  return JSON.stringify({ operacao: operation, erro, mensagem });
}

async function statusOf(
  request: PortalRequest,
  { status, msg }: Extract<Reply, { kind: 'status' }>,
  reasons: string | undefined,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  const done = status === 0;
  const reason = parseReason(reasons);
  const exit = done ? EXIT.ok : (reason?.exit ?? EXIT.refused);
  if (json) {
    const { operation } = request;
    const refused = done ? {} : { erro: reason?.code ?? 'RECUSADO', mensagem: msg };
    await output.line(JSON.stringify({ operacao: operation, status, ...refused }));
  } else if (done) await output.line(`feito: ${doneText(request)}`);
  else output.error(visible(msg));
  return exit;
}

async function printAll(request: PortalRequest, replies: readonly Reply[], output: Output): Promise<void> {
  const { recordsTable, reportText, summariesTable } = await import('./tables.js');
  const colors = picocolors.createColors(output.colors);
  const records = replies.flatMap((reply) => (reply.kind === 'record' ? [reply.record] : []));
  const summaries = replies.flatMap((reply) => (reply.kind === 'summary' ? [reply.summary] : []));
  if (records.length > 0) await output.line(recordsTable(records, colors));
  if (summaries.length > 0) await output.line(summariesTable(summaries, colors));
  for (const reply of replies) {
    if (reply.kind === 'report') await output.line(reportText(reply.report, colors));
  }
  if (isList(request)) await output.line(countText(request, replies.length));
}

function countText(request: PortalRequest, count: number): string {
  const base = request.service === 'PortalAdministrativo' ? request.base : 'disciplina';
  const plural = base === 'professor' ? 'professores' : `${base}s`;
  if (count === 0) return base === 'disciplina' ? 'nenhuma disciplina' : `nenhum ${base}`;
  return `${count} ${count === 1 ? base : plural}`;
}

function jsonOf(request: PortalRequest, reply: Exclude<Reply, { kind: 'status' }>): string {
  const { operation } = request;
  if (reply.kind === 'record') return JSON.stringify({ operacao: operation, ...reply.record });
  if (reply.kind === 'report') return JSON.stringify({ operacao: operation, ...reply.report });
  return JSON.stringify({ operacao: operation, ...reply.summary });
}

/** A blank message says that there is nothing. */
function isBlank(reply: Reply): boolean {
  if (reply.kind === 'status') return false;
  if (reply.kind === 'record') return idOf(reply.record) === '';
  return idOf(reply.kind === 'report' ? reply.report.disciplina : reply.summary.disciplina) === '';
}

function idOf(record: Fields): string {
  return String(Object.values(ID_FIELDS).reduce<string | number>((id, field) => record[field] ?? id, ''));
}

function isList({ operation }: PortalRequest): boolean {
  return operation === 'getall' || operation === 'rel_prof' || operation === 'rel_aluno';
}

function nameOf(request: PortalRequest): string {
  if (request.service === 'PortalMatricula') {
    const person = reportedOf(request);
    return `${person === undefined ? 'a disciplina' : `o ${person}`} ${JSON.stringify(request.ids[0])}`;
  }
  const article = request.base === 'disciplina' ? 'a' : 'o';
  return `${article} ${request.base} ${JSON.stringify(request.id)}`;
}

const DONE = {
  create: 'cadastrado',
  update: 'alterado',
  delete: 'removido',
  add_prof: 'ministra',
  del_prof: 'não ministra mais',
  add_aluno: 'está em',
  del_aluno: 'não está mais em',
} as const;

function doneText(request: PortalRequest): string {
  if (request.service === 'PortalAdministrativo') {
    const { base, operation } = request;
    const text = operation === 'get' || operation === 'getall' ? '' : DONE[operation];
    return `${base} ${visible(request.id)} ${base === 'disciplina' ? text.replace(/o$/, 'a') : text}`;
  }
  const [sigla = '', person = ''] = request.ids;
  const { operation } = request;
  if (operation === 'rel_disc' || operation === 'rel_prof' || operation === 'rel_aluno') return '';
  const who = operation.endsWith('_prof') ? 'professor' : 'aluno';
  return `${who} ${visible(person)} ${DONE[operation]} ${visible(sigla)}`;
}
