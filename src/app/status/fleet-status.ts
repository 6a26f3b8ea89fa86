import type { FleetEngine } from '../../engines/fleet/engine.js';
import type { HolderStatus } from '../../engines/fleet/replication/holdings.js';
import { replicationLimits } from '../../engines/fleet/replication/limits.js';
import type { PresenceState } from '../../ports/bus.js';
import type { DepartedServer } from '../../ports/panel.js';
import type { ServerStatus, StatusSource, SystemStatus } from '../../ports/status.js';
import type { Time } from '../../ports/time.js';

/** What may be wrong with a server of a fleet, as its parts report it. */
export interface FleetConditions {
  /** There is a broker. */
  isConnected: boolean;
  /** The disk takes what is written; true without a data folder. */
  isDiskGood: boolean;
  /** Something that a peer lacks is too large for the broker. */
  isBlocked: boolean;
  /** The clock is too far ahead for writes. */
  isAhead: boolean;
}

interface FleetStatusDeps {
  /** Name of the fleet. */
  readonly fleet: string;
  readonly engine: FleetEngine;
  /** The readable name of this server; absent: its address. */
  readonly name: string | undefined;
  readonly address: string;
  readonly program: string;
  readonly conditions: Readonly<FleetConditions>;
  /** Whether only servers with other keys are heard. */
  readonly isParted: () => boolean;
  /** URL of the connected broker. */
  readonly broker: () => string | undefined;
  /** Absent: this server cannot be cut off on purpose. */
  readonly isolation?: { readonly isCut: boolean } | undefined;
  /** What is near its limit. */
  readonly warnings: () => readonly string[];
  readonly time: Time;
}

const STATES: Readonly<Record<PresenceState, string>> = {
  joining: 'entrando',
  serving: 'atendendo',
  draining: 'saindo',
  leaving: 'saindo',
};

/** Of a server that has been silent since the broker was lost: nobody has seen it leave. */
const SILENT = 'sem contato';

/** Tells how the fleet is, as this server sees it. */
export class FleetStatus implements StatusSource {
  constructor(private readonly deps: FleetStatusDeps) {}

  status(): SystemStatus {
    const { fleet, engine, broker } = this.deps;
    const { store, member } = engine;
    const peers = member.holdings.all();
    return {
      ...{ fleet, engine: 'frota', broker: broker() ?? '' },
      servers: [this.self(), ...peers.map((peer) => this.peer(peer))],
      agrees: this.agrees(peers),
      keys: store.keyCount - store.emptyKeyCount,
      versions: store.entryCount,
      bytes: store.estimatedBytes,
      warnings: [...this.troubles(peers), ...this.deps.warnings()],
    };
  }

  serverName(origin: string): string | undefined {
    const { name, address, engine } = this.deps;
    return origin === engine.origin ? (name ?? address) : engine.member.peers.names.of(origin);
  }

  private self(): ServerStatus {
    const { name, address, program, engine, time } = this.deps;
    return {
      ...{ name: name ?? address, address, origin: engine.origin, state: STATES[engine.member.state] },
      ...{ programVersion: program, isSelf: true, lag: 0, seenMs: time.wallMs() },
    };
  }

  private peer({ presence, seenAtMs, isSilent, lag }: HolderStatus): ServerStatus {
    const { time } = this.deps;
    const { origin, address, name = address, program: programVersion = '', state } = presence;
    return {
      ...{ name, address, origin, state: isSilent ? SILENT : STATES[state], programVersion },
      ...{ isSelf: false, lag, seenMs: Math.round(time.wallMs() - (time.monotonicMs() - seenAtMs)) },
    };
  }

  /** Servers that left lately, and are not started again; the latest first. */
  departed(): DepartedServer[] {
    const { engine, address: own, time } = this.deps;
    return engine.member.holdings
      .departed()
      .filter(({ address }) => address !== own)
      .map(({ origin, address, name = address, program: programVersion = '', atMs }) => ({
        ...{ name, address, origin, programVersion },
        atMs: Math.round(time.wallMs() - (time.monotonicMs() - atMs)),
      }));
  }

  /** Presences are a moment old: while somebody writes, servers seldom agree. */
  private agrees(peers: readonly HolderStatus[]): boolean {
    const { member, store } = this.deps.engine;
    if (member.state !== 'serving' || member.diverged || this.deps.isParted()) return false;
    const digest = store.vector.digest();
    return peers.every(
      ({ presence, isSilent }) =>
        !isSilent &&
        presence.vectorDigest === digest &&
        presence.storeHash === store.hash() &&
        !member.peers.differsByKey(presence, store.vector),
    );
  }

  private troubles(peers: readonly HolderStatus[]): string[] {
    const { conditions, engine, isParted, isolation } = this.deps;
    const isCut = isolation?.isCut === true;
    const { member } = engine;
    const silent = peers.filter(({ isSilent }) => isSilent).map((peer) => this.peer(peer).name);
    const said: readonly (readonly [holds: boolean, text: string])[] = [
      [isCut, 'isolado do broker de propósito (kvs isola): volta ao fim do prazo, ou com kvs liga'],
      [!conditions.isConnected && !isCut, 'sem broker: este servidor atende sozinho e tenta de novo'],
      [silent.length > 0, `sem contato com ${silent.join(', ')} desde que o broker se perdeu`],
      [!conditions.isDiskGood, 'o disco recusa gravações: escritas são recusadas, leituras continuam'],
      [
        conditions.isBlocked,
        'há algo que não cabe no que o broker leva, e que falta a outros servidores: aumente o limite de tamanho do broker',
      ],
      [
        conditions.isAhead,
        'o relógio deste servidor está adiantado, e suas escritas são recusadas: acerte-o',
      ],
      [member.diverged, 'um servidor com as mesmas escritas tem conteúdo diferente: veja o log'],
      [isParted(), 'no broker só se ouvem servidores com outra chave da frota, ou sem ela'],
      [
        !member.peers.understand(replicationLimits.level),
        'há na frota um servidor de versão anterior, que não conhece prazos (ttl) nem chaves esquecidas: atualize-o',
      ],
    ];
    return said.flatMap(([holds, text]) => (holds ? [text] : []));
  }
}
