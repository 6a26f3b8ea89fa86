import { KvsError } from '../../core/errors.js';

/** One version of one key, as in a line of the file. */
export interface CopiedVersion {
  readonly chave: string;
  readonly versao: number;
  /** ms since 1970. */
  readonly ts: number;
  readonly valor: string;
  /** When it expires, ms since 1970; absent: never. */
  readonly expira?: number;
}

/** Version of the file format. Any other is refused. */
const FORMAT = 1;
const KIND = 'kvs-versoes';

/** The first line. */
export function headLine(): string {
  return JSON.stringify({ formato: FORMAT, tipo: KIND });
}

export function versionLine({ chave, versao, ts, valor, expira }: CopiedVersion): string {
  return JSON.stringify({ chave, versao, ts, valor, expira });
}

/** The last line, without which a file is incomplete. */
export function endLine(count: number): string {
  return JSON.stringify({ fim: true, versoes: count });
}

/**
 * The versions of a file, line by line.
 * @throws KvsError CONFIGURACAO naming the wrong line, or saying that the last one is missing
 */
export async function* readVersions(lines: AsyncIterable<string>): AsyncGenerator<CopiedVersion> {
  let number = 0;
  let count = 0;
  let complete = false;
  for await (const line of lines) {
    number++;
    const fields = objectOf(line, number);
    if (number === 1) {
      if (fields.get('tipo') !== KIND || fields.get('formato') !== FORMAT) {
        throw wrong(number, `esperado ${headLine()}`);
      }
    } else if (complete) {
      throw wrong(number, 'há linhas depois do fim');
    } else if (fields.get('fim') === true) {
      if (fields.get('versoes') !== count) throw wrong(number, `há ${count} versões antes dela`);
      complete = true;
    } else {
      count++;
      yield versionOf(fields, number);
    }
  }
  if (number === 0) throw new KvsError('CONFIGURACAO', 'o arquivo está vazio');
  if (!complete) throw wrong(number + 1, 'falta a última linha: o arquivo não está completo');
}

function versionOf(fields: ReadonlyMap<string, unknown>, number: number): CopiedVersion {
  const [chave, versao, ts, valor] = ['chave', 'versao', 'ts', 'valor'].map((name) => fields.get(name));
  if (typeof chave !== 'string' || typeof valor !== 'string' || !isCount(versao) || !isCount(ts)) {
    throw wrong(number, 'esperado {"chave": texto, "versao": número, "ts": número, "valor": texto}');
  }
  const expira = fields.get('expira');
  if (expira !== undefined && !isCount(expira)) {
    throw wrong(number, '"expira" é o instante em que a versão expira, um número de ms desde 1970');
  }
  // Encoding for the server would replace them with another character.
  if (LONE_SURROGATE.test(chave) || LONE_SURROGATE.test(valor)) {
    throw wrong(number, 'a chave ou o valor tem meio caractere (\\ud800 a \\udfff sem par)');
  }
  return expira === undefined ? { chave, versao, ts, valor } : { chave, versao, ts, valor, expira };
}

const LONE_SURROGATE = /[\ud800-\udfff]/u;

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function objectOf(line: string, number: number): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return new Map(Object.entries(value));
  } catch {
    // Reported below.
  }
  throw wrong(number, 'não é um objeto JSON');
}

function wrong(number: number, why: string): KvsError {
  return new KvsError('CONFIGURACAO', `linha ${number}: ${why}`);
}
