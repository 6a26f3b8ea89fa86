import type { FleetEngine } from '../../engines/fleet/engine.js';
import type { JournalWriter } from '../../engines/fleet/journal-writer.js';
import { ownLag, Progress } from '../../engines/fleet/replication/lag.js';
import { replicationLimits } from '../../engines/fleet/replication/limits.js';
import type { Peer } from '../../engines/fleet/replication/peers.js';
import { defaultFleetTuning } from '../../engines/fleet/replication/tuning.js';
import type { MetricReader } from '../../metrics/exposition.js';
import type { Time } from '../../ports/time.js';

/** How often it is looked at how much this server has written: the lag in time of a peer is as exact. */
const PROGRESS_MS = 1_000;

/** The other servers of a fleet, and what goes between them. */
export function fleetMetrics({ member, store, origin, requests }: FleetEngine, time: Time): MetricReader {
  const progress = watchProgress(() => store.vector.seqOf(origin), time);
  const { receiver, outbox, repair, selfCheck, peers } = member;
  return (into) => {
    const nowMs = time.monotonicMs();
    const known = peers.all();
    const states = { joining: 0, serving: 0, draining: 0 };
    for (const { presence } of known) if (presence.state in states) states[presence.state as 'joining']++;
    into.setEach('kvs_peers', states);
    const isOld = ({ presence }: Peer): boolean => (presence.level ?? 1) < replicationLimits.level;
    into.set('kvs_old_peers', known.filter(isOld).length);
    for (const [name, peer] of byName(known)) {
      const lag = ownLag(peer, origin, store.vector, defaultFleetTuning);
      into.set('kvs_peer_silence_seconds', (nowMs - peer.seenAtMs) / 1_000, name);
      if (lag === undefined) continue;
      const lagMs = lag === 0 ? 0 : progress.ageOfNext(peer.ownSeq, nowMs);
      into.set('kvs_peer_lag_seconds', lagMs / 1_000, name);
      into.set('kvs_peer_lag_mutations', lag, name);
    }
    into.set('kvs_replication_sent_batches_total', outbox.counters.batches);
    into.set('kvs_replication_sent_mutations_total', outbox.counters.mutations);
    into.set('kvs_replication_unsent_batches_total', outbox.counters.unsent);
    into.set('kvs_replication_received_batches_total', receiver.counters.received);
    into.set('kvs_replication_applied_mutations_total', receiver.counters.applied);
    into.set('kvs_replication_duplicate_batches_total', receiver.counters.duplicates);
    into.set('kvs_replication_held_batches_total', receiver.counters.held);
    into.set('kvs_replication_waiting_batches', receiver.waitingBatches);
    into.set('kvs_replication_dropped_batches_total', receiver.counters.dropped);
    into.set('kvs_repair_requests_total', repair.counters.requests);
    into.set('kvs_repair_timeouts_total', repair.counters.timeouts);
    into.set('kvs_repair_batches_total', repair.counters.batches);
    into.set('kvs_state_transfers_total', repair.counters.transfers);
    into.set('kvs_state_transfers_discarded_total', repair.counters.transfersDiscarded);
    into.set('kvs_diverged', selfCheck.alarmed ? 1 : 0);
    into.set('kvs_divergences_total', selfCheck.alarms);
    into.set('kvs_clock_lead_seconds', member.clockLeadMs / 1_000);
    into.set('kvs_session_waiters', member.sessionWaiters.size);
    into.set('kvs_confirmation_waiters', member.confirmations.count);
    into.set('kvs_remembered_requests', requests.memory.size);
  };
}

/** The journal of a server with a disk. */
export function journalMetrics(journal: JournalWriter): MetricReader {
  return (into) => {
    const { counters, queue, logLength, refusal } = journal;
    into.set('kvs_journal_healthy', refusal === undefined ? 1 : 0);
    into.durations('kvs_journal_sync_duration_seconds', counters.syncs);
    into.set('kvs_journal_writes_total', counters.writes);
    into.set('kvs_journal_received_batches_total', counters.received);
    into.set('kvs_journal_checkpoints_total', counters.checkpoints);
    into.set('kvs_journal_failures_total', counters.failures);
    into.set('kvs_journal_queued_writes', queue.length);
    into.set('kvs_journal_queued_bytes', queue.bytes);
    into.set('kvs_journal_log_bytes', logLength);
  };
}

/** One peer a name: of several starts of one server, the last that was heard. */
function byName(peers: readonly Peer[]): ReadonlyMap<string, Peer> {
  const byName = new Map<string, Peer>();
  for (const peer of peers) {
    const { address, name = address } = peer.presence;
    const known = byName.get(name);
    if (known === undefined || known.seenAtMs < peer.seenAtMs) byName.set(name, peer);
  }
  return byName;
}

function watchProgress(written: () => number, time: Time): Progress {
  const progress = new Progress();
  const look = (): void => {
    progress.note(time.monotonicMs(), written());
    time.after(PROGRESS_MS, look);
  };
  look();
  return progress;
}
