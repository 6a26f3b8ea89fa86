import type { Rpc } from '../../client/call.js';
import { CLIENT_OPTIONS } from '../../config/client-options.js';
import { Settings } from '../../config/settings.js';
import type { SettingSources } from '../../config/settings.js';
import { STORE_OPTIONS } from '../../config/store-options.js';
import { callServers } from '../caller.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Failure } from '../failure.js';
import type { Output } from '../output.js';
import { targetOf } from '../target.js';
import type { Target } from '../target.js';
import { formatOf } from '../format.js';
import type { Format } from '../format.js';
import type { StoreRequest } from './request.js';

/** One command on the store: what was asked, of whom, and how it answers. */
export interface StoreContext {
  readonly name: StoreRequest['name'];
  readonly given: StoreRequest['given'];
  readonly key: string;
  readonly sources: SettingSources;
  readonly target: Target;
  readonly format: Format;
  readonly output: Output;
  /** Calls `stop` when the person wants the command to end. @returns ends that */
  readonly interrupts: (stop: () => void) => () => void;
}

/** What a shell lends to each of its commands. */
export type StoreShell = Pick<StoreContext, 'target' | 'interrupts'>;

/** @throws KvsError CONFIGURACAO */
export function storeContext(
  { name, given, flags }: StoreRequest,
  env: SettingSources['env'],
  output: Output,
  shell: Partial<StoreShell> = {},
): StoreContext {
  const sources: SettingSources = { flags, env, file: undefined };
  const settings = new Settings(STORE_OPTIONS.estado, sources);
  const format = formatOf(settings.value('json'), settings.value('quieto'));
  const say = format === 'values' ? undefined : output.error;
  const target = shell.target ?? targetOf(new Settings(CLIENT_OPTIONS, sources), say);
  return {
    name,
    given,
    key: given['CHAVE'] ?? '',
    sources,
    target,
    format,
    output,
    interrupts: shell.interrupts ?? onSignals,
  };
}

/** Ctrl-C, and what ends other programs. */
export function onSignals(stop: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}

/** Makes a unary call; says why if it fails. @returns the exit code if there is no answer */
export async function askOnce<Reply>(
  context: StoreContext,
  rpc: Rpc<Reply>,
  item: object,
): Promise<
  { readonly reply: Reply; readonly exit: ExitCode } | { readonly reply?: undefined; readonly exit: ExitCode }
> {
  const { target, output } = context;
  const replies: Reply[] = [];
  const { failure, notes } = await callServers(target, rpc, { item }, (reply) => {
    replies.push(reply);
    return undefined;
  });
  sayNotes(context, notes);
  if (failure !== undefined) output.error(worded(failure, context));
  const [reply] = replies;
  const exit = failure?.exit ?? EXIT.ok;
  if (reply !== undefined) return { reply, exit };
  return { exit: failure === undefined ? EXIT.failure : exit };
}

export function sayNotes({ format, output }: StoreContext, notes: readonly string[]): void {
  if (format === 'values') return;
  for (const note of notes) output.error(note);
}

/** A failure in the words of its command: what is missing has a name. */
export function worded({ code, message }: Failure, { key, sources }: StoreContext): string {
  const name = JSON.stringify(key);
  if (code === 'CHAVE_INEXISTENTE') return `a chave ${name} não existe`;
  if (code !== 'VERSAO_INEXISTENTE') return message;
  const { versao, em, antes } = sources.flags;
  if (typeof versao === 'string') return `a chave ${name} não tem a versão ${versao}`;
  if (typeof em === 'string') return `a chave ${name} ainda não tinha valor nesse momento`;
  return `a chave ${name} não tem ${typeof antes === 'string' ? 'tantas versões' : 'essa versão'}`;
}
