import type { RecordedEvent } from '../../../src/laboratory/recording.js';
import type { Run } from './run.js';

/** How an event stands to the chosen one. */
export type CausalRelation = 'self' | 'past' | 'future' | 'beside';

/** What an event came from and what it led to. */
export interface CausalCone {
  readonly n: number;
  relation(n: number): CausalRelation;
  /** How many events lie in each. */
  readonly past: number;
  readonly future: number;
}

/**
 * The cone of an event, by Lamport's happened-before: events of one host are in the order in which the recorder has them,
 * and a message or a call comes after it left. Numbers are such an order as a whole, so one walk each way is enough.
 */
export function causalCone(run: Run, chosen: RecordedEvent): CausalCone {
  const relations = new Map<number, CausalRelation>([[chosen.n, 'self']]);
  const counts = {
    past: walk(run, chosen, -1, relations, 'past'),
    future: walk(run, chosen, 1, relations, 'future'),
  };
  return { n: chosen.n, relation: (n) => relations.get(n) ?? 'beside', ...counts };
}

function walk(
  run: Run,
  chosen: RecordedEvent,
  way: 1 | -1,
  relations: Map<number, CausalRelation>,
  relation: CausalRelation,
): number {
  /** Hosts of whose line everything from here on belongs to the cone. */
  const reached = new Set(linesOf(run, chosen));
  /** Messages and calls that it reached: those that left in it, or that came to it. */
  const carried = new Set<string>();
  carry(carried, chosen, way);
  let found = 0;
  for (let n = chosen.n + way; n >= 1 && n <= run.lastNumber; n += way) {
    const event = run.event(n);
    if (event === undefined) continue;
    const lines = linesOf(run, event);
    if (!lines.some((line) => reached.has(line)) && !isCarried(carried, event)) continue;
    // A call goes from its client to its server, an answer back: what one line knows comes to the other that way only.
    const from = way === 1 ? lines[0] : lines.at(-1);
    if (from !== undefined && (lines.length === 1 || reached.has(from)))
      for (const line of lines) reached.add(line);
    carry(carried, event, way);
    relations.set(n, relation);
    found += 1;
  }
  return found;
}

/** The lines of life that an event lies on, in the order in which it passes them: a call is of its client, then its server. */
function linesOf(run: Run, event: RecordedEvent): readonly string[] {
  // Whoever missed a message knows nothing of it.
  if (event.kind === 'missed') return [];
  if (event.kind === 'call') return [event.client, event.host];
  if (event.kind === 'answer') {
    const client = run.calls.get(event.call)?.made?.client;
    return client === undefined ? [event.host] : [event.host, client];
  }
  return [event.host];
}

const STAGES = { sent: 0, relayed: 1, received: 2, dropped: 2, missed: 2 } as const;

function stageOf(event: RecordedEvent): { readonly message: string; readonly stage: number } | undefined {
  return 'message' in event && event.kind in STAGES
    ? { message: (event as { message: string }).message, stage: STAGES[event.kind as keyof typeof STAGES] }
    : undefined;
}

/** Notes the stages of a message that an event is the cause of (or that are causes of it). */
function carry(carried: Set<string>, event: RecordedEvent, way: 1 | -1): void {
  const at = stageOf(event);
  if (at === undefined) return;
  for (let stage = at.stage + way; stage >= 0 && stage <= 2; stage += way)
    carried.add(`${stage} ${at.message}`);
}

function isCarried(carried: ReadonlySet<string>, event: RecordedEvent): boolean {
  const at = stageOf(event);
  return at !== undefined && carried.has(`${at.stage} ${at.message}`);
}
