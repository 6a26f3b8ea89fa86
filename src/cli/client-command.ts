import picocolors from 'picocolors';
import type { Flags } from '../config/settings.js';
import { answersOf, exitOfAnswers } from './answers.js';
import { call } from './call.js';
import type { Reply } from './call.js';
import { EXIT } from './exit.js';
import type { ExitCode } from './exit.js';
import { answerJson, answerText, snapshotJson } from './format.js';
import type { Output } from './output.js';
import { askBefore, notARemoval } from './removal/consent.js';
import { isRemoval, lossOf, simulate } from './removal/counted.js';
import { jsonFromEnv, requestOf, sureFromEnv, targetOf } from './request.js';
import type { Request, Switches, Target } from './request.js';
import { keysText, Rows } from './rows.js';
import { withStandardInput } from './standard-input.js';

/**
 * `kvs cliente`: one request, its answers on standard output, what went wrong on standard error.
 * @throws KvsError CONFIGURACAO for options that do not fit together; VALOR_LONGO, VALOR_INVALIDO for standard input
 */
export async function runClient(
  flags: Flags,
  { json, discovers, sure, simulates }: Switches,
  env: Readonly<Record<string, string | undefined>>,
  output: Output,
): Promise<ExitCode> {
  const request = requestOf(await withStandardInput(flags));
  const target = targetOf(flags, env, discovers, output.error);
  const asJson = json || jsonFromEnv(env);
  if (isRemoval(request)) {
    if (simulates) return simulate(target, request, asJson, output);
    const loss = sure || sureFromEnv(env) ? undefined : await lossOf(target, request);
    const refused = loss && (await askBefore(loss, output));
    if (refused !== undefined) return refused;
  } else if (simulates) throw notARemoval(request.operation);
  if (request.operation === 'snapshot') return runSnapshot(request, target, asJson, output);
  return runAnswers(request, target, asJson, output);
}

async function runAnswers(
  request: Exclude<Request, { operation: 'snapshot' }>,
  target: Target,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  const { operation } = request;
  const colors = picocolors.createColors(output.colors);
  const replies: Reply[] = [];
  const outcome = await call(target, request, (reply) => {
    replies.push(reply);
    return undefined;
  });
  for (const note of outcome.notes) output.error(note);
  const answers = answersOf(request, replies, outcome);
  if (json) {
    for (const answer of answers) await output.line(answerJson(operation, answer));
  } else if ('items' in request) {
    const { answersTable } = await import('./tables.js');
    if (answers.length > 0) await output.line(answersTable(operation, answers, colors));
  } else {
    for (const answer of answers) {
      if (answer.refusal === undefined) await output.line(answerText(operation, answer, colors));
      else output.error(answer.refusal.message);
    }
  }
  if (outcome.failure === undefined) return exitOfAnswers(answers);
  const missing = 'items' in request ? ` (${answers.length} de ${request.items.length} respostas)` : '';
  output.error(outcome.failure.message + missing);
  return outcome.failure.exit;
}

async function runSnapshot(
  request: Extract<Request, { operation: 'snapshot' }>,
  target: Target,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  const { snapshotLine, snapshotTable } = await import('./tables.js');
  const colors = picocolors.createColors(output.colors);
  const rows = new Rows<Reply>(output, {
    table: (kept) => snapshotTable(kept, colors),
    line: snapshotLine,
  });
  const { failure, notes } = await call(target, request, (reply) => {
    // A blank answer says that there is nothing.
    if (reply.versao === 0) return undefined;
    return json ? output.line(snapshotJson(reply)) : rows.add(reply);
  });
  for (const note of notes) output.error(note);
  if (!json) {
    await rows.end();
    if (failure === undefined) await output.line(keysText(rows.count));
  }
  if (failure === undefined) return EXIT.ok;
  output.error(failure.message);
  return failure.exit;
}
