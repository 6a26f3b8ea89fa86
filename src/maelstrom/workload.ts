import type { Awaitable } from '../ports/engine.js';
import type { Body, Json } from './protocol.js';

/** What a request is answered with: its body without the fields of every answer; `undefined`: nothing. */
export type Answer = { readonly [name: string]: Json };

/** What one type of request does. Throws what `refusalOf` understands. */
type Handle = (request: Body) => Awaitable<Answer>;

/** The requests of one workload, by their type. */
export type Workload = ReadonlyMap<string, Handle>;

export function workload(handles: Readonly<Record<string, Handle>>): Workload {
  return new Map(Object.entries(handles));
}
