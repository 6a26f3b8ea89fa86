import { CallBroken } from './case.js';
import type { GrpcServer } from './grpc/server.js';
import { conformanceLimits } from './limits.js';

/**
 * Removes what a check has written, at each server in turn: what was written at one may not have reached the others, nor
 * its removal.
 * @param remove at one server; what it answers, and whether it refuses, is of no matter
 * @param isGone whether the server shows it no more
 * @returns what is left, for people
 */
export async function removeAll(
  servers: readonly GrpcServer[],
  keys: ReadonlySet<string>,
  prefix: string,
  remove: (server: GrpcServer, key: string) => Promise<unknown>,
  isGone: (server: GrpcServer, key: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const server of servers) {
    const waiting = [...keys];
    let failed = 0;
    const work = async (): Promise<void> => {
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
        const outcome = await removed(server, key, remove, isGone);
        if (outcome === 'removed') continue;
        failed++;
        if (outcome === 'left') continue;
        // A server that no longer answers would keep everybody waiting once for each key.
        failed += waiting.length;
        waiting.length = 0;
      }
    };
    await Promise.all(Array.from({ length: conformanceLimits.removals }, work));
    if (failed > 0) {
      left.push(`${server.name} não removeu ${failed} de ${keys.size} chaves que começam com "${prefix}"`);
    }
  }
  return left;
}

async function removed(
  server: GrpcServer,
  key: string,
  remove: (server: GrpcServer, key: string) => Promise<unknown>,
  isGone: (server: GrpcServer, key: string) => Promise<boolean>,
): Promise<'removed' | 'left' | 'unanswered'> {
  try {
    await remove(server, key).catch(unlessRefused);
    return (await isGone(server, key)) ? 'removed' : 'left';
  } catch (error) {
    if (!(error instanceof CallBroken)) throw error;
    return error.kind === 'refused' ? 'left' : 'unanswered';
  }
}

/** There may have been nothing to remove. */
export function unlessRefused(error: unknown): void {
  if (!(error instanceof CallBroken) || error.kind !== 'refused') throw error;
}
