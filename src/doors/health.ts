import {
  status,
  type handleServerStreamingCall,
  type Server,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { OpenStreams } from './open-streams.js';

/** Health of the server as a whole. */
const OVERALL_HEALTH = '';

/** `grpc.health.v1.Health`, NOT_SERVING until told otherwise. */
export class Health {
  readonly #health: HealthImplementation;

  /**
   * @param doors full names of the services that are served or not together
   * @param engine name for what the engine depends on
   */
  constructor(
    private readonly doors: readonly string[],
    private readonly engine: string,
  ) {
    const names = [OVERALL_HEALTH, ...doors, engine];
    this.#health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'NOT_SERVING'])));
  }

  /** Watches are entered in `openStreams`, since they would keep the server from stopping. */
  addTo(server: Server, openStreams: OpenStreams): void {
    this.#health.addToServer({
      addService: (definition: ServiceDefinition, implementation: UntypedServiceImplementation) => {
        const watch = implementation['watch'] as handleServerStreamingCall<object, object>;
        const watched: handleServerStreamingCall<object, object> = (call) => {
          watch(call);
          openStreams.add(call, {
            leave: () => call.emit('error', { code: status.UNAVAILABLE, details: 'o servidor está saindo' }),
          });
        };
        server.addService(definition, { ...implementation, watch: watched });
      },
    });
  }

  setServing(serving: boolean): void {
    for (const name of [OVERALL_HEALTH, ...this.doors]) this.#set(name, serving);
  }

  setEngine(healthy: boolean): void {
    this.#set(this.engine, healthy);
  }

  #set(name: string, good: boolean): void {
    this.#health.setStatus(name, good ? 'SERVING' : 'NOT_SERVING');
  }
}
