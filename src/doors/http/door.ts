import { serveConversation } from '../../call/conversation.js';
import { serveOne } from '../../call/one.js';
import type { Decoded, DoorOperation } from '../../call/operation.js';
import { serveRows } from '../../call/rows.js';
import type { CallSeam } from '../../call/seam.js';
import { KvsError } from '../../core/errors.js';
import { preferredForm } from './accept.js';
import { BatchConversation } from './batch.js';
import type { BatchPair } from './batch.js';
import type { Trailers } from '../../call/call.js';
import { readValue } from './body.js';
import type { Exchange, HttpFields, HttpAnswer } from './exchange.js';
import { assertBodyType } from './forms.js';
import { fieldsOf, HttpCall } from './http-call.js';
import { httpLimits } from './limits.js';
import { HttpRefusal, problemOf } from './problems.js';
import { parsedQuery } from './query.js';
import type { RouteAction, RouteMethod, RouteRequest } from './route.js';
import { RowWriter } from './rows.js';

/** A request that has found its route and method. */
interface Routed {
  readonly exchange: Exchange;
  /** For metrics: method and route. */
  readonly operation: string;
  readonly method: RouteMethod;
  /** `undefined`: the path names one that is malformed. */
  readonly key: string | undefined;
  readonly query: string | undefined;
  /** Fields of every answer. */
  readonly fields: HttpFields;
}

/**
 * Serves requests that have found their route: each is read, checked by the schemas of its route, and handed to the call
 * seam, which admits its caller, lets its operation run, and answers.
 */
export class HttpDoor {
  private readonly streams = { eventStreams: 0, panelStreams: 0 };

  constructor(private readonly seam: CallSeam) {}

  serve(routed: Routed): void {
    const { action } = routed.method;
    const request = this.read(routed);
    switch (action.kind) {
      case 'one':
        if (routed.method.body === undefined || request instanceof KvsError)
          this.one(routed, action.operation, request);
        else {
          readValue(routed.exchange, (value) => {
            const whole = value instanceof KvsError ? value : { ...request, value };
            this.one(routed, action.operation, whole);
          });
        }
        return;
      case 'rows':
        this.rows(routed, action, request);
        return;
      case 'lines':
        this.lines(routed, action.operation, request);
        return;
    }
  }

  /** The request, or why it is none: told to admitted callers only. */
  private read({ exchange, method, key, query }: Routed): Decoded<RouteRequest<unknown>> {
    try {
      const { headers } = exchange;
      if (key === undefined) throw new KvsError('CHAVE_INVALIDA', 'a chave não é UTF-8 codificado com %');
      const parsed = parsedQuery(query, method.query);
      const { chave = key } = parsed as { readonly chave?: string };
      const form = preferredForm(headers.accept, method.forms);
      if (form === undefined) {
        throw new HttpRefusal(406, `Accept: aqui há só ${method.forms.join(' e ')}`, { vary: 'accept' });
      }
      if (method.body !== undefined) assertBody(method.body, exchange);
      return { key: chave, query: parsed, headers, form };
    } catch (thrown) {
      return KvsError.from(thrown);
    }
  }

  private callOf({ exchange, operation }: Routed, request: Decoded<RouteRequest<unknown>>): HttpCall {
    const query = request instanceof KvsError ? undefined : (request.query as { readonly ttl?: number });
    return new HttpCall(exchange, operation, query?.ttl);
  }

  private one(
    routed: Routed,
    operation: DoorOperation<RouteRequest<unknown>, HttpAnswer>,
    request: Decoded<RouteRequest<unknown>>,
  ): void {
    const { exchange, fields } = routed;
    serveOne(this.seam, this.callOf(routed, request), request, operation, {
      answer: (answer, trailers) => {
        exchange.admit();
        exchange.respond(withFields(answer, { ...fields, ...fieldsOf(trailers) }));
      },
      fail: (error, trailers) => {
        exchange.respond(withFields(problemOf(error), { ...fields, ...fieldsOf(trailers) }));
      },
    });
  }

  private rows(
    routed: Routed,
    { operation, rows: form }: RouteAction & { readonly kind: 'rows' },
    request: Decoded<RouteRequest<unknown>>,
  ): void {
    const { exchange, fields, method } = routed;
    const { streams } = form;
    const given = streams === undefined ? request : this.roomFor(streams, request);
    const rowFields = { ...fields, 'content-type': method.forms[0] };
    const writer = new RowWriter(exchange, form, rowFields, this.seam.time);
    if (streams !== undefined) this.streams[streams]++;
    void serveRows(this.seam, this.callOf(routed, given), given, operation, {
      isOver: () => exchange.isOver(),
      sendAll: (found, answer) => writer.sendAll(found, answer),
      send: () => undefined,
      end: (trailers) => {
        writer.finish(fieldsOf(trailers));
      },
      fail: (error, trailers) => {
        if (exchange.hasBegun) writer.fail(error);
        else exchange.respond(withFields(problemOf(error), { ...fields, ...fieldsOf(trailers) }));
      },
    }).then(() => {
      if (streams !== undefined) this.streams[streams]--;
    });
  }

  private roomFor<T>(streams: keyof typeof STREAM_NAMES, request: T): T | KvsError {
    if (this.streams[streams] < httpLimits[streams]) return request;
    return new KvsError('LIMITE_PEDIDOS', `${STREAM_NAMES[streams]} demais neste servidor: tente outro`);
  }

  private lines(
    routed: Routed,
    operation: DoorOperation<BatchPair, number>,
    request: Decoded<RouteRequest<unknown>>,
  ): void {
    const { exchange, fields } = routed;
    const refuse = (error: KvsError, trailers?: Trailers): void => {
      exchange.respond(withFields(problemOf(error), { ...fields, ...fieldsOf(trailers) }));
    };
    serveConversation(this.seam, this.callOf(routed, request), () => operation, {
      converse: (answerer) => {
        if (request instanceof KvsError) {
          answerer.end(request);
          refuse(request);
          return;
        }
        const isPipelined = this.seam.engine.capabilities.pipelined === true;
        const atOnce = isPipelined ? httpLimits.batchRequests : 1;
        if (!exchange.isOver()) new BatchConversation(exchange, answerer, atOnce, fields).begin();
      },
      fail: refuse,
    });
  }
}

/** Streams without end, for people. */
const STREAM_NAMES = { eventStreams: 'observações abertas', panelStreams: 'painéis abertos' } as const;

/** @throws KvsError PEDIDO_INVALIDO, HttpRefusal 413, 415 */
function assertBody(kind: 'value' | 'lines', { headers }: Exchange): void {
  assertBodyType(kind, headers['content-type'], headers['content-encoding']);
  const length = headers['content-length'];
  if (kind === 'lines' && length !== undefined && Number(length) > httpLimits.batchBytes) {
    throw new HttpRefusal(413, `o lote passa de ${httpLimits.batchBytes} bytes; divida-o`);
  }
}

/** The answer with further fields, which its own go before. */
export function withFields({ status, fields, body }: HttpAnswer, more: HttpFields): HttpAnswer {
  const vary = [more['vary'], fields['vary']].filter((names) => names !== undefined);
  return {
    status,
    fields: { ...more, ...fields, ...(vary.length > 1 && { vary: vary.join(', ') }) },
    body,
  };
}
