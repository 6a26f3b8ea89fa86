import { DoorClient, loadService } from './door-client.js';

export const kvStoreDefinition = loadService('kvstore.proto', 'kvstore.KvStore');

/** `Version`, its numbers as the exact integers of the wire. */
export interface ConcurrentVersion {
  readonly value: string;
  readonly clock: ReadonlyMap<string, bigint>;
  readonly timestamp: bigint;
  readonly writer: string;
}

interface WireVersion {
  readonly value: string;
  readonly vector_clock: {
    readonly entries: readonly { readonly node_id: string; readonly counter: string }[];
  };
  readonly timestamp: string;
  readonly writer_node_id: string;
}

/** A client of `kvstore.KvStore` for tests. It shares nothing with the server. */
export class KvStoreClient extends DoorClient {
  constructor(port: number) {
    super(kvStoreDefinition, port);
  }

  async put(key: string, value: string): Promise<{ success: boolean; error_message: string }> {
    const { resposta } = await this.unary<{ success: boolean; error_message: string }>('Put', { key, value });
    return resposta;
  }

  async get(key: string): Promise<{ versions: ConcurrentVersion[]; error_message: string }> {
    const { resposta } = await this.unary<{ versions: WireVersion[]; error_message: string }>('Get', { key });
    return {
      versions: resposta.versions.map((version) => ({
        value: version.value,
        clock: new Map(version.vector_clock.entries.map((entry) => [entry.node_id, BigInt(entry.counter)])),
        timestamp: BigInt(version.timestamp),
        writer: version.writer_node_id,
      })),
      error_message: resposta.error_message,
    };
  }
}
