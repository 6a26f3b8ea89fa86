import type { GrpcServer } from '../grpc/server.js';
import { bindCases, grpcSubject, lookAtServers, openServers } from '../grpc/subject.js';
import { conformanceLimits } from '../limits.js';
import { removeAll, unlessRefused } from '../removal.js';
import type { CheckSettings, Subject } from '../subject.js';
import { KVS_CASES } from './cases.js';
import { KVS_REMOVAL_CASES } from './removal-cases.js';
import { KVS_REPLICA_CASES } from './replica-cases.js';
import { KVS_STREAM_CASES } from './stream-cases.js';
import { KvsTrial } from './trial.js';

export const KVS_SERVICE = { file: 'kvs.proto', service: 'kvs.KVS' } as const;

/** Looks at servers that are to speak `kvs.KVS`. Writes nothing. */
export async function kvsSubject(settings: CheckSettings): Promise<Subject> {
  const { prefix: random, minimumChars, replicaMs } = settings;
  const prefix = `confere-${random}-`;
  const all = openServers(settings);
  const never = `${prefix}nunca`;
  const { serving, unreachable } = await lookAtServers(all, KVS_SERVICE, [
    { ...KVS_SERVICE, method: 'Consulta', request: { chave: never } },
    // Of the methods that change nothing, one more: what writes or removes is not called before somebody agrees.
    { ...KVS_SERVICE, method: 'ConsultaVarias', request: { chave: never } },
  ]);
  const keys = new Set<string>();
  const options = {
    ...KVS_SERVICE,
    servers: serving,
    prefix,
    replicaMs,
    uses: (key: string) => keys.add(key),
  };
  const makeTrial = (made: ConstructorParameters<typeof KvsTrial>[0]): KvsTrial =>
    new KvsTrial(made, minimumChars, random);
  return grpcSubject(serving, all, {
    unreachable,
    notes: [],
    writes: `chaves que começam com "${prefix}", removidas no fim (o servidor só continua a lembrar até onde cada uma contou)`,
    cases: [
      ...bindCases([...KVS_CASES, ...KVS_REMOVAL_CASES, ...KVS_STREAM_CASES], options, makeTrial, {
        label: '',
        isReplication: false,
      }),
      ...bindCases(KVS_REPLICA_CASES, options, makeTrial, { label: 'r', isReplication: true }),
    ],
    cleanUp: () =>
      removeAll(serving, keys, prefix, remove, async (server, chave) => (await latestOf(server, chave)) <= 0),
  });
}

/** All versions at once, or one by one where a server does not know how. */
async function remove(server: GrpcServer, chave: string): Promise<void> {
  const name = { ...KVS_SERVICE, method: 'Remove' };
  await server.call(name, { chave }).catch(unlessRefused);
  for (let count = 0; count < conformanceLimits.versionsRemoved; count++) {
    const versao = await latestOf(server, chave);
    if (versao <= 0) return;
    await server.call(name, { chave, versao });
  }
}

/** The latest version of a key; 0 or less: there is none. */
async function latestOf(server: GrpcServer, chave: string): Promise<number> {
  const { message } = await server.call({ ...KVS_SERVICE, method: 'Consulta' }, { chave });
  return Number(message['versao']);
}
