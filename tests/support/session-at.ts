import type { Engine } from '../../src/ports/engine.js';

/** A server may get what a session has seen until then. */
const WAIT_MS = 10_000;

export interface SessionAt {
  /** The store as one call of the session uses it. */
  readonly store: Engine;
  /** The token after what was done there. */
  token(): string | undefined;
}

/** One call of a session at a server. @param token `undefined`: it begins */
export async function sessionAt(
  engine: Engine,
  token: string | undefined,
  waitMs = WAIT_MS,
): Promise<SessionAt> {
  const { guarantees } = engine;
  if (guarantees === undefined) throw new Error('this engine has no sessions');
  const view = await guarantees.reach(token, waitMs);
  return { store: view ?? engine, token: () => guarantees.session(token, view) };
}
