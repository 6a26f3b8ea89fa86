import type { FleetEngine } from '../engines/fleet/engine.js';
import { CODES, malformed, MaelstromError } from './protocol.js';
import type { Body, Json } from './protocol.js';
import { workload } from './workload.js';
import type { Workload } from './workload.js';

const PREFIX = 'contador/';

/**
 * Workloads `g-counter` and `pn-counter`: each node writes a key of its own with the sum of what it was given, so no write is
 * concurrent with another, and the value is the sum of the keys (Shapiro et al. 2011, "A comprehensive study of Convergent
 * and Commutative Replicated Data Types").
 */
export function counter(engine: FleetEngine, node: string): Workload {
  const key = `${PREFIX}${node}`;
  return workload({
    add: (request) => {
      const delta = wholeField(request, 'delta');
      // Read and written in one turn: nothing comes between.
      const total = Number(engine.read({ kind: 'version', key })?.value ?? 0) + delta;
      if (!Number.isSafeInteger(total)) throw new MaelstromError(CODES.abort, 'the sum would not be exact');
      engine.write({ kind: 'insert', key, value: String(total) });
      return {};
    },
    read: async () => {
      let value = 0;
      for await (const line of engine.scan({ kind: 'list', prefix: PREFIX }))
        value += Number(line?.value ?? 0);
      return { value };
    },
  });
}

function wholeField(request: Body, name: string): number {
  const value: Json | undefined = request[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw malformed(`${name} is a whole number`);
  return value;
}
