import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IClientOptions } from 'mqtt';
import { tokenText } from '../../src/ports/access.js';
import type { CredentialRole } from '../../src/ports/access.js';
import { formatCredentials } from '../../src/security/access/format.js';
import { DEFAULT_COST, newSalt, slowHash } from '../../src/security/access/secret.js';
import { TestCertificates } from './certificates.js';
import { eventually } from './eventually.js';
import { MqttUser } from './mqtt-user.js';
import { freePort } from './net.js';
import { ServerProcess } from './server-process.js';
import { startShippedMosquitto } from './shipped-mosquitto.js';

/** The users of `mosquitto-acl.conf`, as credentials of a server. */
const USERS: Readonly<Record<string, readonly [role: CredentialRole, prefixes: readonly string[]]>> = {
  servidor: ['servidor', []],
  admin: ['administracao', []],
  escrita: ['escrita', ['loja/', 'portal/']],
  leitura: ['leitura', ['loja/', 'portal/']],
  nada: ['leitura', ['nenhuma/']],
};

const secretOf = (name: string): string => createHash('sha256').update(name).digest('base64url');

/** A server with the door of MQTT, its credentials, and a broker that asks who comes. */
export interface MqttDoorStand {
  readonly server: ServerProcess;
  /** Whether the broker says what it refuses. */
  readonly isOpen: boolean;
  connect(who: string, more?: IClientOptions): Promise<MqttUser>;
  /** The value of a key, seen by an administrator over HTTP; `undefined`: it has none. */
  valueOf(key: string): Promise<string | undefined>;
  /** Takes one credential out of the server's file, and has it read again. */
  revoke(who: string): Promise<void>;
  close(): Promise<void>;
}

/** On the embedded broker of the server itself, or on Mosquitto with the configuration of this repository. */
export async function openMqttDoor(broker: 'embutido' | 'mosquitto'): Promise<MqttDoorStand> {
  const folder = await mkdtemp(join(tmpdir(), 'kvs-mqtt-usuarios-'));
  const file = join(folder, 'credenciais.json');
  const write = async (names: readonly string[]): Promise<void> => {
    const credentials = names.map(async (name) => {
      const salt = newSalt();
      const secret = { salt, hash: await slowHash(secretOf(name), salt, DEFAULT_COST) };
      const [role, prefixes] = USERS[name]!;
      return { name, role, prefixes, secret, certificates: [], createdMs: 0, expiresMs: undefined };
    });
    const text = formatCredentials({ cost: DEFAULT_COST, credentials: await Promise.all(credentials) });
    await writeFile(file, text, { mode: 0o600 });
  };
  const users = Object.keys(USERS);
  await write(users);
  const login = join(folder, 'broker.txt');
  await writeFile(login, `servidor:${secretOf('servidor')}\n`, { mode: 0o600 });
  const certificates = broker === 'mosquitto' ? await TestCertificates.make() : undefined;
  const mosquitto =
    certificates &&
    (await startShippedMosquitto({
      shown: await certificates.server('broker'),
      ca: certificates.ca,
      passwords: Object.fromEntries(users.map((name) => [name, secretOf(name)])),
    }));
  const port = mosquitto?.port ?? (await freePort());
  const place =
    certificates === undefined
      ? ['--broker-local', `127.0.0.1:${String(port)}`]
      : ['--broker', `mqtts://127.0.0.1:${String(port)}`, '--tls-ca', certificates.ca];
  const server = await ServerProcess.start({
    fleet: 'padrao',
    args: ['--mqtt', '--credenciais', file, '--broker-credenciais', login, ...place],
  });
  await eventually('it acts', () => server.logged('MQTT: este servidor'), 30_000);
  return {
    server,
    isOpen: mosquitto === undefined,
    connect: (who, more) =>
      MqttUser.connect(port, certificates?.ca, { user: who, password: secretOf(who) }, more),
    valueOf: async (key) => {
      const answer = await fetch(
        `http://127.0.0.1:${String(server.port)}/v1/chave?chave=${encodeURIComponent(key)}`,
        {
          headers: { authorization: `Bearer ${tokenText('admin', secretOf('admin'))}` },
        },
      );
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw new Error(`HTTP ${String(answer.status)}`);
      return answer.text();
    },
    revoke: async (who) => {
      await write(users.filter((name) => name !== who));
      const before = server.countLogged('credenciais relidas');
      process.kill(server.pid, 'SIGHUP');
      await eventually('read again', () => server.countLogged('credenciais relidas') > before);
    },
    close: async () => {
      await server.stop();
      await mosquitto?.stop();
      await certificates?.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
