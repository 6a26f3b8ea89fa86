import picocolors from 'picocolors';
import type { Flags } from '../../config/settings.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Output } from '../output.js';
import { askBefore, notARemoval } from '../removal/consent.js';
import { isRemoval, lossOf, simulate } from '../removal/timed.js';
import { jsonFromEnv, sureFromEnv, targetOf } from '../request.js';
import type { Switches } from '../request.js';
import { keysText, Rows } from '../rows.js';
import { answerOf } from './answers.js';
import type { Answer } from './answers.js';
import { call } from './call.js';
import { answerJson, answerText } from './format.js';
import { requestOf } from './request.js';
import type { TimedName } from '../operations/names.js';
import type { Request } from './request.js';

/**
 * `kvs cliente get …` and the other operations of the time-versioned door: one request, its answers on standard output
 * as they come, what went wrong on standard error.
 * @throws KvsError CONFIGURACAO for options that do not fit together
 */
export async function runKeyValue(
  operation: TimedName,
  flags: Flags,
  { json, discovers, sure, simulates }: Switches,
  env: Readonly<Record<string, string | undefined>>,
  output: Output,
): Promise<ExitCode> {
  const request = requestOf(operation, flags);
  const target = targetOf(flags, env, discovers, output.error);
  const asJson = json || jsonFromEnv(env);
  if (isRemoval(request)) {
    if (simulates) return simulate(target, request, asJson, output);
    const loss = sure || sureFromEnv(env) ? undefined : await lossOf(target, request);
    const refused = loss && (await askBefore(loss, output));
    if (refused !== undefined) return refused;
  } else if (simulates) throw notARemoval(operation);
  const printer = await printerOf(request, asJson, output);
  const seen = { answers: 0, missing: 0 };
  const { failure, notes } = await call(target, request, (reply) => {
    const answer = answerOf(request, reply, seen.answers++);
    if (answer.missing !== undefined) seen.missing++;
    return printer.add(answer);
  });
  for (const note of notes) output.error(note);
  await printer.end(failure !== undefined);
  if (failure !== undefined) {
    output.error(failure.message + progress(request, seen.answers));
    return failure.exit;
  }
  // A range names no key that could be missing.
  return seen.missing > 0 && !isRange(request) ? EXIT.notFound : EXIT.ok;
}

interface Printer {
  add(answer: Answer): Promise<void> | undefined;
  end(failed: boolean): Promise<void>;
}

async function printerOf(request: Request, json: boolean, output: Output): Promise<Printer> {
  const { operation } = request;
  const colors = picocolors.createColors(output.colors);
  if (json) {
    return {
      add: (answer) => output.line(answerJson(operation, answer)),
      end: () => Promise.resolve(),
    };
  }
  if (!('items' in request) && !isRange(request)) {
    return {
      add: (answer) => {
        if (answer.missing === undefined) return output.line(answerText(operation, answer, colors));
        output.error(answer.missing.message);
        return undefined;
      },
      end: () => Promise.resolve(),
    };
  }
  // Loaded only when asked for: a single answer must not wait for what draws tables.
  const { answerLine, answersTable } = await import('./tables.js');
  const rows = new Rows<Answer>(output, {
    table: (answers) => answersTable(operation, answers, colors),
    line: (answer) => answerLine(operation, answer),
  });
  return {
    add: (answer) => rows.add(answer),
    end: async (failed) => {
      await rows.end();
      if (!failed && isRange(request)) await output.line(keysText(rows.count));
    },
  };
}

function isRange({ operation }: Request): boolean {
  return operation === 'getrange' || operation === 'delrange';
}

/** How far a call of several answers came before it failed. */
function progress(request: Request, count: number): string {
  if ('items' in request) return ` (${count} de ${request.items.length} respostas)`;
  return isRange(request) ? ` (${keysText(count)} até aí)` : '';
}
