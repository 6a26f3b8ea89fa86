import type { Metadata, ServiceError } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { attemptAt } from '../../../client/attempt.js';
import { Link } from '../../../client/link.js';
import type { ServerAddress } from '../../../client/link.js';
import { methodOf } from '../../../client/method.js';
import type { MethodName } from '../../../client/method.js';
import type { ClientSecurity } from '../../../client/security.js';
import { failureOf } from '../../failure.js';
import type { Failure } from '../../failure.js';
import { conformanceLimits } from '../limits.js';
import { brokenOf } from './broken.js';
import { StreamReader } from './stream-reader.js';

/** A message as it came, its 64-bit numbers as numbers. */
export type CameMessage = Readonly<Record<string, unknown>>;

/** A call that changes nothing. */
export interface LookMethod extends MethodName {
  readonly request: object;
}

interface GrpcServerOptions {
  readonly address: ServerAddress;
  readonly security: ClientSecurity;
  /** A copy is sent with every call. */
  readonly metadata: Metadata;
  readonly timeoutMs: number;
  /** Fields with 64-bit numbers, which the loader decodes as texts. */
  readonly longFields: ReadonlySet<string>;
}

/** An open stream to a server. */
interface OpenStream {
  readonly send: (request: object) => void;
  /** There are no more requests. */
  readonly end: () => void;
  readonly reader: StreamReader;
}

/** One server under test that speaks gRPC. */
export class GrpcServer {
  private readonly link: Link;
  /** What it was asked first. */
  private asked: readonly LookMethod[] = [];

  constructor(private readonly options: GrpcServerOptions) {
    this.link = new Link(options.address, options.security);
  }

  /** `127.0.0.1:9000`. */
  get name(): string {
    return this.link.name;
  }

  get timeoutMs(): number {
    return this.options.timeoutMs;
  }

  /**
   * Connects and asks for one of these, which change nothing.
   * @returns why the service cannot be used, if so; `lacks`: the server is there, but has none of these methods
   */
  async look(methods: readonly LookMethod[]): Promise<'serves' | 'lacks' | Failure> {
    this.asked = methods;
    const patienceMs = Math.min(conformanceLimits.connectMs, this.timeoutMs);
    if (!(await this.link.connect(patienceMs))) {
      const error = await this.errorOf(methods[0]);
      return error === undefined ? 'serves' : this.failureAt(error);
    }
    for (const method of methods) {
      const error = await this.errorOf(method);
      if (error === undefined) return 'serves';
      if (error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED) {
        return this.failureAt(error);
      }
      // Another error comes from the method itself, so it is there.
      if (error.code !== status.UNIMPLEMENTED) return 'serves';
    }
    return 'lacks';
  }

  /** A unary call. @throws CallBroken */
  async call(
    name: MethodName,
    request: object,
  ): Promise<{ readonly message: CameMessage; readonly trailer: Metadata }> {
    const { timeoutMs } = this.options;
    const answer = await this.attempt(name, request);
    if (!answer.ok) throw brokenOf(answer.error, name.method, timeoutMs);
    return { message: this.read(answer.reply), trailer: answer.trailer };
  }

  /** A stream in both directions, or with `request` from the server alone. */
  open(name: MethodName, request?: object): OpenStream {
    const { path, requestSerialize, responseDeserialize } = methodOf(name);
    const { client } = this.link;
    const metadata = this.options.metadata.clone();
    if (request !== undefined) {
      const stream = client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
      );
      return { send: () => undefined, end: () => undefined, reader: new StreamReader(stream) };
    }
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    return {
      send: (item) => {
        stream.write(item);
      },
      end: () => {
        stream.end();
      },
      reader: new StreamReader(stream),
    };
  }

  /** A message with its 64-bit numbers as numbers. */
  read(message: object): CameMessage {
    const { longFields } = this.options;
    return Object.fromEntries(
      Object.entries(message).map(([name, value]: [string, unknown]) => [
        name,
        typeof value === 'string' && longFields.has(name) ? Number(value) : this.readNested(value),
      ]),
    );
  }

  /** Whether the server still answers what it was asked first. */
  async isThere(): Promise<boolean> {
    return typeof (await this.look(this.asked)) === 'string';
  }

  close(): void {
    this.link.close();
  }

  private readNested(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.readNested(one));
    return typeof value === 'object' && value !== null ? this.read(value) : value;
  }

  private attempt(name: MethodName, request: object): ReturnType<typeof attemptAt<object, object>> {
    const { metadata, timeoutMs } = this.options;
    const call = {
      ...{ method: methodOf(name), request, writes: true, requestId: undefined, signal: undefined },
      ...{ metadata: metadata.clone(), timeoutMs },
    };
    return attemptAt(this.link, call, timeoutMs, false);
  }

  private async errorOf(method: LookMethod | undefined): Promise<ServiceError | undefined> {
    if (method === undefined) return undefined;
    const answer = await this.attempt(method, method.request);
    return answer.ok ? undefined : answer.error;
  }

  private async failureAt(error: ServiceError): Promise<Failure> {
    const outcome = { server: this.name, passed: [], reasons: undefined };
    const mismatch = await this.link.whyNoConnection();
    return failureOf(outcome, { error, fate: 'elsewhere', mismatch }, this.options.timeoutMs);
  }
}
