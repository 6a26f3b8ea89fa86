import { callServers } from '../caller.js';
import type { Failure } from '../failure.js';
import type { KeyReply } from '../operations/operation.js';
import { sentOf } from '../operations/request.js';
import type { OperationRequest } from '../operations/request.js';
import type { Target } from '../target.js';

/** Ends a read on purpose. */
class Enough extends Error {}

/**
 * Reads what a removal would remove, until `take` has enough.
 * @returns the failure if nothing can be read
 */
export async function look(
  target: Target,
  request: OperationRequest,
  take: (reply: KeyReply) => boolean | Promise<void> | undefined,
): Promise<Failure | undefined> {
  try {
    const { failure } = await callServers(target, request.operation.rpc, sentOf(request), (reply) => {
      const taken = take(reply);
      if (taken === true) throw new Enough();
      return taken instanceof Promise ? taken : undefined;
    });
    return failure;
  } catch (error) {
    if (error instanceof Enough) return undefined;
    throw error;
  }
}
