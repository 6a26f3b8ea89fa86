import type { ClientOptions, KvsClient } from '../client/client.js';
import { confirmationsOf } from '../client/confirmations.js';
import type { ServerAddress } from '../client/link.js';
import type { ClientValues } from '../config/client-options.js';
import type { Settings } from '../config/settings.js';
import { KvsError } from '../core/errors.js';
import { isOnThisMachine } from '../security/tls/loopback.js';
import { tokenOf } from './credential.js';
import { SessionFile } from './session-file.js';
import { tlsChoice } from './tls/choice.js';

/** Servers, timeout, and what every call demands besides. */
export interface Target extends ClientOptions {
  /** The file of the session; `undefined`: none. */
  readonly sessionFile: SessionFile | undefined;
  /** The connections to use, which stay open; absent: each call makes its own. */
  readonly client?: KvsClient | undefined;
}

/**
 * The target from options or `KVS_…` variables.
 * @throws KvsError CONFIGURACAO
 */
export function targetOf(settings: Settings<ClientValues>, say?: (message: string) => void): Target {
  const timeoutMs = settings.value('prazo');
  const servers = distinct(serversOf(settings));
  const discovers = settings.value('descobre');
  const token = tokenOf(settings.given('credencial'), settings.given('token'));
  const tls = tlsChoice(settings);
  const confirmations = confirmationsOf(settings.value('confirmacao'), timeoutMs);
  const sessionPath = settings.value('sessao');
  const sessionFile = sessionPath === undefined ? undefined : new SessionFile(sessionPath);
  return {
    ...{ servers, discovers, timeoutMs, token, tls, say },
    ...{ confirmations, sessionFile, session: sessionFile?.session },
    ...(token !== undefined && tls === undefined && { assertServer: assertConfidential }),
  };
}

/** The servers of `--servidores`, or those on the ports of `--porta`. @throws KvsError CONFIGURACAO */
function serversOf(settings: Settings<ClientValues>): readonly ServerAddress[] {
  const listed = settings.given('servidores');
  if (listed === undefined) return serversAt(settings);
  for (const other of [settings.given('porta'), settings.given('endereco')]) {
    // A variable that names one server does not contradict an option that names several.
    if (other?.place.startsWith('--') === true && listed.place.startsWith('--')) {
      throw new KvsError('CONFIGURACAO', `${listed.place} já diz os servidores: não junte ${other.place}`);
    }
  }
  return settings.value('servidores');
}

/** The servers at one address, which may include a port. @throws KvsError CONFIGURACAO */
function serversAt(settings: Settings<ClientValues>): readonly ServerAddress[] {
  const { host, port } = settings.value('endereco');
  if (port === undefined) return settings.value('porta').map((one) => ({ host, port: one }));
  const [place, other] = [settings.given('endereco')?.place ?? '', settings.given('porta')?.place];
  if (other === undefined) return [{ host, port }];
  throw new KvsError('CONFIGURACAO', `${place} já diz a porta: tire-a de lá, ou não junte ${other}`);
}

function distinct(servers: readonly ServerAddress[]): readonly ServerAddress[] {
  const byName = new Map(servers.map((server) => [`${server.host} ${server.port}`, server]));
  return [...byName.values()];
}

/** A token may cross the network only where nobody can read it. @throws KvsError CONFIGURACAO */
function assertConfidential({ host }: ServerAddress): void {
  if (isOnThisMachine(host)) return;
  throw new KvsError(
    'CONFIGURACAO',
    `o token iria às claras até ${host}, e outros o leriam: diga com --tls-ca o arquivo da autoridade do servidor`,
  );
}
