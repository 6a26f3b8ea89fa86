import { KvsError } from '../core/errors.js';
import type { BrokerAddress } from '../mqtt/broker-url.js';
import { keyConfig } from './fleet-key-config.js';
import type { FleetKeyConfig } from './fleet-key-config.js';
import type { EngineName } from './option.js';
import type { HostPort } from './parse.js';
import type { ServerValues } from './server-options.js';
import { serverText } from './server-parsers.js';
import type { LocalBrokerConfig } from './server-parsers.js';
import type { Settings } from './settings.js';

/** A server of a fleet, which keeps everything in memory, and also on disk if it has a folder. */
export interface FleetConfig {
  readonly name: 'frota';
  readonly fleet: string;
  /** In order of preference; empty: the broker at `localBroker`, embedded here if there is none. */
  readonly brokers: readonly BrokerAddress[];
  readonly localBroker: LocalBrokerConfig;
  /** Folder of the journal; `undefined`: memory only. */
  readonly dataFolder: string | undefined;
  /** Keys without versions are forgotten at least this often, however few; 0: only when there are many. */
  readonly forgetAfterMs: number;
  /** The source of the fleet's keys; `undefined`: none, and messages are sent as they are. */
  readonly key: FleetKeyConfig | undefined;
}

/** A server over the replicas of a consensus store. */
export interface ConsensusConfig {
  readonly name: 'consenso';
  /** `host:port` of each replica's client door, at least one. */
  readonly replicas: readonly string[];
  /** A call that the replicas do not answer within this fails. */
  readonly deadlineMs: number;
  /** Reads use any replica's local state: they need no majority, and may be stale. */
  readonly localReads: boolean;
  /** Brokers on which this server is the gateway of the enrolment portal, in order of preference; empty: it is not. */
  readonly portalBrokers: readonly BrokerAddress[];
}

/** A server of the leader system. Addresses are `IP:porta` of the `Mensagem` doors. */
export interface LeaderConfig {
  readonly name: 'lider';
  /** Port of this server's `Mensagem` door, as others know it. */
  readonly port: number;
  /** Where it listens, if not at the address known to others. */
  readonly listen: HostPort | undefined;
  readonly leader: string;
  /** All servers of the system, including this one and the leader. */
  readonly servers: readonly string[];
  /** The outcome of a write that not all servers acknowledge within this is unknown. */
  readonly deadlineMs: number;
  /** As {@link ConsensusConfig.portalBrokers}. */
  readonly portalBrokers: readonly BrokerAddress[];
  /** The file with the token that this server shows to the others. */
  readonly tokenFile: string | undefined;
}

/** A server over a Redis Cluster. */
export interface PartitionsConfig {
  readonly name: 'particoes';
  /** `host:port` of some of its nodes, at least one. */
  readonly nodes: readonly string[];
  /** The file with user and password for the nodes; `undefined`: they ask for none. */
  readonly credentials: string | undefined;
  /** Whether the nodes are spoken to with TLS. */
  readonly tls: boolean;
  /** A call that the nodes do not answer within this fails. */
  readonly deadlineMs: number;
}

export type EngineConfig = FleetConfig | ConsensusConfig | LeaderConfig | PartitionsConfig;

/**
 * The chosen engine, and its settings.
 * @throws KvsError CONFIGURACAO, also for an option of another engine, which would be ignored silently
 */
export function engineConfig(settings: Settings<ServerValues>): EngineConfig {
  const name = settings.value('motor');
  assertOwnOptions(settings, name);
  switch (name) {
    case 'frota':
      return Object.freeze({
        name,
        fleet: settings.value('frota'),
        brokers: settings.value('broker'),
        localBroker: settings.value('broker-local'),
        dataFolder: settings.value('dados'),
        forgetAfterMs: settings.value('esquece-depois') * 3_600_000,
        key: keyConfig(settings),
      });
    case 'consenso':
      return Object.freeze({
        name,
        replicas: settings.value('replicas'),
        deadlineMs: settings.value('prazo-consenso'),
        localReads: settings.value('leitura') === 'local',
        portalBrokers: settings.value('portal-broker'),
      });
    case 'lider':
      return leaderConfig(settings);
    case 'particoes':
      return Object.freeze({
        name,
        nodes: settings.value('particoes'),
        credentials: settings.value('particoes-credenciais'),
        tls: settings.value('particoes-tls'),
        deadlineMs: settings.value('prazo-particoes'),
      });
  }
}

/** @throws KvsError CONFIGURACAO if an option is given that this engine does not have */
function assertOwnOptions(settings: Settings<ServerValues>, engine: EngineName): void {
  for (const { option, setting } of settings.allGiven) {
    const { engines } = option;
    if (engines === undefined || engines.includes(engine)) continue;
    throw new KvsError(
      'CONFIGURACAO',
      `${setting.place} só vale com --motor ${engines.join(' ou ')}, e o motor aqui é ${engine}`,
    );
  }
}

/** @throws KvsError CONFIGURACAO, also if the servers do not include this one and the leader */
function leaderConfig(settings: Settings<ServerValues>): LeaderConfig {
  const config = {
    name: 'lider',
    port: settings.value('porta-mensagem'),
    listen: settings.value('escuta'),
    leader: settings.value('lider'),
    servers: settings.value('servidores-lider'),
    deadlineMs: settings.value('prazo-lider'),
    portalBrokers: settings.value('portal-broker'),
    tokenFile: settings.value('credencial-servidor'),
  } as const;
  for (const [what, address] of [
    ['este servidor', serverText(settings.value('host'), config.port)],
    ['o líder', config.leader],
  ] as const) {
    if (config.servers.includes(address)) continue;
    const place = settings.given('servidores-lider')?.place ?? '--servidores-lider';
    throw new KvsError(
      'CONFIGURACAO',
      `${what}, ${address}, não está entre os servidores do sistema (${config.servers.join(', ')}); diga todos com ${place}`,
    );
  }
  return Object.freeze(config);
}
