import type { GrpcServer } from '../grpc/server.js';
import { bindCases, grpcSubject, lookAtServers, openServers } from '../grpc/subject.js';
import type { ServiceName, TrialOptions } from '../grpc/trial.js';
import { KVS_SERVICE } from '../kvs/contract.js';
import { removeAll } from '../removal.js';
import type { CheckSettings, Subject } from '../subject.js';
import { KEYVALUE_CASES } from './cases.js';
import { KEYVALUE_RANGE_CASES } from './range-cases.js';
import { KEYVALUE_REPLICA_CASES } from './replica-cases.js';
import { KeyValueTrial } from './trial.js';
import type { OtherServices } from './trial.js';

/** The names under which servers offer it: which one their .proto says is of no matter. */
const PLAIN = { file: 'KeyValueStore.proto', service: 'KeyValueStore' } as const;
const IN_PACKAGE = { file: 'project_KeyValueStore.proto', service: 'project.KeyValueStore' } as const;

/** Looks at servers that are to speak `KeyValueStore`, under either name. Writes nothing. */
export async function keyValueSubject(settings: CheckSettings): Promise<Subject> {
  const { prefix: random, replicaMs } = settings;
  const prefix = `confere-${random}-`;
  const all = openServers(settings);
  const look = (of: ServiceName): ReturnType<typeof lookAtServers> =>
    lookAtServers(all, of, [
      { ...of, method: 'Get', request: { key: `${prefix}nunca` } },
      { ...of, method: 'GetAll', request: {} },
    ]);
  const plain = await look(PLAIN);
  const inPackage = await look(IN_PACKAGE);
  const isPlain = plain.serving.length >= inPackage.serving.length;
  const [service, other] = isPlain ? [PLAIN, IN_PACKAGE] : [IN_PACKAGE, PLAIN];
  const [chosen, rest] = isPlain ? [plain, inPackage] : [inPackage, plain];
  const { serving, unreachable } = chosen;
  const [first] = serving;
  const others: OtherServices = {
    otherName: first !== undefined && rest.serving.includes(first) ? other : undefined,
    hasKvs: first !== undefined && (await offersKvs(first, prefix)),
  };
  const keys = new Set<string>();
  const options = { ...service, servers: serving, prefix, replicaMs, uses: (key: string) => keys.add(key) };
  const makeTrial = (made: TrialOptions): KeyValueTrial => new KeyValueTrial(made, others);
  return grpcSubject(serving, all, {
    unreachable,
    notes: [],
    writes: `chaves que começam com "${prefix}", removidas no fim`,
    cases: [
      ...bindCases([...KEYVALUE_CASES, ...KEYVALUE_RANGE_CASES], options, makeTrial, {
        label: '',
        isReplication: false,
      }),
      ...bindCases(KEYVALUE_REPLICA_CASES, options, makeTrial, { label: 'r', isReplication: true }),
    ],
    cleanUp: () =>
      removeAll(
        serving,
        keys,
        prefix,
        (server, key) => server.call({ ...service, method: 'Del' }, { key }),
        async (server, key) => {
          const { message } = await server.call({ ...service, method: 'Get' }, { key });
          return !(Number(message['ver']) > 0);
        },
      ),
  });
}

async function offersKvs(server: GrpcServer, prefix: string): Promise<boolean> {
  const look = { ...KVS_SERVICE, method: 'Consulta', request: { chave: `${prefix}nunca` } };
  return (await server.look([look])) === 'serves';
}
