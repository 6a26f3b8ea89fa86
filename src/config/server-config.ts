import { KvsError } from '../core/errors.js';
import type { RetentionRule } from '../core/retention.js';
import { LOOPBACKS } from '../security/tls/open-ports.js';
import type { Hosts } from '../security/tls/open-ports.js';
import { engineConfig } from './engine-config.js';
import type { EngineConfig } from './engine-config.js';
import { mqttDoorConfig } from './mqtt-config.js';
import type { MqttDoorConfig } from './mqtt-config.js';
import { SERVER_OPTIONS } from './server-options.js';
import type { LogLevel } from './server-options.js';
import type { PortalService } from './server-parsers.js';
import { Settings } from './settings.js';
import type { SettingSources } from './settings.js';
import { tlsConfig } from './tls-config.js';
import type { TlsConfig } from './tls-config.js';

/** What is decided of HTTP. */
interface HttpConfig {
  readonly isOpen: boolean;
  /** Names by which this server is called, beside loopback ones and those of its address. */
  readonly names: readonly string[];
  /** Origins whose pages may use it. */
  readonly origins: readonly string[];
}

/** All settings of a server, checked and frozen. */
export interface ServerConfig {
  /** Address of the doors, as announced to people and peers. */
  readonly host: string;
  /** Where they listen: at `host`, and if no address was given, on the other loopback too. */
  readonly listenOn: Hosts;
  /** The readable name of this server; `undefined`: its address. */
  readonly name: string | undefined;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Shortest key and value of the kvs.KVS door, in characters; 0 lifts the minimum. */
  readonly minimumChars: number;
  readonly logLevel: LogLevel;
  readonly http: HttpConfig;
  /** Offered services of the enrolment portal. */
  readonly portal: readonly PortalService[];
  /** The door of MQTT; `undefined`: closed. */
  readonly mqtt: MqttDoorConfig | undefined;
  /** The file that holds user and password for the broker. */
  readonly brokerCredentials: string | undefined;
  /** The file of credentials; `undefined`: everyone who reaches the server may do everything. */
  readonly credentials: string | undefined;
  /** `undefined`: without TLS. */
  readonly tls: TlsConfig | undefined;
  /** Rules of this server; the stored setting goes before them for the same prefix. */
  readonly retention: readonly RetentionRule[];
  /** Whether clients may cause faults of this server and see its messages, for classes and tests. */
  readonly laboratory: boolean;
  readonly engine: EngineConfig;
}

/**
 * The configuration of a server: flags before environment before file before the fallbacks of {@link SERVER_OPTIONS}.
 * Pure: reads nothing by itself.
 * @throws KvsError CONFIGURACAO, with one line for people
 */
export function serverConfig(sources: SettingSources): ServerConfig {
  const settings = new Settings(SERVER_OPTIONS, sources);
  const host = settings.value('host');
  const engine = engineConfig(settings);
  const portal = settings.value('portal');
  const credentials = settings.value('credenciais');
  if (credentials !== undefined) assertServerIsKnown(engine);
  return Object.freeze({
    host,
    listenOn: settings.given('host') === undefined ? LOOPBACKS : host,
    name: settings.value('nome'),
    port: settings.value('porta'),
    minimumChars: settings.value('minimo'),
    logLevel: settings.value('log-nivel'),
    http: Object.freeze({
      isOpen: !settings.value('sem-http'),
      names: settings.value('http-nomes'),
      origins: settings.value('http-origens'),
    }),
    portal,
    mqtt: mqttDoorConfig(settings),
    brokerCredentials: settings.value('broker-credenciais'),
    credentials,
    tls: tlsConfig(settings),
    retention: settings.value('retencao'),
    laboratory: settings.value('laboratorio'),
    engine,
  });
}

/** Servers with a leader trust only servers with a credential, this one included. @throws KvsError CONFIGURACAO */
function assertServerIsKnown(engine: EngineConfig): void {
  if (engine.name !== 'lider' || engine.servers.length === 1 || engine.tokenFile !== undefined) return;
  throw new KvsError(
    'CONFIGURACAO',
    '--credenciais com o motor lider pede --credencial-servidor ARQUIVO, com o token deste servidor: crie-o com "bin/kvs credencial cria NOME --papel servidor --saida ARQUIVO"',
  );
}
