import { DEMANDS } from '../../call/call.js';
import type { Call, Credentials, DemandName } from '../../call/call.js';
import type { Time } from '../../ports/time.js';

/** What a call by a message says beyond its request. */
interface TopicCallOptions {
  /** Name of the operation, for metrics. */
  readonly operation: string;
  readonly credentials: Credentials;
  readonly demands?: Readonly<Partial<Record<DemandName, string>>> | undefined;
  /** When its caller gives up, ms since 1970. */
  readonly deadlineMs?: number | undefined;
  readonly time: Time;
}

/** The names under which people give demands here. */
const FIELDS: Readonly<Partial<Record<DemandName, string>>> = {
  [DEMANDS.request]: 'pedido',
  [DEMANDS.attempt]: 'tentativa',
  [DEMANDS.ttl]: 'ttl',
};

/** A call that came as a message. */
export function topicCall({ operation, credentials, demands, deadlineMs, time }: TopicCallOptions): Call {
  return {
    ...{ door: 'mqtt', operation, credentials, from: undefined, deadlineMs: deadlineMs ?? Infinity },
    demand: (name) => demands?.[name],
    demandField: (name) => FIELDS[name] ?? name,
    isOver: () => deadlineMs !== undefined && time.wallMs() >= deadlineMs,
    takeUp: () => time.monotonicMs(),
  };
}
