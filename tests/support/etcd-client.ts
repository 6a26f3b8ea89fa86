import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

// Numbers of 64 bits as texts, since those that name members do not fit in a number.
const loaded = loadSync(fileURLToPath(new URL('etcd.proto', import.meta.url)), {
  keepCase: true,
  longs: String,
  defaults: true,
  arrays: true,
});

interface Header {
  readonly member_id: string;
  readonly revision: string;
}

/** The calls that tests make, and what they answer. */
interface Answers {
  'KV/Range': {
    readonly header: Header;
    readonly kvs: readonly { readonly key: Buffer; readonly value: Buffer }[];
  };
  'KV/Put': { readonly header: Header };
  'KV/DeleteRange': { readonly header: Header };
  'KV/Compact': { readonly header: Header };
  'Maintenance/Status': { readonly header: Header; readonly leader: string; readonly raftTerm: string };
  'Cluster/MemberList': { readonly members: readonly EtcdMemberEntry[] };
  'Cluster/MemberRemove': { readonly members: readonly EtcdMemberEntry[] };
}

export interface EtcdMemberEntry {
  readonly ID: string;
  /** Empty until it has started. */
  readonly name: string;
  readonly peerURLs: readonly string[];
}

/**
 * One call to one etcd member, over a connection of its own.
 * @param address `host:port` of its client door
 * @throws Error with a gRPC status, at the latest after `timeoutMs`
 */
export async function askEtcd<Call extends keyof Answers>(
  address: string,
  call: Call,
  request: object = {},
  timeoutMs = 2_000,
): Promise<Answers[Call]> {
  const [service = '', name = ''] = call.split('/');
  const { path, requestSerialize, responseDeserialize } = method<Answers[Call]>(service, name);
  const client = new Client(address, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
  try {
    return await new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + timeoutMs };
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        options,
        (error, answer) => {
          if (error === null && answer !== undefined) resolve(answer);
          else reject(error ?? new Error('no answer'));
        },
      );
    });
  } finally {
    client.close();
  }
}

function method<Answer>(service: string, name: string): MethodDefinition<object, Answer> {
  const definitions = loaded[`etcdserverpb.${service}`] as
    Readonly<Record<string, MethodDefinition<object, Answer> | undefined>> | undefined;
  const definition = definitions?.[name];
  if (definition === undefined) throw new Error(`etcd.proto has no ${service}/${name}`);
  return definition;
}
