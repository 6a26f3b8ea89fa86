import { operationsOf } from '../checkers/linear.js';
import type { CaosHistory } from '../history.js';
import { isWrite } from '../../support/linearizability/history.js';
import type { Operation } from '../../support/linearizability/history.js';

/** One operation as `main.go` reads it. Absent numbers and texts are 0 and "". */
interface PorcupineOperation {
  readonly client: number;
  readonly key: string;
  readonly op: string;
  readonly value?: string;
  /** Version asked for, or expected. */
  readonly arg?: number;
  readonly call: number;
  /** Microseconds, as `call`; -1: nobody knows whether it was done. */
  readonly return: number;
  /** Version told; 0: nothing was there. Of a removal: 1 if something was removed. */
  readonly version?: number;
  readonly got?: string;
  readonly refused?: true;
}

/** A history for Porcupine: one JSON object a line, as `main.go` reads it. */
export function porcupineText(history: CaosHistory): string {
  const clients = new Map<string, number>();
  const lines = operationsOf(history).flatMap((operation): string[] => {
    const { outcome, request } = operation;
    if (outcome.kind === 'failed' || (outcome.kind === 'unknown' && !isWrite(request))) return [];
    const client = clients.get(operation.client) ?? clients.size;
    clients.set(operation.client, client);
    return [JSON.stringify(exported(operation, client))];
  });
  return lines.map((line) => `${line}\n`).join('');
}

function exported(
  { key, request, called, returned, outcome }: Operation,
  client: number,
): PorcupineOperation {
  const answer = outcome.kind === 'answered' ? outcome.answer : undefined;
  const { made, found, removed, refused } = answer ?? {};
  const version = made?.version ?? found?.version ?? (found === null || removed !== 'removed' ? 0 : 1);
  const arg = request.kind === 'compare' ? request.expected : request.kind === 'remove' ? request.version : 0;
  return {
    client,
    key,
    op: request.kind,
    ...('value' in request && { value: request.value }),
    arg,
    call: Math.round(called * 1_000),
    return: answer === undefined ? -1 : Math.round(returned * 1_000),
    version: request.kind === 'removeAll' && answer !== undefined ? Number(found !== null) : version,
    ...(found?.value !== undefined && { got: found.value }),
    ...(refused === true && { refused }),
  };
}
