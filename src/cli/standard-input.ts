import { isUtf8 } from 'node:buffer';
import { fstatSync } from 'node:fs';
import { reasonOf } from '../files/small-file.js';
import type { Flags } from '../config/settings.js';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { STANDARD_STREAM } from './words.js';

/** The name of standard input in messages. */
export const STANDARD_INPUT = 'a entrada padrão';

/**
 * The standard input of this process.
 * @throws KvsError CONFIGURACAO if it is a folder, which Node treats as an empty input
 */
export function standardInput(): NodeJS.ReadStream {
  if (isFolder()) throw new KvsError('CONFIGURACAO', `não consegui ler ${STANDARD_INPUT}: é uma pasta`);
  return process.stdin;
}

function isFolder(): boolean {
  try {
    return fstatSync(0).isDirectory();
  } catch {
    return false;
  }
}

/**
 * The options with the value from standard input filled in, byte by byte as it is.
 * @throws KvsError CONFIGURACAO if it cannot be read, or is named twice; VALOR_LONGO; VALOR_INVALIDO if it is not UTF-8
 */
export async function withStandardInput(flags: Flags): Promise<Flags> {
  const { valor } = flags;
  if (!Array.isArray(valor) || !valor.includes(STANDARD_STREAM)) return flags;
  const values = valor as readonly string[];
  if (values.indexOf(STANDARD_STREAM) !== values.lastIndexOf(STANDARD_STREAM)) {
    throw new KvsError('CONFIGURACAO', 'só um valor pode vir da entrada padrão (o valor "-" é -v=-)');
  }
  const text = await valueFrom(STANDARD_INPUT, standardInput());
  return { ...flags, valor: values.map((value) => (value === STANDARD_STREAM ? text : value)) };
}

/**
 * All of an input as a value, byte by byte as it is.
 * @param name of the input, for messages
 * @throws KvsError CONFIGURACAO if it cannot be read; VALOR_LONGO; VALOR_INVALIDO if it is not UTF-8
 */
export async function valueFrom(name: string, input: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of input) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > limits.valueBytes) {
        throw new KvsError('VALOR_LONGO', `o valor passa de ${limits.valueBytes} bytes`);
      }
    }
  } catch (error) {
    if (error instanceof KvsError) throw error;
    throw new KvsError('CONFIGURACAO', `não consegui ler ${name}: ${reasonOf(error)}`, { cause: error });
  }
  const value = Buffer.concat(pieces);
  if (!isUtf8(value)) throw new KvsError('VALOR_INVALIDO', 'o valor não é UTF-8 válido');
  return value.toString('utf8');
}
