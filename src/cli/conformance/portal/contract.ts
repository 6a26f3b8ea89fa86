import type { Base } from '../../../config/operation-names.js';
import { EXIT } from '../../exit.js';
import type { BoundCase, ConformanceCase } from '../case.js';
import type { GrpcServer } from '../grpc/server.js';
import { bindCases, grpcSubject, lookAtServers, openServers } from '../grpc/subject.js';
import type { TrialOptions } from '../grpc/trial.js';
import { removeAll } from '../removal.js';
import type { CheckSettings, Subject, Unreachable } from '../subject.js';
import { PORTAL_ENROLMENT_CASES } from './enrolment-cases.js';
import { PORTAL_REPLICA_CASES, PORTAL_TOPIC_CASES } from './fleet-cases.js';
import { PORTAL_PLACES_CASES } from './places-cases.js';
import { PORTAL_RECORD_CASES } from './record-cases.js';
import { PortalTopics } from './topics.js';
import { ADMIN_SERVICE, ENROLMENT_SERVICE, METHODS, PortalTrial } from './trial.js';
import type { PortalPlaces } from './trial.js';

/** Looks at servers that are to offer the portal, each one half of it or both. Registers nothing. */
export async function portalSubject(settings: CheckSettings): Promise<Subject> {
  const { prefix, replicaMs, broker, brokerCredentials } = settings;
  const all = openServers(settings);
  const never = { id: `C${prefix}nunca` };
  const admin = await lookAtServers(all, ADMIN_SERVICE, [
    { ...ADMIN_SERVICE, method: 'ObtemAluno', request: never },
    { ...ADMIN_SERVICE, method: 'ObtemDisciplina', request: never },
  ]);
  const enrolment = await lookAtServers(all, ENROLMENT_SERVICE, [
    { ...ENROLMENT_SERVICE, method: 'DetalhaDisciplina', request: never },
    { ...ENROLMENT_SERVICE, method: 'ObtemDisciplinasAluno', request: never },
  ]);
  const offers = (server: GrpcServer): boolean =>
    admin.serving.includes(server) || enrolment.serving.includes(server);
  const offering = all.filter(offers);
  const unreachable = admin.unreachable
    .filter(({ server }) => offering.every(({ name }) => name !== server))
    .map(withoutEither);
  // Whatever is checked has to be registered first.
  const servers = admin.serving.length > 0 ? offering : [];
  if (offering.length > servers.length) unreachable.push(withoutAdmin(offering));
  const places = placesOf(servers, admin.serving, enrolment.serving);
  const topics = new PortalTopics();
  const trouble =
    broker && servers.length > 0
      ? await topics.open(broker, `confere-${prefix}`, brokerCredentials)
      : undefined;
  if (broker !== undefined && trouble !== undefined) {
    const failure = { code: undefined, exit: EXIT.unavailable, message: trouble };
    unreachable.push({ server: broker.url, failure });
  }
  const used = new Set<string>();
  const isHeard = broker !== undefined && trouble === undefined;
  const subject = grpcSubject(servers, all, {
    unreachable,
    notes: notesOf(places, broker !== undefined),
    writes: `alunos, professores e disciplinas com identificadores sorteados ("C${prefix.toUpperCase()}…", "9…"), removidos no fim`,
    cases: casesOf(
      { ...ADMIN_SERVICE, servers, prefix, replicaMs, uses: (what) => used.add(what) },
      places,
      isHeard ? topics : undefined,
    ),
    cleanUp: () => removeAll(admin.serving, used, `C${prefix.toUpperCase()}`, remove, isGone),
  });
  const close = async (): Promise<void> => {
    await subject.close();
    await topics.close();
  };
  return { ...subject, close };
}

function casesOf(
  options: Omit<TrialOptions, 'transcript'>,
  places: PortalPlaces,
  topics: PortalTopics | undefined,
): readonly BoundCase[] {
  const makeTrial = (made: TrialOptions): PortalTrial => new PortalTrial(made, places, topics);
  const bind = (
    label: string,
    cases: readonly ConformanceCase<PortalTrial>[],
    isReplication: boolean,
  ): BoundCase[] => bindCases(cases, options, makeTrial, { label, isReplication });
  const hasEnrolment = places.mainEnrolment !== undefined;
  const replicas = PORTAL_REPLICA_CASES.filter(({ id }) => hasEnrolment || id !== 'replica-matricula');
  return [
    ...bind('', PORTAL_RECORD_CASES, false),
    ...(hasEnrolment ? bind('m', [...PORTAL_ENROLMENT_CASES, ...PORTAL_PLACES_CASES], false) : []),
    ...bind('r', replicas, true),
    ...(topics === undefined ? [] : bind('t', PORTAL_TOPIC_CASES, true)),
  ];
}

function placesOf(
  servers: readonly GrpcServer[],
  admin: readonly GrpcServer[],
  enrolment: readonly GrpcServer[],
): PortalPlaces {
  const among = (some: readonly GrpcServer[]): number[] =>
    [...servers.keys()].filter((at) => some.some((server) => server === servers[at]));
  const [admins, enrolments] = [among(admin), among(enrolment)];
  const both = admins.find((at) => enrolments.includes(at));
  return {
    ...{ admin: admins, enrolment: enrolments },
    ...{ mainAdmin: both ?? admins[0], mainEnrolment: both ?? enrolments[0] },
  };
}

function notesOf({ mainEnrolment }: PortalPlaces, hasBroker: boolean): readonly string[] {
  return [
    ...(mainEnrolment === undefined
      ? ['nenhuma porta oferece project.PortalMatricula: confiro só os cadastros (diga também a porta dele)']
      : []),
    ...(hasBroker ? [] : ['sem --broker não confiro os tópicos portal/admin/#']),
  ];
}

function withoutEither({ server, failure }: Unreachable): Unreachable {
  if (failure.exit !== EXIT.refused) return { server, failure };
  const message = failure.message.replace(
    `não oferece ${ADMIN_SERVICE.service}`,
    `não oferece ${ADMIN_SERVICE.service} nem ${ENROLMENT_SERVICE.service}`,
  );
  return { server, failure: { ...failure, message } };
}

function withoutAdmin(servers: readonly GrpcServer[]): Unreachable {
  const names = servers.map(({ name }) => name).join(', ');
  const message = `${names}: só ${ENROLMENT_SERVICE.service}; diga também a porta de um servidor com ${ADMIN_SERVICE.service}, em que os cadastros são feitos`;
  return { server: names, failure: { code: undefined, exit: EXIT.refused, message } };
}

/** @param what base and identifier */
async function remove(server: GrpcServer, what: string): Promise<void> {
  const { methods, id } = registered(what);
  await server.call({ ...ADMIN_SERVICE, method: methods.delete }, { id });
}

async function isGone(server: GrpcServer, what: string): Promise<boolean> {
  const { methods, id } = registered(what);
  const { message } = await server.call({ ...ADMIN_SERVICE, method: methods.get }, { id });
  return message['nome'] === '';
}

function registered(what: string): { readonly methods: (typeof METHODS)[Base]; readonly id: string } {
  const [base = '', id = ''] = what.split(' ');
  return { methods: METHODS[base as Base], id };
}
