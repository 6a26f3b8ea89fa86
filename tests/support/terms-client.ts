import {
  Client,
  credentials,
  Metadata,
  status,
  type ClientReadableStream,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { method } from './door-client.js';
import { kvsDefinition, type Tupla } from './kvs-client.js';

/** What a call demands, and who makes it, in its metadata. */
export interface Demands {
  readonly authorization?: string | undefined;
  readonly sessao?: string;
  readonly confirmacao?: number | string;
  readonly prazo?: number | string;
  /** The id of a request that is repeated, and which attempt this is. */
  readonly pedido?: string;
  readonly tentativa?: number;
  /** The client's own deadline, ms. */
  readonly deadlineMs?: number;
  /** Cancels a stream once so many answers have come. */
  readonly cancelAfter?: number;
}

/** How a call ended. `replies` are those that came before. */
export interface Ended<Res> {
  readonly replies: readonly Res[];
  /** gRPC status, 0 for OK. */
  readonly code: number;
  readonly details: string;
  /** `kvs-erro`, decoded. */
  readonly erro: string | undefined;
  /** `kvs-sessao` */
  readonly sessao: string | undefined;
  /** `kvs-versao` */
  readonly versao: string | undefined;
  /** `kvs-pedido` */
  readonly pedido: string | undefined;
  readonly tookMs: number;
  /** Whether it was cancelled as demanded. */
  readonly hasCancelled: boolean;
}

/** A client that demands more than an answer, by metadata. It shares nothing with the server. */
export class TermsClient {
  private readonly client: Client;

  constructor(
    port: number,
    private readonly service: ServiceDefinition = kvsDefinition,
  ) {
    this.client = new Client(`127.0.0.1:${String(port)}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  close(): void {
    this.client.close();
  }

  insere(chave: string, valor: string, demands: Demands = {}): Promise<Ended<{ versao: number }>> {
    return this.call('Insere', [{ chave, valor }], demands);
  }

  consulta(chave: string, demands: Demands = {}): Promise<Ended<Tupla>> {
    return this.call('Consulta', [{ chave }], demands);
  }

  /** Any call: one request, or all those of a stream. Never rejects. */
  call<Res>(name: string, requests: readonly object[], demands: Demands = {}): Promise<Ended<Res>> {
    const { path, requestSerialize, responseDeserialize, requestStream, responseStream } = method(
      this.service,
      name,
    );
    const decode = responseDeserialize as (bytes: Buffer) => Res;
    const metadata = metadataOf(demands);
    const deadline = Date.now() + (demands.deadlineMs ?? 20_000);
    const startedMs = performance.now();
    const [request] = requests as [object];
    return new Promise((resolve) => {
      const replies: Res[] = [];
      const end = ({ code, details, metadata: trailer }: StatusObject): void => {
        const one = (key: string): string | undefined => trailer.get(key)[0]?.toString();
        const erro = one('kvs-erro');
        resolve({
          ...{ replies, code, details, sessao: one('kvs-sessao'), versao: one('kvs-versao') },
          pedido: one('kvs-pedido'),
          erro: erro === undefined ? undefined : decodeURIComponent(erro),
          tookMs: performance.now() - startedMs,
          hasCancelled: code === status.CANCELLED && replies.length >= (demands.cancelAfter ?? Infinity),
        });
      };
      const listen = (stream: ClientReadableStream<Res>): void => {
        stream.on('data', (reply: Res) => {
          if (replies.push(reply) === demands.cancelAfter) stream.cancel();
        });
        stream.on('error', () => undefined);
        stream.on('status', end);
      };
      if (requestStream) {
        const stream = this.client.makeBidiStreamRequest<object, Res>(
          path,
          requestSerialize,
          decode,
          metadata,
          {
            deadline,
          },
        );
        listen(stream);
        for (const item of requests) stream.write(item);
        stream.end();
        return;
      }
      if (responseStream) {
        const options = { deadline };
        listen(
          this.client.makeServerStreamRequest<object, Res>(
            ...([path, requestSerialize, decode, request, metadata, options] as const),
          ),
        );
        return;
      }
      this.client
        .makeUnaryRequest(
          path,
          requestSerialize,
          decode,
          request,
          metadata,
          { deadline },
          (_error: ServiceError | null, reply) => {
            if (reply !== undefined) replies.push(reply);
          },
        )
        .on('status', end);
    });
  }
}

function metadataOf(demands: Demands): Metadata {
  const { authorization, sessao, confirmacao, prazo, pedido, tentativa } = demands;
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  if (pedido !== undefined) metadata.set('kvs-pedido', pedido);
  if (tentativa !== undefined) metadata.set('kvs-tentativa', String(tentativa));
  if (sessao !== undefined) metadata.set('kvs-sessao', sessao);
  if (confirmacao !== undefined) metadata.set('kvs-confirmacao', String(confirmacao));
  if (prazo !== undefined) metadata.set('kvs-confirmacao-prazo', String(prazo));
  return metadata;
}
