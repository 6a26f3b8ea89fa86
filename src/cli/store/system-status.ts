import picocolors from 'picocolors';
import type { ExitCode } from '../exit.js';
import { keysText, versionsText } from '../rendering/rows.js';
import { terminalColumns } from '../rendering/terminal.js';
import { cell, safeJson, visible } from '../rendering/visible.js';
import { STATUS_CALL } from './calls.js';
import { askOnce } from './context.js';
import type { StoreContext } from './context.js';
import type { ReportedServer, SystemReport } from './system-report.js';

/** `kvs estado`. */
export async function showStatus(context: StoreContext): Promise<ExitCode> {
  const { format, output } = context;
  const { reply, exit } = await askOnce(context, STATUS_CALL, {});
  if (reply === undefined) return exit;
  if (format === 'json') await output.line(safeJson(reply));
  else if (format === 'values') await output.line(agreementText(reply));
  else await output.line(await reportText(reply, output.colors));
  return exit;
}

function agreementText({ de_acordo }: SystemReport): string {
  return de_acordo ? 'de acordo' : 'em desacordo';
}

/** What a narrow terminal does without, first to last. */
const SPARE_TITLES = ['origem', 'programa', 'endereço', 'visto'];

async function reportText(report: SystemReport, colored: boolean): Promise<string> {
  const { fittedTable } = await import('../rendering/table.js');
  const colors = picocolors.createColors(colored);
  const { frota, motor, broker, servidores, chaves, versoes, bytes, avisos, de_acordo } = report;
  const agreement = (de_acordo ? colors.green : colors.yellow)(agreementText(report));
  const head = [
    `frota ${colors.bold(visible(frota))}`,
    `motor ${visible(motor)}`,
    ...(broker === '' ? [] : [`broker ${visible(broker)}`]),
    agreement,
  ].join(' · ');
  const header = ['servidor', 'endereço', 'estado', 'programa', 'atraso', 'visto', 'origem'];
  const rows = servidores.map((server) => [
    `${cell(server.nome)}${server.eu ? ' (este)' : ''}`,
    cell(server.endereco),
    cell(server.estado),
    cell(server.versao_programa),
    server.atraso === 0 ? 'nenhum' : String(server.atraso),
    seenText(server, Date.now()),
    cell(server.origem),
  ]);
  const fitting = { columns: terminalColumns(), spare: SPARE_TITLES };
  return [
    head,
    ...(rows.length === 0 ? [] : [fittedTable(header, rows, colors, fitting)]),
    `${keysText(chaves)}, ${versionsText(versoes)}, ${bytesText(bytes)}`,
    ...avisos.map((warning) => `${colors.yellow('aviso:')} ${visible(warning)}`),
  ].join('\n');
}

function seenText({ eu, visto }: ReportedServer, nowMs: number): string {
  if (eu) return 'agora';
  if (visto <= 0) return 'nunca';
  const seconds = Math.max(0, Math.round((nowMs - visto) / 1_000));
  if (seconds < 60) return `há ${seconds} s`;
  return seconds < 3_600 ? `há ${Math.floor(seconds / 60)} min` : `há ${Math.floor(seconds / 3_600)} h`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `1,5 MiB`. */
function bytesText(bytes: number): string {
  let [size, unit] = [bytes, 0];
  while (size >= 1_024 && unit < UNITS.length - 1) [size, unit] = [size / 1_024, unit + 1];
  return `${size.toLocaleString('pt-BR', { maximumFractionDigits: 1 })} ${UNITS[unit] ?? ''}`;
}
