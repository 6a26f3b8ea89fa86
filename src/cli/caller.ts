import type { Outcome, Rpc, Sent, Take } from '../client/call.js';
import { KvsClient } from '../client/client.js';
import { failureOf } from './failure.js';
import type { Failure } from './failure.js';
import type { Target } from './target.js';

/** How a call ended, for people. */
interface Called {
  /** The reasons in its trailing metadata, still encoded. */
  readonly reasons: string | undefined;
  readonly failure: Failure | undefined;
  /** Lines for whoever looks: servers that did not answer, and who did. */
  readonly notes: readonly string[];
}

/**
 * The one call of every command: at one of the servers, with its replies to `take`, in order (see {@link KvsClient}).
 * @throws KvsError CONFIGURACAO for a file of TLS that does not serve, a token that others would read, or items that
 * cannot be read
 */
export async function callServers<Reply>(
  target: Target,
  rpc: Rpc<Reply>,
  sent: Sent,
  take: Take<Reply>,
): Promise<Called> {
  const client = await KvsClient.open(target);
  let outcome: Outcome;
  try {
    outcome = await client.call(rpc, sent, take);
  } finally {
    client.close();
  }
  const { reasons, failed, server, passed } = outcome;
  const lost = target.sessionFile?.keep();
  if (failed !== undefined) {
    return { reasons, failure: failureOf(outcome, failed, target.timeoutMs), notes: [] };
  }
  const notes = passed.length === 0 ? [] : [`não atendeu: ${passed.join(', ')}; usado: ${server}`];
  return { reasons, failure: lost, notes };
}
