import { limits } from '../../core/limits.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Failure } from '../failure.js';
import type { AskedKey, FoundVersion, KeyReply } from '../operations/operation.js';
import type { OperationRequest } from '../operations/request.js';
import { TIMED } from '../operations/timed.js';
import type { Output } from '../output.js';
import { dated } from '../rendering/dates.js';
import { keysText } from '../rendering/rows.js';
import { jsonObject } from '../rendering/texts.js';
import { visible } from '../rendering/visible.js';
import type { Target } from '../target.js';
import type { Loss, RemovalLooks } from './consent.js';
import { COUNTED_KEYS } from './limits.js';
import { look } from './look.js';

/** Removals with timestamps as versions. */
export const TIMED_REMOVALS: RemovalLooks = { lossOf, simulate };

/** What a removal without keys would remove; `undefined`: it names what it removes, and no server is asked. */
async function lossOf(target: Target, { operation, asked }: OperationRequest): Promise<Loss | undefined> {
  if (operation !== TIMED.delrange) return undefined;
  const keys: KeyReply[] = [];
  const failure = await look(target, { operation: TIMED.getrange, asked }, (reply) => {
    keys.push(reply);
    return keys.length > COUNTED_KEYS;
  });
  if (failure !== undefined) return { failure };
  const [first] = keys;
  const count = keys.length > COUNTED_KEYS ? `mais de ${COUNTED_KEYS} chaves` : keysText(keys.length);
  const ends = asked.map(({ key }) => JSON.stringify(key)).join(' a ');
  const text = `todas as versões de ${count}, de ${ends}`;
  if (first?.found === undefined || keys.length > 1) return { what: { isWide: keys.length > 1, text } };
  const older = await newestUpTo(target, first.key ?? '', first.found.version - 1n);
  if ('failure' in older) return older;
  return { what: { isWide: older.found !== undefined, text } };
}

async function simulate(
  target: Target,
  { operation, asked }: OperationRequest,
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  let count = 0;
  let exit: ExitCode = EXIT.ok;
  const isTrim = operation === TIMED.trim;
  const show = (key: string, found: FoundVersion | undefined): Promise<void> | undefined => {
    count++;
    if (found === undefined) exit = EXIT.notFound;
    if (!json) return output.line(lossText(isTrim, key, found));
    const newest = found && { versao: `${found.version}` };
    const base = { operacao: JSON.stringify(operation.name), simula: 'true', chave: JSON.stringify(key) };
    return output.line(jsonObject({ ...base, ...newest }));
  };
  const looked = { del: TIMED.get, delall: TIMED.getall, delrange: TIMED.getrange }[operation.name as string];
  // Not the latest, which is nothing where that has expired: older versions are left, and would go.
  const whole =
    looked === TIMED.getrange
      ? asked
      : asked.map((item) => ({ ...item, version: BigInt(limits.timestampMs) }));
  const failure =
    looked === undefined
      ? await simulateTrim(target, asked[0]?.key ?? '', show)
      : await look(target, { operation: looked, asked: whole }, ({ key = '', found }) => show(key, found));
  if (failure !== undefined) {
    output.error(failure.message);
    return failure.exit;
  }
  if (operation !== TIMED.delrange) return exit;
  if (!json) await output.line(keysText(count));
  return EXIT.ok;
}

/** Shows, for an existing key, the newest version that would be removed. */
async function simulateTrim(
  target: Target,
  key: string,
  show: (key: string, found: FoundVersion | undefined) => Promise<void> | undefined,
): Promise<Failure | undefined> {
  const newest = await newestUpTo(target, key, undefined);
  if ('failure' in newest) return newest.failure;
  const older = newest.found && (await newestUpTo(target, key, newest.found.version - 1n));
  if (older !== undefined && 'failure' in older) return older.failure;
  await show(key, older?.found);
  return undefined;
}

/** @param version `undefined`: the newest of all */
async function newestUpTo(
  target: Target,
  key: string,
  version: bigint | undefined,
): Promise<{ readonly failure: Failure } | { readonly found: FoundVersion | undefined }> {
  // Version 0 would ask for the newest.
  if (version !== undefined && version < 1n) return { found: undefined };
  const asked: readonly AskedKey[] = [{ key, value: '', version }];
  let newest: FoundVersion | undefined;
  const failure = await look(target, { operation: TIMED.get, asked }, ({ found }) => {
    newest = found;
    return undefined;
  });
  return failure === undefined ? { found: newest } : { failure };
}

function lossText(isTrim: boolean, key: string, found: FoundVersion | undefined): string {
  if (found === undefined) return `${visible(key)}: nada a remover`;
  const newest = `${found.version}${dated(found.version)}`;
  return isTrim
    ? `${visible(key)}: removeria a versão ${newest} e as mais antigas`
    : `${visible(key)}: removeria todas as versões, a mais nova ${newest}`;
}
