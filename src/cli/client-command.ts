import { CLIENT_OPTIONS } from '../config/client-options.js';
import type { ClientValues } from '../config/client-options.js';
import { Settings } from '../config/settings.js';
import type { Flags } from '../config/settings.js';
import { callServers } from './caller.js';
import { EXIT } from './exit.js';
import type { ExitCode } from './exit.js';
import { formatOf } from './format.js';
import type { Format } from './format.js';
import { answerOf } from './operations/answer.js';
import { COUNTED } from './operations/counted.js';
import type { TimedName } from '../config/operation-names.js';
import type { KeyOperation, KeyReply } from './operations/operation.js';
import {
  countedOperationOf,
  isInsertion,
  keyRequestOf,
  notAnInsertion,
  sentOf,
} from './operations/request.js';
import type { OperationRequest } from './operations/request.js';
import { TIMED } from './operations/timed.js';
import type { Output } from './output.js';
import { askBefore, notARemoval } from './removal/consent.js';
import { COUNTED_REMOVALS } from './removal/counted.js';
import { TIMED_REMOVALS } from './removal/timed.js';
import { printerOf } from './rendering/printer.js';
import { withStandardInput } from './standard-input.js';
import { targetOf } from './target.js';
import type { Target } from './target.js';

/**
 * `kvs cliente`: one operation on keys. Answers go to standard output, errors to standard error.
 * @param name of an operation with timestamps as versions; `undefined`: `-o` names one of the others
 * @throws KvsError CONFIGURACAO for options that do not fit together; VALOR_LONGO, VALOR_INVALIDO for standard input
 */
export async function runClient(
  name: TimedName | undefined,
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
  output: Output,
): Promise<ExitCode> {
  const given = name === undefined ? await withStandardInput(flags) : flags;
  const operation = name === undefined ? COUNTED[countedOperationOf(given)] : TIMED[name];
  const settings = new Settings(CLIENT_OPTIONS, { flags, env, file: undefined });
  const request = { ...keyRequestOf(operation, given), ttlSeconds: ttlOf(operation, settings) };
  const target = targetOf(settings, output.error);
  const format = formatOf(settings.value('json'), settings.value('quieto'));
  const simulates = settings.value('simula');
  if (operation.removes === true) {
    const removal = operation.door.isTimed ? TIMED_REMOVALS : COUNTED_REMOVALS;
    if (simulates) return removal.simulate(target, request, format === 'json', output);
    const loss = settings.value('sim') ? undefined : await removal.lossOf(target, request);
    const refused = loss && (await askBefore(loss, output));
    if (refused !== undefined) return refused;
  } else if (simulates) throw notARemoval(operation.name);
  return perform(request, target, format, output);
}

/** A variable may hold the default of all insertions, and says nothing of other operations. */
function ttlOf(operation: KeyOperation, settings: Settings<ClientValues>): number | undefined {
  if (isInsertion(operation)) return settings.value('ttl');
  if (settings.given('ttl')?.place.startsWith('--') === true) throw notAnInsertion(operation.name);
  return undefined;
}

/** Makes the call and renders the answers. */
async function perform(
  request: OperationRequest,
  target: Target,
  format: Format,
  output: Output,
): Promise<ExitCode> {
  const { operation } = request;
  const printer = await printerOf(operation, format, output);
  let count = 0;
  let exit: ExitCode = EXIT.ok;
  const show = (reply: KeyReply, reasons?: string): Promise<void> | undefined => {
    const answer = answerOf(request, reply, count, reasons);
    if (answer === undefined) return undefined;
    count++;
    // Rows name no key that could be missing.
    if (exit === EXIT.ok && operation.answers !== 'rows') exit = answer.refusal?.exit ?? exit;
    return printer.add(answer);
  };
  /** Replies whose reasons come only after the last one. */
  const waiting: KeyReply[] = [];
  const { failure, notes, reasons } = await callServers(target, operation.rpc, sentOf(request), (reply) => {
    if (operation.blank === 'skipped' && reply.found === undefined) return undefined;
    if (operation.door.isTimed || operation.answers === 'rows') return show(reply);
    waiting.push(reply);
    return undefined;
  });
  if (format !== 'values') for (const note of notes) output.error(note);
  for (const reply of waiting) await show(reply, reasons);
  await printer.end(failure !== undefined);
  if (failure === undefined) return exit;
  output.error(failure.message + progressText(request, count));
  return failure.exit;
}

/** How far a call with several answers got before it failed. */
function progressText({ operation, asked }: OperationRequest, count: number): string {
  if (operation.answers === 'each') return ` (${count} de ${asked.length} respostas)`;
  const { countText, door } = operation;
  return countText !== undefined && door.isTimed ? ` (${countText(count)} até aí)` : '';
}
