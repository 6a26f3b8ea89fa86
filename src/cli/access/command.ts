import { unlink } from 'node:fs/promises';
import picocolors from 'picocolors';
import { withCredential, withoutCredential, assertWanted } from '../../security/access/changes.js';
import type { Wanted } from '../../security/access/changes.js';
import { changeCredentials, readCredentials } from '../../security/access/file.js';
import { createPrivateFile } from '../../files/private-file.js';
import type { Credential } from '../../security/access/format.js';
import type { ValuesOf } from '../../config/option.js';
import { Settings } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { ACCESS_OPTIONS } from '../../config/tool-options.js';
import { KvsError } from '../../core/errors.js';
import { ROLES } from '../../ports/access.js';
import type { CredentialRole } from '../../ports/access.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { formatOf } from '../format.js';
import type { Format } from '../format.js';
import { assertPrivateOutput } from '../key-command.js';
import type { Output } from '../output.js';
import { cell } from '../rendering/visible.js';
import type { AccessAction } from '../../config/commands.js';

type AccessSettings = Settings<ValuesOf<typeof ACCESS_OPTIONS>>;

const DAY_MS = 86_400_000;

const NEXT = 'nos servidores abertos vale depois de: kill -HUP PROCESSO (o número está no log de cada um)';

/**
 * `kvs credencial`: changes or shows the file of credentials of a server. The token or the table goes to standard
 * output, and what to do next to standard error.
 * @throws KvsError CONFIGURACAO
 */
export async function runAccess(
  action: AccessAction,
  name: string | undefined,
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
  output: Output,
): Promise<ExitCode> {
  const settings: AccessSettings = new Settings(ACCESS_OPTIONS, { flags, env, file: undefined });
  const path = pathOf(settings);
  const format = formatOf(settings.value('json'), settings.value('quieto'));
  const next = (): void => {
    if (format !== 'values') output.error(NEXT);
  };
  switch (action) {
    case 'cria':
      await create(path, wantedOf(name, settings, Date.now()), settings.value('saida'), output, format);
      break;
    case 'revoga': {
      const revoked = named(action, name);
      await changeCredentials(path, (file) => withoutCredential(file, revoked));
      if (format !== 'values') await output.line(`revogada: ${revoked}`);
      next();
      break;
    }
    case 'lista': {
      const { file, isExposed } = await readCredentials(path);
      if (isExposed) output.error(`outros usuários podem ler ou mudar ${path}: chmod 600 ${path}`);
      await show(file.credentials, format, output);
    }
  }
  return EXIT.ok;
}

async function create(
  path: string,
  wanted: Wanted,
  tokenPath: string | undefined,
  output: Output,
  format: Format,
): Promise<void> {
  const { name } = wanted;
  if (tokenPath === undefined && wanted.certificates.length === 0) assertPrivateOutput(process.stdout.fd);
  if (tokenPath !== undefined && wanted.certificates.length > 0) {
    throw new KvsError('CONFIGURACAO', 'com --certificado não há token: não use --saida');
  }
  let token: string | undefined;
  let written: string | undefined;
  await changeCredentials(path, async (file) => {
    const made = await withCredential(file, wanted);
    ({ token } = made);
    if (token === undefined || tokenPath === undefined) return made.file;
    // Written before the credential: a token that nobody has would be useless.
    await createPrivateFile(tokenPath, `${token}\n`);
    written = tokenPath;
    return made.file;
  }).catch(async (error: unknown) => {
    if (written !== undefined) await unlink(written);
    throw error;
  });
  const isShown = token !== undefined && tokenPath === undefined;
  if (format === 'values') {
    if (isShown) await output.line(token ?? '');
    return;
  }
  if (isShown) {
    output.error('o token, que não será mostrado de novo (com --saida iria para um arquivo que só você lê):');
    await output.line(token ?? '');
  } else if (token === undefined) {
    await output.line(`criada: ${name}, para ${wanted.certificates.join(' e ')}`);
  } else {
    await output.line(`criada: ${name}; o token está em ${tokenPath ?? ''}`);
  }
  output.error(NEXT);
}

function wantedOf(name: string | undefined, settings: AccessSettings, nowMs: number): Wanted {
  const role = settings.value('papel');
  if (role === undefined) throw new KvsError('CONFIGURACAO', `diga o papel com --papel: ${ROLES.join(', ')}`);
  const days = settings.value('validade');
  const wanted = {
    name: named('cria', name),
    role,
    prefixes: settings.value('prefixo'),
    certificates: settings.value('certificado'),
    createdMs: nowMs,
    expiresMs: days === undefined ? undefined : nowMs + days * DAY_MS,
  };
  assertWanted(wanted);
  return wanted;
}

function named(action: AccessAction, name: string | undefined): string {
  if (name !== undefined) return name;
  throw new KvsError(
    'CONFIGURACAO',
    `${action}: falta o nome da credencial, como em: kvs credencial ${action} maria`,
  );
}

function pathOf(settings: AccessSettings): string {
  const path = settings.value('arquivo') ?? '';
  if (path !== '') return path;
  throw new KvsError(
    'CONFIGURACAO',
    'diga o arquivo de credenciais do servidor com --arquivo (ou KVS_CREDENCIAIS)',
  );
}

/** The keys that a credential covers, for people; a server's covers none of its own. */
function keysOf(role: CredentialRole, prefixes: readonly string[]): string {
  if (role === 'administracao' || prefixes.includes('')) return 'todos';
  return prefixes.map((prefix) => JSON.stringify(prefix)).join(' ');
}

async function show(credentials: readonly Credential[], format: Format, output: Output): Promise<void> {
  const iso = (ms: number | undefined): string => (ms === undefined ? '' : new Date(ms).toISOString());
  if (format === 'values') {
    for (const { name } of credentials) await output.line(name);
    return;
  }
  if (format === 'json') {
    for (const { name, role, prefixes, certificates, createdMs, expiresMs } of credentials) {
      const expires = expiresMs === undefined ? {} : { expira: iso(expiresMs) };
      const line = { nome: name, papel: role, prefixos: prefixes, certificados: certificates };
      await output.line(JSON.stringify({ ...line, criada: iso(createdMs), ...expires }));
    }
    return;
  }
  const { table } = await import('../rendering/table.js');
  const rows = credentials.map(({ name, role, prefixes, certificates, createdMs, expiresMs }) => [
    ...[name, role, cell(keysOf(role, prefixes))],
    ...[certificates.length > 0 ? cell(certificates.join(' e ')) : 'token', iso(createdMs).slice(0, 10)],
    expiresMs === undefined
      ? 'nunca'
      : `${iso(expiresMs).slice(0, 10)}${expiresMs <= Date.now() ? ' (venceu)' : ''}`,
  ]);
  if (rows.length > 0) {
    const header = ['nome', 'papel', 'prefixos', 'entra com', 'criada', 'expira'];
    await output.line(table(header, rows, picocolors.createColors(output.colors)));
  }
  await output.line(credentials.length === 1 ? '1 credencial' : `${credentials.length} credenciais`);
}
