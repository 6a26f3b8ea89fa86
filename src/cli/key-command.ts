import { randomBytes } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { changePrivateFile, createPrivateFile } from '../files/private-file.js';
import { readSmallFile } from '../files/small-file.js';
import { KEY_STEPS } from '../config/commands.js';
import type { KeyStep } from '../config/commands.js';
import { Settings } from '../config/settings.js';
import type { Flags } from '../config/settings.js';
import { KEY_OPTIONS } from '../config/tool-options.js';
import { KvsError } from '../core/errors.js';
import { EXIT } from './exit.js';
import type { ExitCode } from './exit.js';
import type { Output } from './output.js';

export type FleetKeyRequest =
  /** Makes a new key: into a new file, or onto standard output. */
  | { readonly kind: 'key'; readonly step: undefined; readonly output: string | undefined }
  /** Changes a file of keys. */
  | { readonly kind: 'key'; readonly step: KeyStep; readonly file: string };

/** As long as the keys derived from it. */
const KEY_BYTES = 32;
/** Enough for two keys of any length; a longer file is another kind of file. */
const FILE_BYTES_MAX = 16 * 1024;
/** A key of 32 bytes or more, in hexadecimal or base64. */
const KEY = /^[0-9A-Za-z+/_-]{43,}={0,2}$/;
/** Permissions of users other than the owner. */
const OTHERS = 0o077;

const NEXT: Readonly<Record<KeyStep, string>> = {
  acrescenta: 'todos passam a abrir as duas chaves; depois de todos: kvs chave troca',
  troca: 'todos passam a selar com a nova; depois de todos: kvs chave retira',
  retira: 'a chave antiga não abre mais nada',
};

/** Advice for a file that does not fit the step, by the number of keys that the step expects. */
const WAY: Readonly<Record<number, string>> = {
  1: 'uma troca já começou: siga com kvs chave troca, e depois retira',
  2: 'comece por: kvs chave acrescenta',
};

/** @throws Error or KvsError CONFIGURACAO for words that do not fit together, with a message for people */
export function keyRequest(step: unknown, file: unknown, flags: Flags): FleetKeyRequest {
  const output = new Settings(KEY_OPTIONS, { flags, env: {}, file: undefined }).value('saida');
  const known = KEY_STEPS.find((name) => name === step);
  if (known === undefined) return { kind: 'key', step: undefined, output };
  if (output !== undefined) throw new Error(`${known} muda o arquivo que já existe: não use --saida`);
  if (typeof file !== 'string') {
    throw new Error(`${known}: falta o arquivo da chave, como em: kvs chave ${known} frota.chave`);
  }
  return { kind: 'key', step: known, file };
}

/** `kvs chave`. A secret is never readable by others, not even for a moment. @throws KvsError CONFIGURACAO */
export async function runKey(request: FleetKeyRequest, output: Output): Promise<ExitCode> {
  if (request.step !== undefined) {
    await takeStep(request.step, request.file);
    await output.line(`${request.file}: ${NEXT[request.step]}`);
    output.error('agora, em cada servidor: copie o arquivo e kill -HUP PROCESSO (o número está no log)');
  } else if (request.output === undefined) {
    assertPrivateOutput(process.stdout.fd);
    await output.line(freshKey());
  } else {
    await createPrivateFile(request.output, `${freshKey()}\n`);
    await output.line(`criada: a chave está em ${request.output}; só o dono do arquivo a lê`);
  }
  return EXIT.ok;
}

/**
 * Refuses to print a secret into a file that others can read: a later chmod would be too late.
 * @throws KvsError CONFIGURACAO for such a file
 */
export function assertPrivateOutput(descriptor: number): void {
  const stat = fstatSync(descriptor);
  if (!stat.isFile() || (stat.mode & OTHERS) === 0) return;
  throw new KvsError(
    'CONFIGURACAO',
    'outros usuários desta máquina podem ler o arquivo para onde vai a saída: use --saida ARQUIVO',
  );
}

async function takeStep(step: KeyStep, file: string): Promise<void> {
  await changePrivateFile(file, async (target) => {
    const { text } = await readSmallFile(target, FILE_BYTES_MAX);
    const keys = text.split(/\s+/).filter((word) => word !== '');
    return stepped(step, keys, file)
      .map((key) => `${key}\n`)
      .join('');
  });
}

/** @throws KvsError CONFIGURACAO if the file is not at the start of this step */
function stepped(step: KeyStep, keys: readonly string[], file: string): readonly string[] {
  // The content is never quoted.
  if (!keys.every((key) => KEY.test(key))) {
    throw new KvsError('CONFIGURACAO', `${file}: não é um arquivo de chave da frota; nada foi mudado`);
  }
  const expected = step === 'acrescenta' ? 1 : 2;
  if (keys.length !== expected) {
    throw new KvsError(
      'CONFIGURACAO',
      `${file}: ${step} muda um arquivo com ${expected === 1 ? 'uma chave' : 'duas chaves'}, e este tem ${keys.length}; nada foi mudado (${WAY[expected]})`,
    );
  }
  const [first = '', second = ''] = keys;
  switch (step) {
    case 'acrescenta':
      return [first, freshKey()];
    case 'troca':
      return [second, first];
    case 'retira':
      return [first];
  }
}

function freshKey(): string {
  return randomBytes(KEY_BYTES).toString('hex');
}
