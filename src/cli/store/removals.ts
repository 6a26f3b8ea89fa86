import { Settings } from '../../config/settings.js';
import { STORE_OPTIONS } from '../../config/store-options.js';
import { callServers } from '../caller.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { askBefore } from '../removal/consent.js';
import { SHOWN_VERSIONS } from '../removal/limits.js';
import { versionsText } from '../rendering/rows.js';
import { safeJson, shownKey } from '../rendering/visible.js';
import { STORE_CALLS } from './calls.js';
import { askOnce, sayNotes, worded } from './context.js';
import type { StoreContext } from './context.js';

/** `kvs remove`. */
export async function removeKey(context: StoreContext): Promise<ExitCode> {
  const { key: chave, sources, format, output } = context;
  const settings = new Settings(STORE_OPTIONS.remove, sources);
  const versao = settings.value('versao');
  const [agreed, simulates] = [settings.value('sim'), settings.value('simula')];
  if (simulates || (!agreed && versao === undefined)) {
    const there = await versionsOf(context);
    if (there.exit !== undefined) return there.exit;
    const going = there.versions.filter((version) => versao === undefined || version === versao);
    if (simulates) return simulate(context, going, there.more && versao === undefined);
    const text = `todas as versões de ${JSON.stringify(chave)} (${listed(there.versions, there.more)})`;
    const refused = await askBefore({ what: { isWide: going.length > 1, text } }, output);
    if (refused !== undefined) return refused;
  }
  const { reply, exit } = await askOnce(context, STORE_CALLS.remove, { chave, versao: versao ?? 0 });
  if (reply === undefined) return exit;
  if (reply.versoes === 0) {
    output.error(
      `a chave ${JSON.stringify(chave)} não ${versao === undefined ? 'existe' : `tem a versão ${versao}`}`,
    );
    return EXIT.notFound;
  }
  const what =
    versao === undefined
      ? `removida${reply.versoes === 1 ? '' : 's'} ${versionsText(reply.versoes)}`
      : `removida a versão ${versao}`;
  await output.line(
    {
      json: () => safeJson(reply),
      values: () => String(reply.versoes),
      people: () => `${what} de ${shownKey(chave)}`,
    }[format](),
  );
  return exit;
}

/** `kvs apara`. */
export async function trimKey(context: StoreContext): Promise<ExitCode> {
  const { key: chave, sources, format, output } = context;
  const settings = new Settings(STORE_OPTIONS.apara, sources);
  const [agreed, simulates] = [settings.value('sim'), settings.value('simula')];
  if (simulates || !agreed) {
    const there = await versionsOf(context);
    if (there.exit !== undefined) return there.exit;
    // Oldest first: beyond the bound only the number is unknown.
    const going = there.more ? there.versions : there.versions.slice(0, -1);
    if (simulates) return simulate(context, going, there.more);
    const text = `${listed(going, there.more)} de ${JSON.stringify(chave)}, e a mais nova fica`;
    const refused = await askBefore({ what: { isWide: going.length > 1, text } }, output);
    if (refused !== undefined) return refused;
  }
  const { reply, exit } = await askOnce(context, STORE_CALLS.trim, { chave });
  if (reply === undefined) return exit;
  await output.line(
    {
      json: () => safeJson(reply),
      values: () => String(reply.versao),
      people: () => `removidas as versões antigas de ${shownKey(chave)}; ficou a versão ${reply.versao}`,
    }[format](),
  );
  return exit;
}

/** Ends a read on purpose. */
class Enough extends Error {}

/** The versions of the key, oldest first, as far as they are shown. */
async function versionsOf(
  context: StoreContext,
): Promise<{ readonly exit?: ExitCode; readonly versions: readonly number[]; readonly more: boolean }> {
  const { target, key, output } = context;
  const versions: number[] = [];
  try {
    const { failure, notes } = await callServers(
      target,
      STORE_CALLS.history,
      { item: { chave: key } },
      (line) => {
        if (versions.length === SHOWN_VERSIONS) throw new Enough();
        versions.push(line.versao);
        return undefined;
      },
    );
    sayNotes(context, notes);
    if (failure !== undefined && failure.code !== 'CHAVE_INEXISTENTE') {
      output.error(worded(failure, context));
      return { exit: failure.exit, versions, more: false };
    }
  } catch (error) {
    if (error instanceof Enough) return { versions, more: true };
    throw error;
  }
  if (versions.length > 0) return { versions, more: false };
  output.error(`a chave ${JSON.stringify(key)} não existe`);
  return { exit: EXIT.notFound, versions, more: false };
}

/** `--simula`: what would go, and the exit code that the removal would have. */
async function simulate(
  { name, key: chave, format, output }: StoreContext,
  versoes: readonly number[],
  mais: boolean,
): Promise<ExitCode> {
  const what = versoes.length === 0 ? 'nada a remover' : `removeria ${listed(versoes, mais)}`;
  if (format === 'values') for (const version of versoes) await output.line(String(version));
  else if (format === 'people') await output.line(`${shownKey(chave)}: ${what}`);
  else await output.line(safeJson({ operacao: name, simula: true, chave, versoes, mais }));
  return versoes.length === 0 && name === 'remove' ? EXIT.notFound : EXIT.ok;
}

function listed(versions: readonly number[], more: boolean): string {
  if (versions.length === 1 && !more) return `a versão ${versions.join('')}`;
  return `as versões ${versions.join(', ')}${more ? ' e outras' : ''}`;
}
