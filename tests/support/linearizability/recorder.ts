import { isWrite } from './history.js';
import type { Operation, Outcome, Request } from './history.js';

/** Whatever clients ask: an engine, or a server by one of its doors. */
export interface Subject {
  /** Never rejects because of a fault that the test made: those are outcomes. */
  perform(key: string, request: Request): Promise<Outcome>;
}

/**
 * Writes down what clients of this process ask and are told. There is one clock, so an operation that returned before
 * another was called did so in real time as well, whichever servers they asked.
 */
export class Recorder {
  readonly operations: Operation[] = [];
  private last = 0;

  async run(client: string, key: string, request: Request, subject: Subject): Promise<Outcome> {
    const called = this.now();
    const outcome = await subject.perform(key, request);
    this.operations.push({ client, key, request, called, returned: this.now(), outcome });
    return outcome;
  }

  /** Monotonic, ms, never the same twice. */
  private now(): number {
    this.last = Math.max(performance.now(), this.last + 1e-6);
    return this.last;
  }
}

/** What a run was made of. */
export interface Census {
  readonly answered: number;
  readonly failed: number;
  /** Writes of which nobody was told whether they were done. */
  readonly unknown: number;
  /** Among them those whose value an answer shows: they were done. */
  readonly unknownSeen: number;
  /** Pairs of answered operations on one key that overlap, at least one of them a write. */
  readonly overlaps: number;
}

export function census(history: readonly Operation[]): Census {
  const answered = history.filter(({ outcome }) => outcome.kind === 'answered');
  const unknown = history.filter(({ outcome, request }) => outcome.kind === 'unknown' && isWrite(request));
  const shown = new Set(
    answered.map(({ key, outcome }) => {
      return JSON.stringify([key, outcome.kind === 'answered' ? outcome.answer.found?.value : undefined]);
    }),
  );
  const unknownSeen = unknown.filter(({ key, request }) => {
    return 'value' in request && shown.has(JSON.stringify([key, request.value]));
  });
  return {
    answered: answered.length,
    failed: history.filter(({ outcome }) => outcome.kind === 'failed').length,
    unknown: unknown.length,
    unknownSeen: unknownSeen.length,
    overlaps: overlaps(answered),
  };
}

function overlaps(answered: readonly Operation[]): number {
  let count = 0;
  const open = new Map<string, Operation[]>();
  for (const operation of [...answered].sort((a, b) => a.called - b.called)) {
    const others = (open.get(operation.key) ?? []).filter(({ returned }) => returned > operation.called);
    count += others.filter(({ request }) => isWrite(request) || isWrite(operation.request)).length;
    open.set(operation.key, [...others, operation]);
  }
  return count;
}

/**
 * Why a run proves nothing about an engine that survives the loss of its leader; empty if it does.
 * @param elections changes of leader that were seen during the run
 */
export function vacuous(
  { overlaps: pairs, unknown, unknownSeen }: Census,
  elections: number,
): readonly string[] {
  return [
    ...(pairs === 0 ? ['no two operations on one key overlapped'] : []),
    ...(unknown === 0 ? ['no outcome was unknown'] : []),
    ...(unknownSeen === 0 ? ['no write of unknown outcome was seen to be done'] : []),
    ...(elections === 0 ? ['no leader was elected'] : []),
  ].map((reason) => `VACUOUS: ${reason}`);
}
