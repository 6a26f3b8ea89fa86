import type { Metadata, MethodDefinition } from '@grpc/grpc-js';
import type { Balancer } from './balancer.js';
import type { Settled } from './attempt.js';
import type { ServerAddress } from './link.js';

interface Reply {
  readonly servidores: readonly { readonly endereco: string; readonly atendendo: boolean }[];
}

/** `frota.Frota/Servidores` of `proto/frota.proto`. */
export type DiscoverMethod = Pick<
  MethodDefinition<object, Reply>,
  'path' | 'requestSerialize' | 'responseDeserialize'
>;

/** Asks the servers in turn for the list of servers that serve now. */
export async function discover(
  balancer: Balancer,
  method: DiscoverMethod,
  metadata: Metadata,
  timeoutMs: number,
): Promise<{ readonly servers: readonly ServerAddress[]; readonly asked: Settled<Reply> }> {
  const call = { method, request: {}, writes: false, metadata, timeoutMs };
  const asked = await balancer.call(call);
  if (!asked.ok) return { servers: [], asked };
  const serving = asked.reply.servidores.filter(({ atendendo }) => atendendo);
  return { servers: serving.flatMap(({ endereco }) => addressOf(endereco) ?? []), asked };
}

/** `undefined` if it is not an address: a server may not know its own. */
function addressOf(text: string): ServerAddress | undefined {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) === 0) return undefined;
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}
