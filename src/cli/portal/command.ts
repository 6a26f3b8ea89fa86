import { CLIENT_OPTIONS } from '../../config/client-options.js';
import { Settings } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { callServers } from '../caller.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { formatOf } from '../format.js';
import type { Format } from '../format.js';
import { parseReason } from '../failure.js';
import type { Output } from '../output.js';
import { plain, visible } from '../rendering/visible.js';
import { targetOf } from '../target.js';
import type { Target } from '../target.js';
import type { PortalReply } from './operations.js';
import { adminRequestOf, enrolmentRequestOf, recordRequest } from './request.js';
import type { PortalRequest } from './request.js';

/**
 * `kvs admin` and `kvs matricula`: one request to the enrolment portal. Answers go to standard output, errors to
 * standard error.
 * @throws KvsError CONFIGURACAO for options that do not fit together
 */
export async function runPortal(
  service: 'admin' | 'matricula',
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
  output: Output,
): Promise<ExitCode> {
  const request = service === 'admin' ? adminRequestOf(flags) : enrolmentRequestOf(flags);
  const { name, rpc, item, subject, listed } = request;
  const settings = new Settings(CLIENT_OPTIONS, { flags, env, file: undefined });
  const format = formatOf(settings.value('json'), settings.value('quieto'));
  const asJson = format === 'json';
  const target = targetOf(settings, output.error);
  const replies: PortalReply[] = [];
  let found = 0;
  const { failure, reasons } = await callServers(target, rpc, { item }, (reply) => {
    if (reply.id === '') return undefined;
    found++;
    if (asJson && reply.status === undefined) {
      return output.line(JSON.stringify({ operacao: name, ...reply.record, ...reply.class }));
    }
    replies.push(reply);
    return undefined;
  });
  if (failure !== undefined) {
    output.error(failure.message);
    return failure.exit;
  }
  const [first] = replies;
  if (first?.status !== undefined) return endOfWrite(request, first, reasons, format, output);
  if (format === 'values') for (const { id } of replies) await output.line(plain(id));
  else if (format === 'people') {
    const { repliesText } = await import('./tables.js');
    for (const text of repliesText(request, replies, output.colors)) await output.line(text);
  }
  const message = `${subject} não existe`;
  // An empty report is an answer; whether its person exists is reported separately.
  if (found === 0 && (await isUnknownPerson(target, request)))
    output.error(`${message}: confira o identificador`);
  if (found > 0 || listed !== undefined) return EXIT.ok;
  const refusal = { operacao: name, erro: 'CADASTRO_INEXISTENTE', mensagem: message };
  if (asJson) await output.line(JSON.stringify(refusal));
  else output.error(message);
  return EXIT.notFound;
}

/** Whether an empty report is for an unregistered person, as far as this server can tell. */
async function isUnknownPerson(target: Target, { person, id }: PortalRequest): Promise<boolean> {
  if (person === undefined) return false;
  const { rpc, item } = recordRequest(person, id);
  let isBlank = true;
  const { failure } = await callServers(target, rpc, { item }, (reply) => {
    isBlank = reply.id === '';
    return undefined;
  });
  return failure === undefined && isBlank;
}

async function endOfWrite(
  { name, done }: PortalRequest,
  { status, msg = '' }: PortalReply,
  reasons: string | undefined,
  format: Format,
  output: Output,
): Promise<ExitCode> {
  const isDone = status === 0;
  const reason = parseReason(reasons);
  if (format === 'json') {
    const refused = isDone ? {} : { erro: reason?.code ?? 'RECUSADO', mensagem: msg };
    await output.line(JSON.stringify({ operacao: name, status, ...refused }));
  } else if (!isDone) output.error(visible(msg));
  else if (format === 'people') await output.line(`feito: ${done}`);
  return isDone ? EXIT.ok : (reason?.exit ?? EXIT.refused);
}
