import { readSmallFile } from '../files/small-file.js';
import type { BrokerCredentials } from '../mqtt/broker-url.js';
import { KvsError } from '../core/errors.js';
import type { Logger } from '../ports/logger.js';
import { isToken, splitToken } from '../ports/access.js';
import { onReload } from './reload.js';

/** Room for two lines of MQTT's longest user and password. A longer file is the wrong one. */
const FILE_BYTES_MAX = 256 * 1024;

/** The credentials that a server presents to its broker, read again at every SIGHUP. */
class LiveCredentials implements BrokerCredentials {
  private readonly calls: (() => void)[] = [];

  constructor(private now: BrokerCredentials) {}

  get user(): string {
    return this.now.user;
  }

  get password(): string {
    return this.now.password;
  }

  onChange(call: () => void): void {
    this.calls.push(call);
  }

  replace(next: BrokerCredentials): void {
    const isSame = next.user === this.user && next.password === this.password;
    this.now = next;
    if (!isSame) for (const call of this.calls) call();
  }
}

/** What a file of user and password is for. */
interface CredentialsUse {
  /** Named in errors. */
  readonly option: string;
  /** Portuguese, behind "senha": whose it is. */
  readonly of: string;
}

const OF_BROKER: CredentialsUse = { option: '--broker-credenciais', of: 'do broker' };
const OF_NODES: CredentialsUse = { option: '--particoes-credenciais', of: 'dos nós' };

/**
 * Reads user and password for the broker, now and at every SIGHUP; if they have changed then, the connections are
 * renewed.
 * @returns `undefined` if no file is configured
 * @throws KvsError CONFIGURACAO; the error never contains what the file holds
 */
export function openBrokerCredentials(
  path: string | undefined,
  logger: Logger,
): Promise<BrokerCredentials | undefined> {
  return openCredentials(path, OF_BROKER, logger);
}

/**
 * Reads user and password for the nodes of a Redis Cluster, now and at every SIGHUP: connections made later use what is
 * there then.
 * @returns `undefined` if no file is configured
 * @throws KvsError CONFIGURACAO; the error never contains what the file holds
 */
export function openNodeCredentials(
  path: string | undefined,
  logger: Logger,
): Promise<BrokerCredentials | undefined> {
  return openCredentials(path, OF_NODES, logger);
}

async function openCredentials(
  path: string | undefined,
  use: CredentialsUse,
  logger: Logger,
): Promise<BrokerCredentials | undefined> {
  if (path === undefined) return undefined;
  const onExposed = (): void => {
    logger.warn({ arquivo: path }, `outros usuários alcançam o arquivo da senha ${use.of}; use chmod 600`);
  };
  const read = (): Promise<BrokerCredentials> => readPair(path, use, onExposed);
  const credentials = new LiveCredentials(await read());
  onReload(`senha ${use.of}`, async () => {
    credentials.replace(await read());
  });
  return credentials;
}

/**
 * Reads user and password for the broker from a file whose first line is `usuario:senha` or a token, which contains
 * both. Not from the command line or a variable, which would expose them.
 * @param onExposed called if other users of this machine may read it
 * @throws KvsError CONFIGURACAO; the error never contains what the file holds
 */
export function readBrokerCredentials(path: string, onExposed: () => void): Promise<BrokerCredentials> {
  return readPair(path, OF_BROKER, onExposed);
}

async function readPair(
  path: string,
  { option }: CredentialsUse,
  onExposed: () => void,
): Promise<BrokerCredentials> {
  const { text, isExposed } = await readSmallFile(path, FILE_BYTES_MAX).catch((error: unknown) => {
    const { message, cause } = KvsError.from(error);
    throw new KvsError('CONFIGURACAO', `${option}: ${message}`, { cause });
  });
  if (isExposed) onExposed();
  const [line = ''] = text.split(/\r?\n/, 1);
  if (isToken(line)) {
    const { name, secret } = splitToken(line);
    return { user: name, password: secret };
  }
  const [, user, password] = /^([^:\r\n]+):([^\r\n]*)/.exec(line) ?? [];
  if (user === undefined || password === undefined) {
    throw new KvsError(
      'CONFIGURACAO',
      `${option}: a primeira linha de ${path} não é usuario:senha nem um token`,
    );
  }
  return { user, password };
}
