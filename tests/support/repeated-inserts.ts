import { Metadata } from '@grpc/grpc-js';
import { Balancer } from '../../src/client/balancer.js';
import type { Settled } from '../../src/client/attempt.js';
import type { ServerAddress } from '../../src/client/link.js';
import { newRequestId } from '../../src/client/request-id.js';
import { loadProto, loadedService } from '../../src/doors/grpc/protos.js';
import type { ServerProcess } from './server-process.js';

export const kvsService = loadedService(loadProto('kvs.proto'), 'kvs.KVS');

export function addressOf({ port }: ServerProcess): ServerAddress {
  return { host: '127.0.0.1', port };
}

/** Inserts at the first of the servers that answers, as a client with request ids does. */
export async function insert(
  servers: readonly ServerAddress[],
  chave: string,
  valor: string,
  id = newRequestId(),
): Promise<Settled<{ readonly versao: number }>> {
  const balancer = new Balancer(servers, () => 0);
  // Where there is no other server to go to, a busy machine may take longer to connect than clients give it.
  if (servers.length === 1) await balancer.links[0]?.connect(30_000);
  const request = { chave, valor };
  const settled = await balancer.call<object, { readonly versao: number }>({
    ...{ method: kvsService['Insere'] as never, request, writes: true, requestId: id },
    ...{ metadata: new Metadata(), timeoutMs: 30_000 },
  });
  balancer.close();
  return settled;
}

export function versionOf(settled: Settled<{ readonly versao: number }>): number {
  if (!settled.ok) throw new Error(`failed: ${settled.error.details}`, { cause: settled.error });
  return settled.reply.versao;
}

/** All versions of a key at a server. */
export async function versionsOf({ client }: ServerProcess, chave: string): Promise<number[]> {
  const { versao: newest } = await client.consulta(chave);
  const found = new Set<number>();
  for (let version = newest; version > 0; version--) {
    const { versao } = await client.consulta(chave, version);
    if (versao > 0) found.add(versao);
  }
  return [...found].sort((a, b) => a - b);
}
