import { bindCases, grpcSubject, lookAtServers, openServers } from '../grpc/subject.js';
import { GrpcTrial } from '../grpc/trial.js';
import type { CheckSettings, Subject } from '../subject.js';
import { KVSTORE_CASES, KVSTORE_REPLICA_CASES } from './cases.js';

const SERVICE = { file: 'kvstore.proto', service: 'kvstore.KvStore' } as const;

/** Looks at servers that are to speak `kvstore.KvStore`. Writes nothing. */
export async function kvStoreSubject(settings: CheckSettings): Promise<Subject> {
  const { prefix: random, replicaMs } = settings;
  const prefix = `confere-${random}-`;
  const all = openServers(settings);
  const looks = [{ ...SERVICE, method: 'Get', request: { key: `${prefix}nunca` } }];
  const { serving, unreachable } = await lookAtServers(all, SERVICE, looks);
  const options = { ...SERVICE, servers: serving, prefix, replicaMs, uses: () => undefined };
  const makeTrial = (made: ConstructorParameters<typeof GrpcTrial>[0]): GrpcTrial => new GrpcTrial(made);
  return grpcSubject(serving, all, {
    unreachable,
    notes: [],
    writes: `chaves que começam com "${prefix}"; este contrato não tem remoção: elas ficam`,
    cases: [
      ...bindCases(KVSTORE_CASES, options, makeTrial, { label: '', isReplication: false }),
      ...bindCases(KVSTORE_REPLICA_CASES, options, makeTrial, { label: 'r', isReplication: true }),
    ],
    cleanUp: () => Promise.resolve([]),
  });
}
