import { call } from '../keyvalue/call.js';
import type { Reply, Version } from '../keyvalue/call.js';
import { dated } from '../keyvalue/answers.js';
import type { Removal, Request } from '../keyvalue/request.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Failure } from '../failure.js';
import { visible } from '../format.js';
import type { Output } from '../output.js';
import type { Target } from '../request.js';
import { keysText } from '../rows.js';
import type { Loss } from './consent.js';
import { COUNTED_KEYS } from './limits.js';

export function isRemoval(request: Request): request is Removal {
  const { operation } = request;
  return operation === 'trim' || operation.startsWith('del');
}

/** What a removal would take that names no key; `undefined`: it names what it takes, and no server is asked. */
export async function lossOf(target: Target, request: Removal): Promise<Loss | undefined> {
  if (request.operation !== 'delrange') return undefined;
  const { fr, to } = request.item;
  const keys: Reply[] = [];
  const looked = await read(target, { operation: 'getrange', item: request.item }, (reply) => {
    keys.push(reply);
    return keys.length > COUNTED_KEYS;
  });
  if (looked !== undefined) return { failure: looked };
  const [first] = keys;
  const count = keys.length > COUNTED_KEYS ? `mais de ${COUNTED_KEYS} chaves` : keysText(keys.length);
  const text = `todas as versões de ${count}, de ${JSON.stringify(fr.key)} a ${JSON.stringify(to.key)}`;
  if (first?.found === undefined || keys.length > 1) return { what: { isWide: keys.length > 1, text } };
  const older = await olderOf(target, first.key, first.found);
  if ('failure' in older) return older;
  return { what: { isWide: older.found !== undefined, text } };
}

/**
 * `--simula`: shows what a removal would take, one line for each key as it comes, and removes nothing.
 * @returns the exit code that the removal would have
 */
export async function simulate(
  target: Target,
  request: Removal,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  let count = 0;
  let exit: ExitCode = EXIT.ok;
  const show = (key: string, found: Version | undefined): Promise<void> | undefined => {
    count++;
    if (found === undefined) exit = EXIT.notFound;
    if (!json) return output.line(lossText(request, key, found));
    const newest = found && { versao: `${found.version}` };
    // A version may have more digits than a number holds.
    const text = JSON.stringify({ operacao: operation, simula: true, chave: key, ...newest });
    return output.line(text.replace(/"versao":"(\d+)"\}$/, '"versao":$1}'));
  };
  const { operation } = request;
  const failure =
    operation === 'trim'
      ? await simulateTrim(target, request.item.key, show)
      : await read(target, lookOf(request), ({ key, found }) => show(key, found));
  if (failure !== undefined) {
    output.error(failure.message);
    return failure.exit;
  }
  if (operation !== 'delrange') return exit;
  if (!json) await output.line(keysText(count));
  return EXIT.ok;
}

type Show = (key: string, found: Version | undefined) => Promise<void> | undefined;

/** Of a key that exists, what is shown is the newest of those that go. */
async function simulateTrim(target: Target, key: string, show: Show): Promise<Failure | undefined> {
  let newest: Version | undefined;
  const failure = await read(target, { operation: 'get', item: { key } }, ({ found }) => {
    newest = found;
    return undefined;
  });
  if (failure !== undefined || newest === undefined)
    return failure ?? (await show(key, undefined), undefined);
  const older = await olderOf(target, key, newest);
  if ('failure' in older) return older.failure;
  await show(key, older.found);
  return undefined;
}

function lookOf(request: Removal): Request {
  switch (request.operation) {
    case 'delrange':
      return { operation: 'getrange', item: request.item };
    case 'delall':
      return { operation: 'getall', items: request.items };
    default:
      return { operation: 'get', item: request.item };
  }
}

function lossText({ operation }: Removal, key: string, found: Version | undefined): string {
  if (found === undefined) return `${visible(key)}: nada a remover`;
  const newest = `${found.version}${dated(found.version)}`;
  return operation === 'trim'
    ? `${visible(key)}: removeria a versão ${newest} e as mais antigas`
    : `${visible(key)}: removeria todas as versões, a mais nova ${newest}`;
}

/** The newest version of a key before this one. */
async function olderOf(
  target: Target,
  key: string,
  { version }: Version,
): Promise<{ readonly failure: Failure } | { readonly found: Version | undefined }> {
  // A version of 0 would ask for the newest.
  if (version <= 1n) return { found: undefined };
  let older: Version | undefined;
  const item = { key, ver: String(version - 1n) };
  const failure = await read(target, { operation: 'get', item }, ({ found }) => {
    older = found;
    return undefined;
  });
  return failure === undefined ? { found: older } : { failure };
}

/** What a look was ended with on purpose. */
class Enough extends Error {}

/** Reads until `take` says that it is enough. @returns why nothing can be read */
async function read(
  target: Target,
  request: Request,
  take: (reply: Reply) => boolean | Promise<void> | undefined,
): Promise<Failure | undefined> {
  try {
    const { failure } = await call(target, request, (reply) => {
      const taken = take(reply);
      if (taken === true) throw new Enough();
      return taken instanceof Promise ? taken : undefined;
    });
    return failure;
  } catch (error) {
    if (error instanceof Enough) return undefined;
    throw error;
  }
}
