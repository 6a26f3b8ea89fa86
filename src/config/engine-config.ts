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

/** A server of a fleet, which holds everything in memory, and on disk if it has a folder. */
export interface FleetConfig {
  readonly name: 'frota';
  readonly fleet: string;
  /** In order of preference; empty: the broker at `localBroker`, embedded here if nobody has one. */
  readonly brokers: readonly BrokerAddress[];
  readonly localBroker: LocalBrokerConfig;
  /** Folder of the journal; `undefined`: memory only. */
  readonly dataFolder: string | undefined;
  /** Where the fleet's keys are; `undefined`: none, and messages are as they are. */
  readonly key: FleetKeyConfig | undefined;
}

/** A server over the replicas of a consensus store. */
export interface ConsensusConfig {
  readonly name: 'consenso';
  /** `host:port` of the client door of each, at least one. */
  readonly replicas: readonly string[];
  /** A call without an answer from them fails after this. */
  readonly deadlineMs: number;
  /** Reads come from any replica's own state: possible without a majority, and possibly old. */
  readonly localReads: boolean;
  /** Where this server is the gateway of the enrolment portal, in order of preference; empty: it is not. */
  readonly portalBrokers: readonly BrokerAddress[];
}

/** A server of the leader system. Addresses are `IP:porta` of the `Mensagem` doors. */
export interface LeaderConfig {
  readonly name: 'lider';
  /** Port of this server's `Mensagem` door, as others know it. */
  readonly port: number;
  /** Where it listens, if that is not the address by which others know it. */
  readonly listen: HostPort | undefined;
  readonly leader: string;
  /** All servers of the system, this one and the leader too. */
  readonly servers: readonly string[];
  /** A write that not every server has acknowledged within this has an unknown outcome. */
  readonly deadlineMs: number;
  /** As {@link ConsensusConfig.portalBrokers}. */
  readonly portalBrokers: readonly BrokerAddress[];
  /** The file with the token by which the other servers know this one. */
  readonly tokenFile: string | undefined;
}

export type EngineConfig = FleetConfig | ConsensusConfig | LeaderConfig;

/**
 * The engine that the settings ask for, and its own settings.
 * @throws KvsError CONFIGURACAO, also for an option of the engine that was not chosen: it would be missed without a word
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

/** @throws KvsError CONFIGURACAO, also unless this server and the leader are among the servers */
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
