import picocolors from 'picocolors';
import { Settings } from '../../config/settings.js';
import { STORE_OPTIONS } from '../../config/store-options.js';
import { KvsError } from '../../core/errors.js';
import { callServers } from '../caller.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { VersionProgress } from '../progress.js';
import { dated } from '../rendering/dates.js';
import { keysText, versionsText } from '../rendering/rows.js';
import { plain, safeJson, shownKey, visible } from '../rendering/visible.js';
import { STORE_CALLS } from './calls.js';
import { askOnce, sayNotes, worded } from './context.js';
import type { StoreContext } from './context.js';
import { linesPrinter, marksOf, writerOf } from './lines-printer.js';
import type { LinesPrinter } from './lines-printer.js';
import type { StoreLine } from './store-line.js';

/** `kvs consulta`. */
export async function showValue(context: StoreContext): Promise<ExitCode> {
  const { key: chave, sources, format, output } = context;
  const settings = new Settings(STORE_OPTIONS.consulta, sources);
  const [versao, at, before] = [settings.value('versao'), settings.value('em'), settings.value('antes')];
  if ([versao, at, before].filter((one) => one !== undefined).length > 1) {
    throw new KvsError('CONFIGURACAO', 'consulta: diga só um de --versao, --em e --antes');
  }
  const { reply, exit } = await askOnce(context, STORE_CALLS.read, {
    chave,
    ...(versao !== undefined && { versao }),
    ...(at !== undefined && { em_ms: String(at) }),
    ...(before !== undefined && { antes_da_ultima: before }),
  });
  if (reply === undefined) return exit;
  await output.line(
    {
      json: () => safeJson(reply),
      values: () => plain(reply.valor),
      people: () => lineText(reply, output.colors),
    }[format](),
  );
  return exit;
}

function lineText(line: StoreLine, colored: boolean): string {
  const colors = picocolors.createColors(colored);
  const marks = marksOf(line, colors);
  const row = (title: string, text: string): string => `${colors.dim(`${title}:`.padEnd(9))} ${text}`;
  return [
    row('chave', colors.bold(shownKey(line.chave))),
    row('valor', visible(line.valor, true)),
    row('versão', `${line.versao}${dated(BigInt(line.ts))}`),
    ...(writerOf(line) === '' ? [] : [row('servidor', visible(writerOf(line)))]),
    ...(line.expira > 0
      ? [
          row(
            'expira',
            dated(BigInt(line.expira))
              .trim()
              .replace(/^\(|\)$/g, ''),
          ),
        ]
      : []),
    ...(marks === '' ? [] : [row('situação', marks)]),
  ].join('\n');
}

/** `kvs historico`. */
export async function showHistory(context: StoreContext): Promise<ExitCode> {
  const { format, key, output } = context;
  const style = { hasKey: false, hasValue: true, countText: versionsText };
  const printer = await linesPrinter(format, style, output);
  const { count, exit } = await showLines(context, STORE_CALLS.history, { chave: key }, printer);
  if (count > 0 || exit !== EXIT.ok) return exit;
  output.error(`a chave ${JSON.stringify(key)} não existe`);
  return EXIT.notFound;
}

/** `kvs lista`. */
export async function showList(context: StoreContext): Promise<ExitCode> {
  const { given, sources, format, output } = context;
  const settings = new Settings(STORE_OPTIONS.lista, sources);
  const [versao, at, keysOnly] = [
    settings.value('versao'),
    settings.value('em'),
    settings.value('so-chaves'),
  ];
  if (versao !== undefined && at !== undefined) {
    throw new KvsError('CONFIGURACAO', 'lista: diga só um de --versao e --em');
  }
  const style = { hasKey: true, hasValue: !keysOnly, countText: keysText };
  const printer = await linesPrinter(format, style, output);
  const { exit } = await showLines(
    context,
    STORE_CALLS.list,
    {
      prefixo: given['PREFIXO'] ?? '',
      de: settings.value('de') ?? '',
      ate: settings.value('ate') ?? '',
      depois: settings.value('depois') ?? '',
      limite: settings.value('limite') ?? 0,
      so_chaves: keysOnly,
      versao: versao ?? 0,
      em_ms: String(at ?? 0),
    },
    printer,
  );
  return exit;
}

/** `kvs conta`. */
export async function showCount(context: StoreContext): Promise<ExitCode> {
  const { given, sources, format, output } = context;
  const settings = new Settings(STORE_OPTIONS.conta, sources);
  const item = {
    prefixo: given['PREFIXO'] ?? '',
    de: settings.value('de') ?? '',
    ate: settings.value('ate') ?? '',
  };
  const { reply, exit } = await askOnce(context, STORE_CALLS.count, item);
  if (reply === undefined) return exit;
  await output.line(
    {
      json: () => safeJson(reply),
      values: () => String(reply.chaves),
      people: () => `${keysText(reply.chaves)}, ${versionsText(reply.versoes)}`,
    }[format](),
  );
  return exit;
}

/** Passes all lines of a call to a printer. */
async function showLines(
  context: StoreContext,
  rpc: typeof STORE_CALLS.history | typeof STORE_CALLS.list,
  item: object,
  printer: LinesPrinter,
): Promise<{ readonly count: number; readonly exit: ExitCode }> {
  const { target, format, output } = context;
  // At a terminal the lines themselves are the progress.
  const isSilent = format === 'values' || process.stdout.isTTY;
  const progress = new VersionProgress('recebidas', isSilent ? () => undefined : output.error);
  const { failure, notes } = await callServers(target, rpc, { item }, (line) => {
    progress.add();
    return printer.add(line);
  });
  sayNotes(context, notes);
  const isMissing = failure?.code === 'CHAVE_INEXISTENTE';
  await printer.end(failure !== undefined || (progress.count === 0 && context.name === 'historico'));
  if (failure === undefined) return { count: progress.count, exit: EXIT.ok };
  const far = isMissing || progress.count === 0 ? '' : ` (${progress.count} linhas até aí)`;
  output.error(`${worded(failure, context)}${far}`);
  return { count: progress.count, exit: failure.exit };
}
