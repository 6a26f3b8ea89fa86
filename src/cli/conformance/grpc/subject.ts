import { EXIT } from '../../exit.js';
import type { BoundCase, ConformanceCase } from '../case.js';
import type { CheckSettings, Subject, Unreachable } from '../subject.js';
import { GrpcServer } from './server.js';
import type { LookMethod } from './server.js';
import type { GrpcTrial } from './trial.js';
import type { ServiceName, TrialOptions } from './trial.js';

/** Fields of all services with 64-bit numbers. */
const LONG_FIELDS: ReadonlySet<string> = new Set(['ver', 'old_ver', 'counter', 'timestamp']);

/** Opens the servers of the command line. Contacts none. */
export function openServers({ servers, security, metadata, timeoutMs }: CheckSettings): GrpcServer[] {
  return servers.map((address) => {
    return new GrpcServer({ address, security, metadata, timeoutMs, longFields: LONG_FIELDS });
  });
}

/** Looks at every server, by calls that change nothing. @returns those that offer the service, and the others */
export async function lookAtServers(
  servers: readonly GrpcServer[],
  { service }: ServiceName,
  looks: readonly LookMethod[],
): Promise<{ readonly serving: readonly GrpcServer[]; readonly unreachable: readonly Unreachable[] }> {
  const seen = await Promise.all(servers.map(async (server) => ({ server, how: await server.look(looks) })));
  return {
    serving: seen.filter(({ how }) => how === 'serves').map(({ server }) => server),
    unreachable: seen.flatMap(({ server: { name }, how }) => {
      if (how === 'serves') return [];
      return [{ server: name, failure: how === 'lacks' ? withoutService(name, service) : how }];
    }),
  };
}

function withoutService(server: string, service: string): Unreachable['failure'] {
  const at = service.lastIndexOf('.');
  const [name, inPackage] = [service.slice(at + 1), service.slice(0, Math.max(at, 0))];
  const packageText = inPackage === '' ? 'sem package' : `package ${inPackage}`;
  return {
    code: undefined,
    exit: EXIT.refused,
    message: `o servidor em ${server} fala gRPC, mas não oferece ${service}: confira no seu .proto "${packageText}" e "service ${name}", e se o serviço foi registrado no servidor`,
  };
}

/** Cases that are bound together. */
interface CaseGroup {
  /** Tells their keys from those of other groups: a letter, or nothing. */
  readonly label: string;
  readonly isReplication: boolean;
}

/**
 * Binds the cases of a contract to servers.
 * @param makeTrial the steps that the cases of this contract are written with
 */
export function bindCases<T extends GrpcTrial>(
  cases: readonly ConformanceCase<T>[],
  options: Omit<TrialOptions, 'transcript'>,
  makeTrial: (options: TrialOptions) => T,
  { label, isReplication }: CaseGroup,
): BoundCase[] {
  return cases.map((one, index) => ({
    ...one,
    isReplication,
    run: (transcript) => {
      const prefix = `${options.prefix}${label}${String(index + 1).padStart(2, '0')}-`;
      return one.run(makeTrial({ ...options, transcript, prefix }));
    },
  }));
}

/** What all gRPC contracts have in common. */
export function grpcSubject(
  servers: readonly GrpcServer[],
  all: readonly GrpcServer[],
  rest: Omit<Subject, 'servers' | 'areThere' | 'close'>,
): Subject {
  return {
    ...rest,
    servers: servers.map(({ name }) => name),
    areThere: async () => {
      const there = await Promise.all(servers.map((server) => server.isThere()));
      return there.every(Boolean);
    },
    close: () => {
      for (const server of all) server.close();
    },
  };
}
