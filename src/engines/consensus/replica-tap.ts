import type { LinkCut } from '../../ports/link-cut.js';
import type { Handled, MessageTap, PassingMessage } from '../../ports/trace.js';
import { TXN, WATCH } from './etcd-messages.js';
import type { Method, TxnRequest, TxnResponse, WatchRequest, WatchResponse } from './etcd-messages.js';

/** A laboratory's hold on the connections to the replicas. */
export interface ReplicaLaboratory {
  readonly tap: MessageTap;
  readonly cut: LinkCut;
}

/** Tells the requests to one replica and its answers, and decides which of them are lost. */
export class ReplicaTap {
  constructor(
    private readonly tap: MessageTap,
    private readonly address: string,
  ) {}

  /** Whether a request, and (drawn only if it is not) its answer, is to be lost. */
  draw(): 'request' | 'answer' | undefined {
    if (this.tap.drops('out')) return 'request';
    return this.tap.drops('in') ? 'answer' : undefined;
  }

  /** Tells a request that is lost instead of sent. */
  lost<Req>(method: Method<Req, unknown>, request: Req): void {
    if (!this.tap.isTracing) return;
    this.tell('descarta_saida', method, request, method.requestSerialize(request));
  }

  /** A method for one request, which is told as it leaves, as its answer is as it arrives. */
  unary<Req, Res>(method: Method<Req, Res>, request: Req, isAnswerLost: boolean): Method<Req, Res> {
    return this.told(method, isAnswerLost ? 'descarta_entrada' : 'recebe', (response) =>
      method.path === TXN.path ? writesOf(request as TxnRequest, response as TxnResponse) : 0,
    );
  }

  /** The same for a stream of changes. */
  watch(): Method<WatchRequest, WatchResponse> {
    return this.told(WATCH, 'recebe', () => 0);
  }

  /** @param applied how many writes an answer says were done */
  private told<Req, Res>(
    method: Method<Req, Res>,
    arrival: 'recebe' | 'descarta_entrada',
    applied: (response: Res) => number,
  ): Method<Req, Res> {
    return {
      ...method,
      requestSerialize: (request) => {
        const wire = method.requestSerialize(request);
        if (this.tap.isTracing) this.tell('envia', method, request, wire);
        return wire;
      },
      responseDeserialize: (wire) => {
        const response = method.responseDeserialize(wire);
        if (!this.tap.isTracing) return response;
        const handled = this.tell(arrival, method, response, wire);
        handled.applied = applied(response);
        handled.effect = handled.applied > 0 ? 'applied' : 'noted';
        return response;
      },
    };
  }

  private tell(
    step: PassingMessage['step'],
    { path }: Pick<Method<unknown, unknown>, 'path'>,
    message: unknown,
    wire: Buffer,
  ): Handled {
    const type = path.slice(path.lastIndexOf('/') + 1);
    const body = Buffer.from(JSON.stringify(readable(message)));
    return this.tap.tell({ step, channel: this.address, type, body, wire });
  }
}

/** How many keys or ranges of keys a transaction wrote. */
function writesOf({ success, failure }: TxnRequest, { succeeded, responses }: TxnResponse): number {
  const writes = (succeeded ? success : failure).map((op, index) => {
    if ('request_range' in op) return 0;
    const inner = responses[index]?.response_txn;
    return 'request_txn' in op ? (inner ? writesOf(op.request_txn, inner) : 0) : 1;
  });
  return writes.reduce((sum, each) => sum + each, 0);
}

/** A message with its bytes as text. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, readable(field)]));
}
