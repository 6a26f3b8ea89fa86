import type { ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { reasonOf } from '../../files/small-file.js';
import { CLIENT_OPTIONS } from '../../config/client-options.js';
import { Settings } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { KvsError } from '../../core/errors.js';
import type { Rpc } from '../../client/call.js';
import { numberOf, textOf } from '../../client/fields.js';
import { callServers } from '../caller.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { openExport } from './export-file.js';
import { endLine, headLine, readVersions, versionLine } from './lines.js';
import type { CopiedVersion } from './lines.js';
import { cliLimits } from '../limits.js';
import type { Output } from '../output.js';
import { VersionProgress } from '../progress.js';
import { targetOf } from '../target.js';
import type { Target } from '../target.js';
import { STANDARD_INPUT, standardInput } from '../standard-input.js';
import { textLines } from '../../files/text-lines.js';

const DOOR = { file: 'copia.proto', service: 'kvs.Copia' } as const;

const EXPORT: Rpc<CopiedVersion> = { ...DOOR, method: 'Exporta', writes: false, read: versionOf };
const IMPORT: Rpc<string> = { ...DOOR, method: 'Importa', writes: true, read: outcomeOf };

/**
 * `kvs exporta` and `kvs importa`: all versions as JSON lines, from or into a server. Progress goes to standard error.
 * @param file `undefined`: the standard streams
 * @throws KvsError CONFIGURACAO for a file that cannot be read or written, or was not written by `exporta`
 */
export function runCopy(
  direction: 'exporta' | 'importa',
  file: string | undefined,
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
  output: Output,
): Promise<ExitCode> {
  const settings = new Settings(CLIENT_OPTIONS, { flags, env, file: undefined });
  const target = targetOf(settings);
  const say = settings.value('quieto') ? (): undefined => undefined : output.error;
  return direction === 'exporta'
    ? exportTo(file, target, output, say)
    : importFrom(file, target, output, say);
}

async function exportTo(
  path: string | undefined,
  target: Target,
  output: Output,
  say: (message: string) => void,
): Promise<ExitCode> {
  const sink = path === undefined ? output : await openExport(path);
  const progress = new VersionProgress('exportadas', say);
  await sink.line(headLine());
  const { failure } = await callServers(target, EXPORT, { item: {} }, (version) => {
    progress.add();
    return sink.line(versionLine(version));
  });
  if (failure === undefined) await sink.line(endLine(progress.count));
  if ('close' in sink) await sink.close(failure === undefined);
  if (failure !== undefined) {
    output.error(`${failure.message} (exportação incompleta: ${progress.count} versões)`);
    return failure.exit;
  }
  progress.end('');
  return EXIT.ok;
}

async function importFrom(
  path: string | undefined,
  target: Target,
  output: Output,
  say: (message: string) => void,
): Promise<ExitCode> {
  const input = path === undefined ? standardInput() : await openFile(path);
  const progress = new VersionProgress('lidas', say);
  const outcomes = new Map<string, number>();
  const lines = textLines(input, cliLimits.copyLineBytes, path ?? STANDARD_INPUT);
  const items = readVersions(lines);
  const { failure } = await callServers(target, IMPORT, { items }, (outcome) => {
    progress.add();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    return undefined;
  });
  input.destroy();
  if (failure !== undefined) {
    // The warning against repeating a write does not apply: a repeated import adds nothing twice.
    const why = failure.message.replace(/[;:][^;:]*(não repita|antes de repetir)[^]*$/, '');
    const again = 'pode ser repetida: o que já está gravado não é gravado outra vez';
    output.error(`${why} (importação incompleta: ${progress.count} versões; ${again})`);
    return failure.exit;
  }
  const of = (outcome: string): number => outcomes.get(outcome) ?? 0;
  const expired = of('EXPIRADA') === 0 ? '' : `, já expiradas: ${of('EXPIRADA')}`;
  const left = of('JA_EXISTIA') + of('EXPIRADA');
  const counts = `importadas: ${progress.count - left}, com outro número: ${of('RENUMERADA')}, já existiam: ${of('JA_EXISTIA')}`;
  progress.end(`; ${counts}${expired}`);
  return EXIT.ok;
}

async function openFile(path: string): Promise<ReadStream> {
  try {
    return (await open(path)).createReadStream();
  } catch (error) {
    throw new KvsError('CONFIGURACAO', `não consegui ler ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

function versionOf(message: object): CopiedVersion {
  const expira = Number(textOf(message, 'expira'));
  return {
    chave: textOf(message, 'chave'),
    versao: numberOf(message, 'versao'),
    ts: Number(textOf(message, 'ts')),
    valor: textOf(message, 'valor'),
    ...(expira > 0 && { expira }),
  };
}

function outcomeOf(message: object): string {
  return ['GRAVADA', 'RENUMERADA', 'JA_EXISTIA', 'EXPIRADA'][numberOf(message, 'situacao')] ?? '';
}
