import { KvsError } from '../../../core/errors.js';
import { loadedService, loadProto } from '../protos.js';
import type { ServedMethod } from '../protocol/calls.js';
import type { CallStatus, ServerCall } from '../protocol/server-call.js';
import { status } from '../protocol/status.js';
import { HealthWatches } from './watches.js';
import { grpcLimits } from '../limits.js';
import { grpcStatus } from '../errors.js';
import { decodeServiceName, encodeHealth, encodeHealthList, SERVING_STATUS } from './wire.js';
import type { ServingStatus } from './wire.js';

/** Everything that `health.proto` declares, for reflection. */
export const healthPackage = loadProto('grpc/health.proto');

/** Health of the server as a whole. */
const OVERALL_HEALTH = '';

const GAVE_WAY: CallStatus = {
  code: status.RESOURCE_EXHAUSTED,
  details: 'há observadores de saúde demais, e este é um dos mais antigos de quem tem mais: use Check',
};
const TOO_MANY: CallStatus = {
  code: status.RESOURCE_EXHAUSTED,
  details: `esta conexão já tem ${grpcLimits.watchesPerConnection} observadores de saúde, o limite: use Check`,
};
const LEAVING: CallStatus = { code: status.UNAVAILABLE, details: 'o servidor está saindo' };
const UNKNOWN: CallStatus = { code: status.NOT_FOUND, details: 'este servidor não tem este nome de saúde' };

/** `grpc.health.v1.Health`, NOT_SERVING until told otherwise. Needs no credential: process supervisors have none. */
export class HealthService {
  readonly #statuses: Map<string, ServingStatus>;
  readonly #followers = new Map<string, Set<ServerCall>>();
  readonly #watches = new HealthWatches<ServerCall>((call) => {
    call.end(GAVE_WAY);
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
    this.#statuses = new Map(names.map((name) => [name, SERVING_STATUS.NOT_SERVING]));
  }

  /** Its RPCs, by their paths. */
  methods(): Map<string, ServedMethod> {
    const serves: Readonly<Record<string, (call: ServerCall, request: Buffer) => void>> = {
      Check: (call, request) => {
        const serving = this.#statusOf(request);
        if (serving === undefined) call.end(UNKNOWN);
        else call.answer(encodeHealth(serving), undefined);
      },
      List: (call) => {
        call.answer(encodeHealthList(this.#statuses), undefined);
      },
      Watch: (call, request) => {
        this.#watch(call, request);
      },
    };
    const declared = Object.entries(loadedService(healthPackage, 'grpc.health.v1.Health'));
    return new Map(
      declared.map(([name, { path, responseStream }]) => [
        path,
        {
          ...{ isStreaming: responseStream, admits: false },
          serve: (call) => {
            call.readOne((request) => {
              try {
                serves[name]?.(call, request);
              } catch (thrown) {
                call.end(grpcStatus(KvsError.from(thrown)));
              }
            });
          },
        },
      ]),
    );
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

  /** Whether each name is SERVING, without the doors, which are as the server as a whole. */
  byName(): Map<string, boolean> {
    const byName = new Map<string, boolean>();
    for (const [name, serving] of this.#statuses) {
      if (!this.doors.includes(name)) byName.set(name, serving === SERVING_STATUS.SERVING);
    }
    return byName;
  }

  #statusOf(request: Buffer): ServingStatus | undefined {
    const name = decodeServiceName(request);
    return name === undefined ? undefined : this.#statuses.get(name);
  }

  #watch(call: ServerCall, request: Buffer): void {
    const name = decodeServiceName(request) ?? '\u{fffd}';
    const serving = this.#statuses.get(name);
    if (!this.#watches.add(call)) {
      call.end(TOO_MANY);
      return;
    }
    // An unknown name is not remembered: it stays unknown.
    if (serving !== undefined) this.#follow(name, call);
    call.onOver = () => {
      this.#watches.delete(call);
      this.#followers.get(name)?.delete(call);
    };
    call.onLeave = () => {
      call.end(LEAVING);
    };
    call.write(encodeHealth(serving ?? SERVING_STATUS.SERVICE_UNKNOWN));
  }

  #follow(name: string, call: ServerCall): void {
    const followers = this.#followers.get(name) ?? new Set<ServerCall>();
    this.#followers.set(name, followers.add(call));
  }

  #set(name: string, good: boolean): void {
    const serving = good ? SERVING_STATUS.SERVING : SERVING_STATUS.NOT_SERVING;
    if (this.#statuses.get(name) === serving) return;
    this.#statuses.set(name, serving);
    for (const call of this.#followers.get(name) ?? []) call.write(encodeHealth(serving));
  }
}
