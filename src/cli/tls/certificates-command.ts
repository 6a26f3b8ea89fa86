import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import picocolors from 'picocolors';
import { Settings } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { CERTIFICATE_OPTIONS } from '../../config/tool-options.js';
import { KvsError } from '../../core/errors.js';
import { makeFolder } from '../../files/make-folder.js';
import { isCode, reasonOf } from '../../files/small-file.js';
import { Authority } from '../../security/tls/authority.js';
import type { Issued } from '../../security/tls/authority.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Output } from '../output.js';
import { table } from '../rendering/table.js';

const DEFAULT_FOLDER = 'certificados';
/** Included in every certificate, since a server is a client of its own embedded broker. */
const LOOPBACK_ADDRESSES = ['localhost', '127.0.0.1', '::1'];
/** A trial authority outlives its certificates, so that it can issue more later. */
const AUTHORITY_DAYS_MIN = 365;

/** A row of the final report. */
interface Made {
  readonly file: string;
  readonly what: string;
  readonly until: Date;
}

interface Wish {
  readonly folder: string;
  readonly addresses: readonly string[];
  readonly clients: readonly string[];
  readonly days: number;
  readonly replaces: boolean;
  /** Names of the server were given, so an existing certificate may lack them. */
  readonly namesServer: boolean;
}

/**
 * `kvs certificados`: makes an authority in a folder if there is none yet, and its certificates for a server and for
 * clients. Overwrites existing files only on request, and the authority never.
 * @throws KvsError CONFIGURACAO
 */
export async function runCertificates(
  folder: string | undefined,
  flags: Flags,
  output: Output,
): Promise<ExitCode> {
  const wish = wishOf(folder, flags);
  const nowMs = Date.now();
  await makeFolder(resolve(wish.folder)).catch((cause: unknown) => {
    throw new KvsError('CONFIGURACAO', `não consegui criar a pasta ${wish.folder}: ${folderReason(cause)}`, {
      cause,
    });
  });
  const present = {
    authority: await pairAt(wish, 'ca'),
    server: await pairAt(wish, 'servidor'),
    clients: await Promise.all(wish.clients.map((name) => pairAt(wish, `cliente-${name}`))),
  };
  assertNothingLost(wish, present);
  const made: Made[] = [];
  const authority = await authorityOf(wish, present.authority, nowMs, made);
  if (present.server === undefined || wish.replaces) {
    const holder = { kind: 'server', name: 'servidor', addresses: wish.addresses } as const;
    const issued = await authority.issue(holder, wish.days, nowMs);
    await writePair(wish.folder, 'servidor', issued);
    made.push({ file: 'servidor.pem', what: `servidor ${wish.addresses.join(', ')}`, until: issued.until });
  }
  for (const name of wish.clients) {
    const issued = await authority.issue({ kind: 'client', name }, wish.days, nowMs);
    await writePair(wish.folder, `cliente-${name}`, issued);
    made.push({ file: `cliente-${name}.pem`, what: `cliente CN=${name}`, until: issued.until });
  }
  await say(wish, made, output);
  return EXIT.ok;
}

function wishOf(folder: string | undefined, flags: Flags): Wish {
  const settings = new Settings(CERTIFICATE_OPTIONS, { flags, env: {}, file: undefined });
  const addresses = settings.value('nome');
  return {
    folder: folder ?? DEFAULT_FOLDER,
    addresses: [...new Set([...addresses, ...LOOPBACK_ADDRESSES])],
    clients: [...new Set(settings.value('cliente'))],
    days: settings.value('dias'),
    replaces: settings.value('substitui'),
    namesServer: addresses.length > 0,
  };
}

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** The two files of a name, if at least one of them exists. */
async function pairAt({ folder }: Wish, name: string): Promise<Pair | undefined> {
  const [certificate, key] = await Promise.all([
    readIfThere(join(folder, `${name}.pem`)),
    readIfThere(join(folder, `${name}-chave.pem`)),
  ]);
  if (certificate === undefined && key === undefined) return undefined;
  return { certificate: certificate ?? '', key: key ?? '' };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new KvsError('CONFIGURACAO', `não consegui ler ${path}`, { cause });
  }
}

/** @throws KvsError CONFIGURACAO before anything is written, if a requested name already exists */
function assertNothingLost(
  wish: Wish,
  present: { readonly server: Pair | undefined; readonly clients: readonly (Pair | undefined)[] },
): void {
  if (wish.replaces) return;
  const taken = wish.clients
    .filter((_, index) => present.clients[index] !== undefined)
    .map((name) => `cliente-${name}.pem`);
  if (wish.namesServer && present.server !== undefined) taken.unshift('servidor.pem');
  if (wish.clients.length === 0 && present.server !== undefined && taken.length === 0)
    taken.push('servidor.pem');
  if (taken.length === 0) return;
  throw new KvsError(
    'CONFIGURACAO',
    `${wish.folder} já tem ${taken.join(', ')}: nada foi mudado; para fazer outro no lugar, --substitui`,
  );
}

async function authorityOf(
  wish: Wish,
  present: Pair | undefined,
  nowMs: number,
  made: Made[],
): Promise<Authority> {
  if (present === undefined) {
    const days = Math.max(AUTHORITY_DAYS_MIN, wish.days);
    const { authority, issued } = await Authority.create('KVS autoridade de teste', days, nowMs);
    await writePair(wish.folder, 'ca', issued);
    made.push({ file: 'ca.pem', what: 'autoridade (CA)', until: issued.until });
    return authority;
  }
  const authority = await Authority.open(present.certificate, present.key);
  if (authority.until.getTime() > nowMs) return authority;
  throw new KvsError('CONFIGURACAO', `a autoridade em ${wish.folder} venceu: comece outra pasta`);
}

/** Each file appears atomically; a reader between the two sees a mismatch, and keeps what it has. */
async function writePair(folder: string, name: string, { certificate, key }: Issued): Promise<void> {
  for (const [file, text, mode] of [
    [`${name}-chave.pem`, key, 0o600],
    [`${name}.pem`, certificate, 0o644],
  ] as const) {
    const path = join(folder, file);
    const partial = `${path}.parcial`;
    try {
      // A file left behind, or planted by somebody, would keep its owner and mode.
      await rm(partial, { force: true });
      await writeFile(partial, text, { flag: 'wx', mode });
      // Set regardless of the umask.
      await chmod(partial, mode);
      await rename(partial, path);
    } catch (cause) {
      throw new KvsError('CONFIGURACAO', `não consegui escrever ${path}`, { cause });
    }
  }
}

async function say({ folder, clients }: Wish, made: readonly Made[], output: Output): Promise<void> {
  const at = (file: string): string => join(folder, file);
  const rows = made.map(({ file, what, until }) => [
    file,
    what,
    until.toISOString().slice(0, 16).replace('T', ' '),
  ]);
  await output.line(
    table(['arquivo', 'para', 'vale até (UTC)'], rows, picocolors.createColors(output.colors)),
  );
  await output.line(`\nPasta: ${folder}\nA chave de cada um está em …-chave.pem, que só você pode ler.`);
  await output.line(
    'Só para testes: quem lê ca-chave.pem pode se passar por qualquer um. Em produção, use a sua autoridade.',
  );
  await output.line('\nAgora:');
  await output.line(
    `  ./server.sh 9000 --tls-certificado ${at('servidor.pem')} --tls-chave ${at('servidor-chave.pem')}`,
  );
  await output.line(`  ./client.sh -p 9000 --tls-ca ${at('ca.pem')} -o insere -k nome -v Maria`);
  const [client] = clients;
  if (client === undefined) return;
  await output.line('\nCom certificado também do cliente (o servidor com --tls-ca e --tls-exige-cliente):');
  await output.line(
    `  ./client.sh -p 9000 --tls-ca ${at('ca.pem')} --tls-certificado ${at(`cliente-${client}.pem`)} --tls-chave ${at(`cliente-${client}-chave.pem`)} -o consulta -k nome`,
  );
}

/** Why a folder cannot be made, such as an existing file of that name. */
function folderReason(error: unknown): string {
  if (isCode(error, 'ENOENT')) return 'ali não se pode criar uma pasta';
  return isCode(error, 'EEXIST') || isCode(error, 'ENOTDIR') ? 'não é uma pasta' : reasonOf(error);
}
