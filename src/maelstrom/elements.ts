import { limits } from '../core/limits.js';
import type { Engine } from '../ports/engine.js';
import { malformed } from './protocol.js';
import type { Body, Json } from './protocol.js';
import { workload } from './workload.js';
import type { Answer, Workload } from './workload.js';

const NOTHING: Answer = {};

/** Workload `broadcast`: whoever reads, at any node, gets every message that was ever broadcast. */
export function broadcast(engine: Engine): Workload {
  const set = new ElementSet(engine, 'broadcast/');
  return workload({
    // Whoever a node should talk to is no question here: the bus reaches everyone.
    topology: () => NOTHING,
    broadcast: (request) => set.add(request, 'message'),
    read: async () => ({ messages: await set.all() }),
  });
}

/** Workload `g-set`: a set that only grows. */
export function growingSet(engine: Engine): Workload {
  const set = new ElementSet(engine, 'g-set/');
  return workload({
    add: (request) => set.add(request, 'element'),
    read: async () => ({ value: await set.all() }),
  });
}

/** A set in a store: a key for each element, so that the same one added twice, at two nodes, is one. */
class ElementSet {
  constructor(
    private readonly engine: Engine,
    private readonly prefix: string,
  ) {}

  async add(request: Body, name: string): Promise<Answer> {
    const element = request[name];
    if (element === undefined) throw malformed(`${request.type} has a field ${name}`);
    const text = JSON.stringify(element);
    const key = `${this.prefix}${text}`;
    if (Buffer.byteLength(key) > limits.keyBytes) throw malformed(`${name} is too long`);
    await this.engine.write({ kind: 'insert', key, value: text });
    return NOTHING;
  }

  async all(): Promise<readonly Json[]> {
    const elements: Json[] = [];
    for await (const line of this.engine.scan({ kind: 'list', prefix: this.prefix })) {
      if (line !== undefined) elements.push(JSON.parse(line.value) as Json);
    }
    return elements;
  }
}
