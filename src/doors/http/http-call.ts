import { bearerCredentials } from '../../call/bearer.js';
import { DEMANDS } from '../../call/call.js';
import type { Call, Credentials, DemandName, Trailers } from '../../call/call.js';
import { tellsTime } from '../../core/attempt.js';
import type { Exchange, HttpFields } from './exchange.js';

const HINT = 'este servidor pede uma credencial: mande "Authorization: Bearer TOKEN"';

/** The number of an attempt before which there may have been another. */
const POSSIBLE_REPEAT = '2';

/** The header field of each demand; a time to live is in the query. */
const FIELD_NAMES: Readonly<Record<Exclude<DemandName, typeof DEMANDS.ttl>, string>> = {
  [DEMANDS.session]: 'X-Kvs-Sessao',
  [DEMANDS.confirm]: 'X-Kvs-Confirmacao',
  [DEMANDS.confirmMs]: 'X-Kvs-Confirmacao-Prazo',
  [DEMANDS.request]: 'Idempotency-Key',
  [DEMANDS.attempt]: 'X-Kvs-Tentativa',
};
/** The same in lower case, as fields are looked up. */
const DEMAND_FIELDS = Object.fromEntries(
  Object.entries(FIELD_NAMES).map(([name, field]) => [name, field.toLowerCase()]),
) as typeof FIELD_NAMES;

/** Fields with demands and the token, for pages of origins that may ask. */
export const REQUEST_FIELDS: readonly string[] = ['authorization', ...Object.values(DEMAND_FIELDS)];

export const VERSION_FIELD = 'x-kvs-versao';

/** A request of HTTP as a call: credentials and demands come from its header fields. It has no deadline. */
export class HttpCall implements Call {
  readonly door = 'http';
  readonly deadlineMs = Infinity;

  /** @param ttl of its query, in seconds */
  constructor(
    private readonly exchange: Exchange,
    readonly operation: string,
    private readonly ttl?: number,
  ) {}

  get credentials(): Credentials {
    const { headers, certificateSubject } = this.exchange;
    return bearerCredentials(headers.authorization, certificateSubject, HINT);
  }

  get from(): string | undefined {
    return this.exchange.from;
  }

  demand(name: DemandName): string | undefined {
    if (name === DEMANDS.ttl) return this.ttl === undefined ? undefined : String(this.ttl);
    const value = this.exchange.headers[DEMAND_FIELDS[name]]?.toString();
    if (name === DEMANDS.attempt && value === undefined) return this.impliedAttempt;
    // The draft of Idempotency-Key writes it in quotes.
    return name === DEMANDS.request ? value?.replace(/^"(.*)"$/, '$1') : value;
  }

  demandField(name: DemandName): string {
    return name === DEMANDS.ttl ? 'ttl' : FIELD_NAMES[name];
  }

  isOver(): boolean {
    return this.exchange.isOver();
  }

  /**
   * Programs that repeat a request by HTTP repeat it as it is, and do not count: a request with an id may be a second one.
   * A server that does not remember its time then refuses it rather than write it twice. Two cases stay first attempts:
   * an id without a time, since no server could take it otherwise; and one that is to be confirmed, since peers confirm
   * only what the server that answers has written.
   */
  private get impliedAttempt(): string | undefined {
    const id = this.demand(DEMANDS.request);
    if (id === undefined || this.demand(DEMANDS.confirm) !== undefined) return undefined;
    return tellsTime(id) ? POSSIBLE_REPEAT : undefined;
  }

  takeUp(): number {
    return this.exchange.takeUp();
  }
}

/** Trailers of a call as fields of its answer. */
export function fieldsOf(trailers: Trailers | undefined): HttpFields {
  if (trailers === undefined) return {};
  const { session, version, request } = trailers;
  return {
    ...(session !== undefined && { [DEMAND_FIELDS[DEMANDS.session]]: session }),
    ...(version !== undefined && { [VERSION_FIELD]: String(version) }),
    ...(request !== undefined && { [DEMAND_FIELDS[DEMANDS.request]]: request }),
  };
}
