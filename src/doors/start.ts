import { admitAll, admitKnown } from '../call/admission.js';
import { CallCounts } from '../call/observe.js';
import type { Observe } from '../call/observe.js';
import { hostPortText } from '../core/host-port.js';
import { limits } from '../core/limits.js';
import type { StaticFiles } from '../files/static-files.js';
import type { AccessControl } from '../ports/access.js';
import type { Engine } from '../ports/engine.js';
import type { Laboratory } from '../ports/laboratory.js';
import type { Logger } from '../ports/logger.js';
import type { MetricsSource } from '../ports/metrics.js';
import type { Panel } from '../ports/panel.js';
import type { Pauses } from '../ports/pauses.js';
import type { Portal } from '../ports/portal.js';
import type { StatusSource } from '../ports/status.js';
import type { Time } from '../ports/time.js';
import type { ConnectionRefusal } from '../security/tls/acceptor.js';
import { LOOPBACKS, saidHost } from '../security/tls/open-ports.js';
import type { Hosts } from '../security/tls/open-ports.js';
import type { Transport } from '../security/tls/transport.js';
import { foreignCallProblem } from './http/origin.js';
import { HttpRequests } from './http/requests.js';
import { Backlog } from './port/backlog.js';
import { portLimits } from './port/limits.js';
import { listen } from './port/listen.js';
import type { Listener } from './port/listen.js';
import { OpenCalls } from './port/open-calls.js';
import { RefusedCalls } from './port/refused-calls.js';
import type { CallRefusal } from './port/refused-calls.js';
import { UnfinishedRequests } from './port/unfinished-requests.js';
import type { DoorContext } from './grpc/calls/grpc-call.js';
import { servedMethod } from './grpc/calls/methods.js';
import { copyService } from './grpc/copy/definition.js';
import { directoryService } from './grpc/directory/definition.js';
import type { KnownServer } from './grpc/directory/definition.js';
import { healthPackage, HealthService } from './grpc/health/service.js';
import { keyValueServices } from './grpc/keyvalue/definition.js';
import { kvsService } from './grpc/kvs/definition.js';
import { laboratoryService } from './grpc/laboratory/definition.js';
import { kvStoreService } from './grpc/kvstore/definition.js';
import { grpcLimits } from './grpc/limits.js';
import { lojaService } from './grpc/loja/definition.js';
import { adminService, enrolmentService } from './grpc/portal/definition.js';
import { GrpcCalls } from './grpc/protocol/calls.js';
import { reflectionServices } from './grpc/reflection/service.js';
import type { GrpcService } from './grpc/service.js';

/** An enrolment portal, and which of its services one server offers. */
export interface OfferedPortal {
  readonly portal: Portal;
  readonly services: readonly ('admin' | 'matricula')[];
}

/** What the operator decides of HTTP. */
interface HttpChoices {
  /** False: whatever is asked is not there. */
  readonly isOpen: boolean;
  /** Further host names by which people reach this server. */
  readonly names: readonly string[];
  /** Origins whose pages may do what people may; none by default. */
  readonly origins: readonly string[];
}

/** What all connections of a port may use together. */
export type PortBounds = Readonly<
  Record<'connections' | 'streams' | 'unfinishedBytes' | 'unreadBytes', number>
>;

interface DoorsOptions {
  /** Addresses to listen on, the first of which is announced; both loopbacks by default. */
  readonly host?: Hosts | undefined;
  /** 0 picks a free one. */
  readonly port: number;
  readonly engine: Engine;
  /** Health service name for what the engine depends on, such as `kvs.frota`. */
  readonly engineHealth: string;
  /** Health service names for further single conditions, such as `kvs.disco`; none by default. */
  readonly conditions?: readonly string[];
  /** Fewest characters of a key and of a value of `kvs.KVS`, from 0; the contract's by default. */
  readonly minimumChars?: number | undefined;
  /** Other servers with the same data, for clients that discover them; none by default. */
  readonly peers?: () => readonly KnownServer[];
  /** Tells how the system is; absent: nothing is known but this server. */
  readonly status?: StatusSource | undefined;
  /** What `/metrics` shows; absent: there is none. */
  readonly metrics?: MetricsSource | undefined;
  /** What feeds the panel; absent: there is none. */
  readonly panel?: Panel | undefined;
  /** The files of the panel; absent: a page says how to build it. */
  readonly panelFiles?: StaticFiles | undefined;
  /** What is decided of HTTP; by default it is open, to people only. */
  readonly http?: Partial<HttpChoices> | undefined;
  /** Who may do what; by default everyone may do everything. */
  readonly access?: AccessControl | undefined;
  /** Cuts this server off its brokers; absent: that is not offered. */
  readonly laboratory?: Laboratory | undefined;
  /** The enrolment portal, and which of its services are offered; none by default. */
  readonly portal?: OfferedPortal | undefined;
  /** With certificates, clients must use TLS; without, they must not. */
  readonly tls?: Transport | undefined;
  /** Detects whether this process stood still; absent: never. */
  readonly pauses?: Pauses | undefined;
  /** Bounds of the port, in place of its limits. */
  readonly bounds?: Partial<PortBounds> | undefined;
  /** Called with every outcome; by default outcomes are only counted. */
  readonly observe?: Observe | undefined;
  readonly time: Time;
  readonly logger: Logger;
}

/** What one server offers on its port: its gRPC doors with health and reflection, and what it answers to HTTP. */
export interface Doors {
  readonly port: number;
  /** Connections refused since the start, by reason. */
  readonly refused: Readonly<Record<ConnectionRefusal, number>>;
  /** Calls refused or cut for their resource usage since the start, by reason. */
  readonly refusedCalls: Readonly<Record<CallRefusal, number>>;
  /** Connections, calls that are open for longer than a moment, and bytes of requests that came only in part. */
  readonly usage: () => Readonly<Record<'connections' | 'openCalls' | 'unfinishedBytes', number>>;
  /** Whether each condition is good, by its name; that of the server as a whole is empty. */
  readonly health: () => ReadonlyMap<string, boolean>;
  /** Health of the server and of its doors. NOT_SERVING at first. The doors answer anyway; the engine refuses. */
  setServing(serving: boolean): void;
  /** Health of {@link DoorsOptions.engineHealth}. NOT_SERVING at first. */
  setEngine(healthy: boolean): void;
  /** Health of one of {@link DoorsOptions.conditions}. NOT_SERVING at first. */
  readonly setCondition: (name: string, good: boolean) => void;
  /**
   * NOT_SERVING, then ends open streams with UNAVAILABLE, accepts no more calls, lets those in progress finish, and
   * cuts the rest after `deadlineMs`. Never rejects; further calls return the same promise.
   */
  stop(deadlineMs?: number): Promise<void>;
}

/**
 * Opens the doors.
 * @throws KvsError PORTA_EM_USO, or CONFIGURACAO for an address that cannot be listened on
 */
export async function startDoors(options: DoorsOptions): Promise<Doors> {
  const { engine, time, logger, observe = new CallCounts(logger).observe } = options;
  const { minimumChars = limits.doorMinimumChars, host = LOOPBACKS } = options;
  const refused = new RefusedCalls(time, logger);
  const bounds = { ...portLimits, ...options.bounds };
  const unfinished = new UnfinishedRequests(refused, bounds.unfinishedBytes);
  const openCalls = new OpenCalls(time, refused, bounds.unreadBytes, bounds.streams);
  const backlog = options.pauses && new Backlog(options.pauses, time);
  const admit = options.access === undefined ? admitAll(engine) : admitKnown(options.access, engine);
  const context: DoorContext = { engine, admit, observe, time, backlog };
  const said = saidHost(host);
  let serving = false;
  const known = (): readonly KnownServer[] => [
    { address: hostPortText(said, listener.port), serving },
    ...(options.peers?.() ?? []),
  ];
  const status = options.status ?? onlyKnown(known);
  const services = [...servicesOf(minimumChars, options), lojaService(status)];
  const health = new HealthService(
    services.map(({ name }) => name),
    options.engineHealth,
    options.conditions,
  );
  const described = [...services, directoryService(known)];
  const packages = [...described.map((service) => service.package), healthPackage];
  const methods = health.methods();
  for (const service of [...described, ...reflectionServices(packages)]) {
    for (const rpc of service.methods) methods.set(rpc.path, servedMethod(rpc, context));
  }
  const { messageBytes: maxMessageBytes } = grpcLimits;
  const { metrics, panel, panelFiles: files = new Map(), http: choices } = options;
  const names = lowerCase([host, choices?.names ?? []].flat());
  const origins = lowerCase(choices?.origins ?? []);
  const calls = new GrpcCalls({
    ...{ methods, maxMessageBytes, openCalls, unfinished, refused },
    foreignProblem: (request) => foreignCallProblem(request, names, origins),
  });
  const http = new HttpRequests({
    isOpen: choices?.isOpen ?? true,
    health: () => health.byName(),
    ...{ names, origins },
    ...{ seam: context, status, metrics, panel, files, openCalls, unfinished, refused, backlog },
  });
  const listener = await listen({
    ...{ ...options, host, grpc: calls, http, refusedCalls: refused, backlog },
    maxConnections: bounds.connections,
  });
  const { port } = listener;
  logger.info({ host, porta: port, tls: options.tls !== undefined }, 'portas gRPC e HTTP abertas');

  let stopped: Promise<void> | undefined;
  const stop = (deadlineMs: number): Promise<void> => {
    serving = false;
    health.setServing(false);
    openCalls.leaveAll();
    return drain(listener, deadlineMs, logger);
  };
  return {
    port,
    refused: listener.refused,
    refusedCalls: refused.counts,
    usage: () => ({
      connections: listener.connections(),
      openCalls: openCalls.size,
      unfinishedBytes: unfinished.heldBytes,
    }),
    health: () => health.byName(),
    setServing: (now) => {
      serving = now;
      health.setServing(now);
    },
    setEngine: (healthy) => {
      health.setEngine(healthy);
    },
    setCondition: (name, good) => {
      health.setCondition(name, good);
    },
    stop: (deadlineMs = portLimits.drainMs) => (stopped ??= stop(deadlineMs)),
  };
}

/** Every service that a server offers. Those of the store all show the same data. */
function servicesOf(
  minimumChars: number,
  { portal: offered, laboratory }: Pick<DoorsOptions, 'portal' | 'laboratory'>,
): GrpcService[] {
  const services = [kvsService(minimumChars), ...keyValueServices, copyService, kvStoreService];
  if (laboratory !== undefined) services.push(laboratoryService(laboratory));
  if (offered?.services.includes('admin')) services.push(adminService(offered.portal));
  if (offered?.services.includes('matricula')) services.push(enrolmentService(offered.portal));
  return services;
}

/** What is known of the system without a source that knows more. */
function onlyKnown(known: () => readonly KnownServer[]): StatusSource {
  return {
    status: () => ({
      ...{ fleet: '', engine: '', broker: '', agrees: true, keys: 0, versions: 0, bytes: 0, warnings: [] },
      servers: known().map(({ address, serving }, index) => ({
        ...{ name: address, address, origin: '', programVersion: '', isSelf: index === 0, lag: 0, seenMs: 0 },
        state: serving ? 'atendendo' : 'não atende',
      })),
    }),
    serverName: () => undefined,
  };
}

function lowerCase(texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.map((text) => text.toLowerCase()));
}

/** Waits until the clients have gone, or cuts the remaining calls. Never rejects. */
function drain(listener: Listener, deadlineMs: number, logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      logger.warn({ deadlineMs }, 'chamadas em andamento foram cortadas ao fim do prazo');
      listener.cut();
    }, deadlineMs);
    void listener.close().then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
