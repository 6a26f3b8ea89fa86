import {
  status,
  type handleServerStreamingCall,
  type Server,
  type ServerWritableStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { HealthWatches } from './health-watches.js';
import { grpcLimits } from './limits.js';
import type { OpenStreams } from './open-streams.js';

/** Health of the server as a whole. */
const OVERALL_HEALTH = '';

const GAVE_WAY = 'há observadores de saúde demais, e este é um dos mais antigos de quem tem mais: use Check';
const TOO_MANY = `esta conexão já tem ${grpcLimits.watchesPerConnection} observadores de saúde, o limite: use Check`;

type Watch = handleServerStreamingCall<{ service: string }, { status: string }>;
type WatchCall = ServerWritableStream<{ service: string }, { status: string }>;

/** `grpc.health.v1.Health`, NOT_SERVING until told otherwise. */
export class HealthService {
  readonly #health: HealthImplementation;
  readonly #names: ReadonlySet<string>;
  readonly #watches = new HealthWatches<WatchCall>((call) => {
    call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: GAVE_WAY });
  });

  /**
   * @param doors full names of the services, which change status together
   * @param engine name of what the engine depends on
   * @param conditions names of further single conditions
   */
  constructor(
    private readonly doors: readonly string[],
    private readonly engine: string,
    conditions: readonly string[] = [],
  ) {
    const names = [OVERALL_HEALTH, ...doors, engine, ...conditions];
    this.#names = new Set(names);
    this.#health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'NOT_SERVING'])));
  }

  /** Registers watches in `openStreams`, since they would keep the server from stopping. */
  addTo(server: Server, openStreams: OpenStreams): void {
    this.#health.addToServer({
      addService: (definition: ServiceDefinition, implementation: UntypedServiceImplementation) => {
        const follow = implementation['watch'] as Watch;
        const watch: Watch = (call) => {
          this.#watch(call, follow, openStreams);
        };
        server.addService(definition, { ...implementation, watch });
      },
    });
  }

  #watch(call: WatchCall, follow: Watch, openStreams: OpenStreams): void {
    if (!this.#watches.add(call)) {
      call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: TOO_MANY });
      return;
    }
    call.once('close', () => {
      this.#watches.delete(call);
    });
    // An unserved name stays unknown. The library would remember every such name for ever.
    if (this.#names.has(call.request.service)) follow(call);
    else call.write({ status: 'SERVICE_UNKNOWN' });
    openStreams.add(call, {
      leave: () => call.emit('error', { code: status.UNAVAILABLE, details: 'o servidor está saindo' }),
    });
  }

  setServing(serving: boolean): void {
    for (const name of [OVERALL_HEALTH, ...this.doors]) this.#set(name, serving);
  }

  setEngine(healthy: boolean): void {
    this.#set(this.engine, healthy);
  }

  /** @param name one of the conditions */
  setCondition(name: string, good: boolean): void {
    this.#set(name, good);
  }

  #set(name: string, good: boolean): void {
    this.#health.setStatus(name, good ? 'SERVING' : 'NOT_SERVING');
  }
}
