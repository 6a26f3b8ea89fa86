import type { HostState, RecordedEvent } from '../recording.js';
import { isOf, latestLine, shows } from './observed-run.js';
import type { AnsweredCall, ObservedRun } from './observed-run.js';

/** What can be wrong in a recording of the exercise, as a student names it. */
export const FAULT_CAUSES = [
  'relogio',
  'queda',
  'isolamento',
  'sessao',
  'comparacao',
  'divergencia',
  'confirmacao',
] as const;
export type FaultCause = (typeof FAULT_CAUSES)[number];

/** A fault that a recording shows: its cause, and the events at which it shows first. */
export interface PlantedFault {
  readonly cause: FaultCause;
  readonly event: RecordedEvent;
  /** Numbers of the events that count as that place. */
  readonly numbers: ReadonlySet<number>;
}

/** No delay between machines explains as much. */
const AHEAD_MS = 5_000;

/**
 * The fault of a recording, found by what it did: nowhere is written which recording has which. The most particular ones
 * first: a clock ahead, for example, explains nothing that is looked for after it.
 */
export function faultIn(run: ObservedRun): PlantedFault | undefined {
  return (
    twiceCompared(run) ??
    unheldConfirmation(run) ??
    brokenSession(run) ??
    divergence(run) ??
    clockAhead(run) ??
    crash(run) ??
    isolation(run)
  );
}

/** The call and its answer, and what its server did between. */
function around(
  cause: FaultCause,
  { made, answer, server }: AnsweredCall,
  more: readonly RecordedEvent[],
  run: ObservedRun,
): PlantedFault {
  const numbers = new Set([made.n, answer.n, ...more.map(({ n }) => n)]);
  for (const event of run.events.slice(made.n - 1, answer.n)) if (event.host === server) numbers.add(event.n);
  return { cause, event: answer, numbers };
}

function clockAhead(run: ObservedRun): PlantedFault | undefined {
  for (const write of run.writes()) {
    const [line] = write.answer.lines;
    if (line === undefined) continue;
    if (line.timestampMs - (run.startedMs + write.answer.t) > AHEAD_MS)
      return around('relogio', write, [], run);
  }
  return undefined;
}

function crash(run: ObservedRun): PlantedFault | undefined {
  for (const lost of run.writes()) {
    const { key } = lost.made;
    for (const death of run.changed({ change: ['killed', 'ended'], host: lost.server, after: lost.answer })) {
      for (const read of run.answered({ operation: ['query', 'history'], key, after: death })) {
        if (!isGoneIn(run, read, lost)) continue;
        return around('queda', lost, [death], run);
      }
    }
  }
  return undefined;
}

/** Whether a read shows that an acknowledged write is gone, and nobody wrote or removed the key since. */
function isGoneIn(run: ObservedRun, read: AnsweredCall, write: AnsweredCall): boolean {
  if (read.answer.lines.some((line) => isOf(line, write))) return false;
  if (read.answer.code !== 'OK' && read.answer.code !== 'CHAVE_INEXISTENTE') return false;
  const { key } = write.made;
  const later = { key, after: write.answer, before: read.made, code: 'OK' } as const;
  return run.answered({ operation: ['insert', 'compare', 'remove'], ...later }).next().done === true;
}

/** A read outside of sessions that is older than what another server has shown before. */
function isolation(run: ObservedRun): PlantedFault | undefined {
  for (const seen of run.reads()) {
    const known = latestLine(seen);
    if (known === undefined) continue;
    for (const read of run.reads({
      key: seen.made.key,
      notServer: seen.server,
      isSession: false,
      after: seen.answer,
    })) {
      if ((latestLine(read)?.version ?? 0) >= known.version) continue;
      if (run.answered({ operation: 'remove', key: seen.made.key, code: 'OK' }).next().done !== true)
        continue;
      const write = [...run.writes({ key: seen.made.key, before: seen.answer })].find((one) =>
        shows(seen, one),
      );
      return around('isolamento', read, write === undefined ? [] : missedBatches(run, write, read), run);
    }
  }
  return undefined;
}

/** The messages that left the server of a write, from the write to the stale read, and never came to the server of the read. */
function missedBatches(run: ObservedRun, write: AnsweredCall, read: AnsweredCall): RecordedEvent[] {
  const arrived = new Set(
    run.received.filter(({ host }) => host === read.server).map(({ message }) => message),
  );
  return run.events.filter((event) => {
    if (event.n < write.made.n || event.n > read.answer.n) return false;
    if (event.kind !== 'sent' && event.kind !== 'relayed') return false;
    const sent = run.messageOf(event);
    if (sent === undefined || sent.host !== write.server || sent.type !== 'batch') return false;
    return !arrived.has(event.message);
  });
}

function brokenSession(run: ObservedRun): PlantedFault | undefined {
  const seen = new Map<string, number>();
  for (const call of run.answered({ isSession: true, code: 'OK' })) {
    if (call.made.operation === 'remove' || call.made.version !== undefined) continue;
    const place = JSON.stringify([call.made.client, call.made.key]);
    const version = latestLine(call)?.version ?? 0;
    if (version < (seen.get(place) ?? 0)) return around('sessao', call, [], run);
    seen.set(place, version);
  }
  return undefined;
}

function twiceCompared(run: ObservedRun): PlantedFault | undefined {
  const won = new Set<string>();
  const byAnswer = [...run.answered({ operation: 'compare', code: 'OK' })].sort(
    (a, b) => a.answer.n - b.answer.n,
  );
  for (const call of byAnswer) {
    const place = JSON.stringify([call.made.key, call.made.version ?? 0]);
    if (won.has(place)) return around('comparacao', call, [], run);
    won.add(place);
  }
  return undefined;
}

function divergence(run: ObservedRun): PlantedFault | undefined {
  const hashes = new Map<string, HostState>();
  for (const state of run.states) {
    const seqs = Object.entries(state.vector).sort(([one], [other]) => (one < other ? -1 : 1));
    if (seqs.length === 0) continue;
    const place = JSON.stringify(seqs);
    const before = hashes.get(place);
    if (before === undefined) hashes.set(place, state);
    else if (before.storeHash !== state.storeHash) {
      return { cause: 'divergencia', event: state, numbers: new Set([state.n]) };
    }
  }
  return undefined;
}

/** An answer that so many others confirmed, while fewer were there. */
function unheldConfirmation(run: ObservedRun): PlantedFault | undefined {
  for (const write of run.writes()) {
    const asked = write.made.confirm ?? 0;
    if (asked === 0) continue;
    const others = run.servers.filter(
      (server) =>
        server !== write.server &&
        run.isReachedAt(server, write.made) &&
        run.isReachedAt(server, write.answer),
    );
    const isCutOff =
      !run.isReachedAt(write.server, write.made) && !run.isReachedAt(write.server, write.answer);
    if (isCutOff || others.length < asked) return around('confirmacao', write, [], run);
  }
  return undefined;
}
