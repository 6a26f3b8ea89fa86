import type { Outcome, Rpc, Sent, Take } from '../client/call.js';
import { KvsClient } from '../client/client.js';
import { failureOf, ttlIgnored } from './failure.js';
import type { Failure } from './failure.js';
import type { Target } from './target.js';

/** How a call ended, for people. */
interface Called {
  /** The reasons in its trailing metadata, still encoded. */
  readonly reasons: string | undefined;
  readonly failure: Failure | undefined;
  /** Notes for people: servers that did not answer, and the one that did. */
  readonly notes: readonly string[];
}

/**
 * Makes the call of a command at one of the servers, passing its replies to `take`, in order (see {@link KvsClient}).
 * @throws KvsError CONFIGURACAO for an unusable TLS file, a token that others could read, or items that cannot be read
 */
export async function callServers<Reply>(
  target: Target,
  rpc: Rpc<Reply>,
  sent: Sent,
  take: Take<Reply>,
): Promise<Called> {
  const client = target.client ?? (await KvsClient.open(target));
  let outcome: Outcome;
  try {
    outcome = await client.call(rpc, sent, take);
  } finally {
    if (target.client === undefined) client.close();
  }
  const { reasons, failed, server, passed, ignoresTtl } = outcome;
  const lost = target.sessionFile?.keep();
  if (failed !== undefined) {
    return { reasons, failure: failureOf(outcome, failed, target.timeoutMs), notes: [] };
  }
  const notes = passed.length === 0 ? [] : [`não atendeu: ${passed.join(', ')}; usado: ${server}`];
  const failure = ignoresTtl === true ? ttlIgnored(server) : lost;
  return { reasons, failure, notes };
}
