import type { FleetEngine } from '../../engines/fleet/engine.js';
import type { MqttBus } from '../../engines/fleet/bus/mqtt-bus.js';
import type { EnginePicture, PanelPeer, ReplicationFigures } from '../../ports/panel.js';
import type { ServerStatus } from '../../ports/status.js';
import type { FleetStatus } from '../status/fleet-status.js';
import type { EngineView } from './collector.js';
import { panelLimits } from './limits.js';
import { Totals } from './rates.js';

interface FleetViewDeps {
  readonly engine: FleetEngine;
  readonly status: FleetStatus;
  readonly bus: MqttBus;
  /** Whether this process runs the broker. */
  readonly isHosting: () => boolean;
}

/** What a server of a fleet adds to pictures. */
export class FleetView implements EngineView {
  private totals = newTotals();

  constructor(private readonly deps: FleetViewDeps) {}

  look(periodMs: number): EnginePicture {
    const { engine, status, bus, isHosting } = this.deps;
    engine.member.peers.hearing.look(LOOK_MS);
    const now = status.status();
    if (periodMs === 0) this.totals = newTotals();
    return {
      servers: now.servers.map((server) => this.peer(server)),
      departed: status.departed(),
      ...{ agrees: now.agrees, hasDiverged: engine.member.diverged, warnings: now.warnings },
      ...{ keys: now.keys, versions: now.versions, bytes: now.bytes },
      broker: { address: now.broker, isConnected: bus.connected, isHere: isHosting() },
      replication: this.replication(periodMs),
    };
  }

  private peer(server: ServerStatus): PanelPeer {
    const { store, member } = this.deps.engine;
    const presence = server.isSelf ? undefined : member.peers.get(server.origin)?.presence;
    const { vector } = store;
    return {
      ...server,
      isReplica: false,
      storeHash: server.isSelf ? store.hash() : (presence?.storeHash ?? ''),
      vectorDigest: server.isSelf ? vector.digest() : (presence?.vectorDigest ?? ''),
      recent: server.isSelf ? vector.recent(SHOWN_ENTRIES) : (presence?.recent ?? []),
      hears: server.isSelf ? this.heard() : presence && member.peers.hearing.heardBy(presence),
    };
  }

  /** Without a broker nobody is heard, though a moment ago some were. */
  private heard(): string[] {
    const { bus, engine } = this.deps;
    return bus.connected ? engine.member.peers.all().map(({ presence }) => presence.origin) : [];
  }

  private replication(periodMs: number): ReplicationFigures {
    const { engine, bus } = this.deps;
    const { receiver, outbox, repair, selfCheck, clockLeadMs } = engine.member;
    const { counters } = bus;
    const rates = this.totals.perSecond(
      {
        sentBatches: outbox.counters.batches,
        sentMutations: outbox.counters.mutations,
        receivedBatches: receiver.counters.received,
        appliedMutations: receiver.counters.applied,
        repeatedBatches: receiver.counters.duplicates,
        sentMessages: counters.published,
        receivedMessages: counters.received,
        sentBytes: counters.publishedBytes,
        receivedBytes: counters.receivedBytes,
        repairs: repair.counters.requests,
      },
      periodMs,
    );
    return {
      ...rates,
      waitingBatches: receiver.waitingBatches,
      totalRepairs: repair.counters.requests,
      totalStates: repair.counters.transfers,
      totalDivergences: selfCheck.alarms,
      totalReconnects: counters.reconnects,
      clockLeadMs,
    };
  }
}

/** Longer than until the next picture: only a presence now and then must fall into this time. */
const LOOK_MS = 3 * panelLimits.intervalMs;

/** Entries of this server's own vector that are shown. */
const SHOWN_ENTRIES = 64;

function newTotals() {
  return new Totals<
    keyof Omit<
      ReplicationFigures,
      | 'waitingBatches'
      | 'totalRepairs'
      | 'totalStates'
      | 'totalDivergences'
      | 'totalReconnects'
      | 'clockLeadMs'
    >
  >();
}
