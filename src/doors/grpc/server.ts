import {
  logVerbosity,
  Server,
  setLogVerbosity,
  type ServerOptions,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthProtoPath } from 'grpc-health-check';
import { hostPortText } from '../../core/host-port.js';
import { limits } from '../../core/limits.js';
import { grpcLimits } from './limits.js';
import { admitAll, admitKnown } from '../../call/admission.js';
import { CallCounts } from '../../call/observe.js';
import type { Observe } from '../../call/observe.js';
import type { AccessControl } from '../../ports/access.js';
import type { Engine } from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import type { Pauses } from '../../ports/pauses.js';
import type { Portal } from '../../ports/portal.js';
import type { Time } from '../../ports/time.js';
import type { ConnectionRefusal } from '../../security/tls/acceptor.js';
import { LOOPBACKS, saidHost } from '../../security/tls/open-ports.js';
import type { Hosts } from '../../security/tls/open-ports.js';
import type { Transport } from '../../security/tls/transport.js';
import { Backlog } from './bounds/backlog.js';
import { onlyAdmitted } from './calls/guarded.js';
import type { DoorContext } from './calls/grpc-call.js';
import { handlersOf } from './calls/handlers.js';
import { copyService } from './copy/definition.js';
import { directoryHandlers, directoryPackage, directoryService } from './directory/definition.js';
import type { KnownServer } from './directory/definition.js';
import { HealthService } from './health.js';
import { keyValueServices } from './keyvalue/definition.js';
import { kvsService } from './kvs/definition.js';
import { kvStoreService } from './kvstore/definition.js';
import { adminService, enrolmentService } from './portal/definition.js';
import type { GrpcService } from './service.js';
import { OpenCalls } from './bounds/open-calls.js';
import { OpenStreams } from './open-streams.js';
import { listen } from './listen.js';
import type { Listener } from './listen.js';
import { addReflection } from './reflection.js';
import { RefusedCalls } from './bounds/refused-calls.js';
import type { CallRefusal } from './bounds/refused-calls.js';
import { UnfinishedRequests } from './bounds/unfinished-requests.js';

/** An enrolment portal, and which of its services one server offers. */
export interface OfferedPortal {
  readonly portal: Portal;
  readonly services: readonly ('admin' | 'matricula')[];
}

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
  /** Who may do what; by default everyone may do everything. */
  readonly access?: AccessControl | undefined;
  /** The enrolment portal, and which of its services are offered; none by default. */
  readonly portal?: OfferedPortal | undefined;
  /** With certificates, clients must use TLS; without, they must not. */
  readonly tls?: Transport | undefined;
  /** Detects whether this process stood still; absent: never. */
  readonly pauses?: Pauses | undefined;
  /** Called with every outcome; by default outcomes are only counted. */
  readonly observe?: Observe | undefined;
  readonly time: Time;
  readonly logger: Logger;
}

/** The gRPC doors of one server on one port: those that its engine can serve, health and reflection. */
export interface Doors {
  readonly port: number;
  /** Connections refused since the start, by reason. */
  readonly refused: Readonly<Record<ConnectionRefusal, number>>;
  /** Calls refused or cut for their resource usage since the start, by reason. */
  readonly refusedCalls: Readonly<Record<CallRefusal, number>>;
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

/** Options of the gRPC library; the benchmarks compare the doors with an empty server that has the same options. */
export const grpcServerOptions: ServerOptions = {
  'grpc.max_receive_message_length': grpcLimits.messageBytes,
  'grpc.max_concurrent_streams': grpcLimits.streamsPerConnection,
  'grpc.keepalive_time_ms': grpcLimits.keepaliveMs,
  'grpc.keepalive_timeout_ms': grpcLimits.keepaliveTimeoutMs,
  'grpc.enable_channelz': 0,
};

/**
 * Opens the doors.
 * @throws KvsError PORTA_EM_USO, or CONFIGURACAO for an address that cannot be listened on
 */
export async function startDoors(options: DoorsOptions): Promise<Doors> {
  // The library would write to standard error; what matters reaches the log through errors and statuses.
  setLogVerbosity(logVerbosity.NONE);
  const { engine, time, logger, observe = new CallCounts(logger).observe } = options;
  const { minimumChars = limits.doorMinimumChars, host = LOOPBACKS } = options;
  const refusedCalls = new RefusedCalls(time, logger);
  const unfinished = new UnfinishedRequests(refusedCalls);
  const openCalls = new OpenCalls(time, refusedCalls);
  const interceptors = [unfinished.interceptor, openCalls.interceptor];
  const server = new Server({ ...grpcServerOptions, interceptors });
  const openStreams = new OpenStreams();
  const backlog = options.pauses && new Backlog(options.pauses, time);
  const admit = options.access === undefined ? admitAll(engine) : admitKnown(options.access, engine);
  const context: DoorContext = { engine, admit, observe, time, backlog, openStreams };
  const services = servicesOf(minimumChars, options.portal);
  for (const service of services) server.addService(service.definition, handlersOf(service, context));
  let serving = false;
  const said = saidHost(host);
  const known = (): readonly KnownServer[] => [
    { address: hostPortText(said, port), serving },
    ...(options.peers?.() ?? []),
  ];
  server.addService(
    directoryService,
    onlyAdmitted(directoryService, { ...directoryHandlers(known) }, context),
  );
  const health = new HealthService(
    services.map(({ name }) => name),
    options.engineHealth,
    options.conditions,
  );
  health.addTo(server, openStreams);
  // Only health needs no credential: process supervisors have none.
  const forAdmitted = (service: ServiceDefinition, handlers: UntypedServiceImplementation): void => {
    server.addService(service, onlyAdmitted(service, handlers, context));
  };
  addReflection(forAdmitted, [
    ...services.map((service) => service.package),
    directoryPackage,
    loadSync(healthProtoPath),
  ]);
  const listener = await listen(server, { ...options, host, refusedCalls });
  backlog?.watch(server);
  const { port, refused } = listener;
  logger.info({ host, porta: port, tls: options.tls !== undefined }, 'portas gRPC abertas');

  let stopped: Promise<void> | undefined;
  const stop = (deadlineMs: number): Promise<void> => {
    serving = false;
    health.setServing(false);
    openStreams.leaveAll();
    listener.close();
    return drain(server, listener, deadlineMs, logger);
  };
  return {
    port,
    refused,
    refusedCalls: refusedCalls.counts,
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
    stop: (deadlineMs = grpcLimits.drainMs) => (stopped ??= stop(deadlineMs)),
  };
}

/** Every service that a server offers. Those of the store all show the same data. */
function servicesOf(minimumChars: number, offered: OfferedPortal | undefined): GrpcService[] {
  const services = [kvsService(minimumChars), ...keyValueServices, copyService, kvStoreService];
  if (offered?.services.includes('admin')) services.push(adminService(offered.portal));
  if (offered?.services.includes('matricula')) services.push(enrolmentService(offered.portal));
  return services;
}

/** `tryShutdown` alone waits for ever on an open call. */
function drain(server: Server, listener: Listener, deadlineMs: number, logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      logger.warn({ deadlineMs }, 'chamadas em andamento foram cortadas ao fim do prazo');
      server.forceShutdown();
      resolve();
    }, deadlineMs);
    server.tryShutdown(() => {
      // From Node.js 24 on the library treats closing connections as closed, even with calls in progress.
      void listener.idle().then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  });
}
