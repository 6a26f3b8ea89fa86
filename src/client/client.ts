import { logVerbosity, Metadata, setLogVerbosity } from '@grpc/grpc-js';
import type { Settled } from './attempt.js';
import { Balancer } from './balancer.js';
import { failureAt, isTtlIgnored, outcomeAt, reasonsOf, TTL_METADATA } from './call.js';
import type { CallTerms, OpenCall, Outcome, Rpc, Sent, Take } from './call.js';
import type { ConfirmationDemand } from './confirmations.js';
import { discover } from './discover.js';
import type { DiscoverMethod } from './discover.js';
import { CallFollower } from './follow.js';
import type { Course } from './follow.js';
import type { ServerAddress } from './link.js';
import { methodOf } from './method.js';
import { Patience } from './patience.js';
import { newRequestId } from './request-id.js';
import { clientSecurity } from './security.js';
import type { ClientSecurity, TlsChoice } from './security.js';
import type { ClientSession } from './session.js';
import { streamCalls } from './stream.js';

const CONFIRM_METADATA = 'kvs-confirmacao';
const CONFIRM_TIME_METADATA = 'kvs-confirmacao-prazo';

const DISCOVERY = { file: 'frota.proto', service: 'frota.Frota', method: 'Servidores' };

/** Servers, credentials, and what every call demands. */
export interface ClientOptions {
  /** At least one; any of them may be asked. */
  readonly servers: readonly ServerAddress[];
  /** Whether to ask one of them first which servers there are. */
  readonly discovers: boolean;
  /** Of one call, in ms. */
  readonly timeoutMs: number;
  /** Sent with every call; `undefined`: none. */
  readonly token: string | (() => string | Promise<string>) | undefined;
  /** `undefined`: without TLS. */
  readonly tls: TlsChoice | undefined;
  readonly confirmations?: ConfirmationDemand | undefined;
  readonly session?: ClientSession | undefined;
  /** Whether the client makes calls for long, so that a server that was away is looked for again. */
  readonly isLasting?: boolean | undefined;
  /** Throws if this server must not be asked, since a token would cross the network in the clear. */
  readonly assertServer?: ((server: ServerAddress) => void) | undefined;
  /** Called with a Portuguese message when something takes long. */
  readonly say?: ((message: string) => void) | undefined;
}

/** Several servers as one, for any of their services. */
export class KvsClient {
  private constructor(
    private readonly options: ClientOptions,
    private readonly security: ClientSecurity,
    private balancer: Balancer,
    private isDiscovered = false,
  ) {}

  /** Reads the TLS files; contacts no server. @throws KvsError CONFIGURACAO if a file is unusable */
  static async open(options: ClientOptions): Promise<KvsClient> {
    // What matters is returned as an error: the library's own lines would only clutter the output of a command. A
    // program that calls for long may use the same library for other things.
    if (options.isLasting !== true) setLogVerbosity(logVerbosity.NONE);
    for (const server of options.servers) options.assertServer?.(server);
    const security = await clientSecurity(options.tls);
    return new KvsClient(options, security, new Balancer(options.servers, Math.random, security));
  }

  /**
   * Makes one call at one of the servers and passes its replies to `take`, in order. Never rejects for server errors:
   * they are in the outcome. A unary call must end within the timeout; a stream must give a sign of life within each.
   * If a server does not answer, another is asked, unless the first may have changed something or has begun to answer.
   */
  async call<Reply>(rpc: Rpc<Reply>, sent: Sent, take: Take<Reply>, terms: CallTerms = {}): Promise<Outcome> {
    const { say } = this.options;
    const { timeoutMs = this.options.timeoutMs, signal, session = this.options.session } = terms;
    const definition = methodOf(rpc);
    const patience = new Patience(timeoutMs, say ?? (() => undefined));
    const metadata = await this.credentials();
    if (this.options.discovers && !this.isDiscovered) {
      const asked = await this.discovered(metadata, patience);
      if (!asked.ok) return failureAt(asked, undefined);
    }
    session?.addTo(metadata);
    this.addConfirmations(metadata, terms);
    if (sent.ttlSeconds !== undefined) metadata.set(TTL_METADATA, String(sent.ttlSeconds));
    const call: OpenCall<Reply> = {
      ...rpc,
      definition,
      timeoutMs,
      signal,
      patience,
      metadata,
      session,
      take,
    };
    const outcome = await ('item' in sent && !definition.responseStream
      ? this.unaryCall(call, sent)
      : streamCalls(this.balancer, call, sent));
    if (this.options.isLasting === true) this.balancer.recover();
    return outcome;
  }

  /** Reads a stream that goes on at another server where one breaks off. */
  async *follow<Reply>(
    rpc: Rpc<Reply>,
    course: Course,
    terms: CallTerms = {},
  ): AsyncGenerator<Reply, Outcome> {
    const { timeoutMs = this.options.timeoutMs, signal, session } = terms;
    const credentials = (): Promise<Metadata> => this.credentials();
    if (this.options.discovers && !this.isDiscovered) {
      const patience = new Patience(timeoutMs, this.options.say ?? (() => undefined));
      const asked = await this.discovered(await credentials(), patience);
      if (!asked.ok) return failureAt(asked, undefined);
    }
    const { balancer } = this;
    return yield* new CallFollower(balancer, {
      ...rpc,
      ...course,
      timeoutMs,
      signal,
      session,
      credentials,
    }).replies();
  }

  close(): void {
    this.balancer.close();
  }

  /** Metadata with the token, if there is one. */
  private async credentials(): Promise<Metadata> {
    const { token } = this.options;
    const metadata = new Metadata();
    const text = typeof token === 'function' ? await token() : token;
    if (text !== undefined) metadata.set('authorization', `Bearer ${text}`);
    return metadata;
  }

  private addConfirmations(metadata: Metadata, terms: CallTerms): void {
    const { confirmations = this.options.confirmations } = terms;
    if (confirmations === undefined) return;
    metadata.set(CONFIRM_METADATA, String(confirmations.servers));
    metadata.set(CONFIRM_TIME_METADATA, String(confirmations.timeoutMs));
  }

  /** Asks which servers there are, and uses those from then on. */
  private async discovered(metadata: Metadata, patience: Patience): Promise<Settled<object>> {
    const method = methodOf(DISCOVERY) as DiscoverMethod;
    for (;;) {
      const { servers, asked } = await discover(this.balancer, method, metadata, patience.leftMs);
      if (asked.ok) {
        const found = servers.length > 0 ? servers : [asked.link.address];
        for (const server of found) this.options.assertServer?.(server);
        this.balancer.close();
        this.balancer = new Balancer(found, Math.random, this.security);
        this.isDiscovered = true;
        return asked;
      }
      if (asked.fate !== 'elsewhere' || !(await patience.waitsFor(asked.link, asked.error))) return asked;
    }
  }

  private async unaryCall<Reply>(
    call: OpenCall<Reply>,
    sent: Sent & { readonly item: object },
  ): Promise<Outcome> {
    const { item: request } = sent;
    const { definition: method, writes, metadata, patience, signal } = call;
    // With a single server there is no other to ask.
    const isNamed = call.repeatable === true && this.balancer.links.length > 1;
    const requestId = isNamed ? newRequestId() : undefined;
    const attempt = (): Promise<Settled<object>> =>
      this.balancer.call({
        method,
        request,
        writes,
        requestId,
        metadata,
        signal,
        timeoutMs: patience.leftMs,
      });
    let settled = await attempt();
    while (
      !settled.ok &&
      settled.fate === 'elsewhere' &&
      (await patience.waitsFor(settled.link, settled.error))
    ) {
      settled = await attempt();
    }
    call.session?.note(settled.ok ? settled.trailer : settled.error.metadata);
    if (!settled.ok) return failureAt(settled, undefined);
    void call.take(call.read(settled.reply));
    const { link, passed, trailer } = settled;
    return { ...outcomeAt(link, passed, reasonsOf(trailer)), ignoresTtl: isTtlIgnored(sent, trailer) };
  }
}
