import type { ClientReadableStream } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { DoorClient, loadService } from './door-client.js';

/** Both full names of the service, as the loader gives them. */
export const keyValueDefinitions: Readonly<Record<KeyValueName, ServiceDefinition>> = {
  KeyValueStore: loadService('KeyValueStore.proto', 'KeyValueStore'),
  'project.KeyValueStore': loadService('project_KeyValueStore.proto', 'project.KeyValueStore'),
};

export type KeyValueName = 'KeyValueStore' | 'project.KeyValueStore';

/** `KeyValueVersionReply`: versions as the exact integers of the wire. */
export interface Reply {
  readonly key: string;
  readonly val: string;
  readonly ver: bigint;
}

export interface PutReply {
  readonly key: string;
  readonly old_val: string;
  readonly old_ver: bigint;
  readonly ver: bigint;
}

/** A key, or a key and the version asked for. */
export type Key = string | { readonly key: string; readonly ver?: number | bigint | string };

interface WireReply {
  readonly key: string;
  readonly val: string;
  readonly ver: string;
}

interface WirePut {
  readonly key: string;
  readonly old_val: string;
  readonly old_ver: string;
  readonly ver: string;
}

/** A client of `KeyValueStore` for tests, under either name. It shares nothing with the server. */
export class KeyValueClient extends DoorClient {
  constructor(port: number, name: KeyValueName = 'KeyValueStore') {
    super(keyValueDefinitions[name], port);
  }

  get(key: Key): Promise<Reply> {
    return this.one('Get', key);
  }

  del(key: Key): Promise<Reply> {
    return this.one('Del', key);
  }

  trim(key: Key): Promise<Reply> {
    return this.one('Trim', key);
  }

  async put(key: string, val: string): Promise<PutReply> {
    const { resposta } = await this.unary<WirePut>('Put', { key, val });
    return exactPut(resposta);
  }

  async putAll(pairs: Iterable<readonly [string, string]>): Promise<PutReply[]> {
    const requests = [...pairs].map(([key, val]) => ({ key, val }));
    return (await this.converse<WirePut>('PutAll', requests)).resposta.map(exactPut);
  }

  getAll(keys: Iterable<Key>): Promise<Reply[]> {
    return this.all('GetAll', keys);
  }

  delAll(keys: Iterable<Key>): Promise<Reply[]> {
    return this.all('DelAll', keys);
  }

  async getRange(fr: Key, to: Key): Promise<Reply[]> {
    return (await this.collect<WireReply>('GetRange', range(fr, to))).map(exact);
  }

  async delRange(fr: Key, to: Key): Promise<Reply[]> {
    return (await this.collect<WireReply>('DelRange', range(fr, to))).map(exact);
  }

  openRange(fr: Key, to: Key): ClientReadableStream<WireReply> {
    return this.openStream<WireReply>('GetRange', range(fr, to));
  }

  private async one(name: string, key: Key): Promise<Reply> {
    return exact((await this.unary<WireReply>(name, request(key))).resposta);
  }

  private async all(name: string, keys: Iterable<Key>): Promise<Reply[]> {
    return (await this.converse<WireReply>(name, [...keys].map(request))).resposta.map(exact);
  }
}

function request(key: Key): object {
  if (typeof key === 'string') return { key };
  return key.ver === undefined ? { key: key.key } : { key: key.key, ver: String(key.ver) };
}

function range(fr: Key, to: Key): object {
  return { fr: request(fr), to: request(to) };
}

function exact({ key, val, ver }: WireReply): Reply {
  return { key, val, ver: BigInt(ver) };
}

function exactPut({ key, old_val, old_ver, ver }: WirePut): PutReply {
  return { key, old_val, old_ver: BigInt(old_ver), ver: BigInt(ver) };
}
