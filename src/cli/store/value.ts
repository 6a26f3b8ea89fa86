import { open } from 'node:fs/promises';
import { reasonOf } from '../../files/small-file.js';
import { KvsError } from '../../core/errors.js';
import { valueFrom, STANDARD_INPUT, standardInput } from '../standard-input.js';
import { STANDARD_STREAM } from '../words.js';

/**
 * The value of a command: its word, standard input where that is `-`, or a file; the latter byte by byte as they are.
 * @param said the positional word
 * @param file of `--arquivo`
 * @throws KvsError CONFIGURACAO if there is not exactly one, or it cannot be read; VALOR_LONGO; VALOR_INVALIDO if it is
 *   not UTF-8
 */
export async function valueOfCommand(
  name: string,
  said: string | undefined,
  file: string | undefined,
): Promise<string> {
  if (said !== undefined && file !== undefined) {
    const other = said === STANDARD_STREAM ? '- (a entrada padrão)' : 'VALOR';
    throw new KvsError('CONFIGURACAO', `${name}: o valor foi dado duas vezes: ${other} e --arquivo`);
  }
  if (file !== undefined && file !== STANDARD_STREAM) return valueFrom(file, await opened(file));
  if (said === STANDARD_STREAM || file === STANDARD_STREAM) return valueFrom(STANDARD_INPUT, standardInput());
  if (said !== undefined) return said;
  throw new KvsError(
    'CONFIGURACAO',
    `${name}: falta o valor: diga VALOR, - (a entrada padrão) ou --arquivo ARQUIVO`,
  );
}

async function opened(path: string): Promise<AsyncIterable<Buffer>> {
  try {
    const handle = await open(path);
    if ((await handle.stat()).isDirectory()) {
      await handle.close();
      throw new KvsError('CONFIGURACAO', `não consegui ler ${path}: é uma pasta`);
    }
    return handle.createReadStream();
  } catch (error) {
    if (error instanceof KvsError) throw error;
    throw new KvsError('CONFIGURACAO', `não consegui ler ${path}: ${reasonOf(error)}`, { cause: error });
  }
}
