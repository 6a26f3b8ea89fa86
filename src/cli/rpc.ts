import { logVerbosity, Metadata, setLogVerbosity, status } from '@grpc/grpc-js';
import type { ClientReadableStream, MethodDefinition, ServiceError, StatusObject } from '@grpc/grpc-js';
import { isOnThisMachine } from '../config/exposure.js';
import { Balancer } from '../client/balancer.js';
import type { Settled } from '../client/exchange.js';
import { discover } from '../client/discover.js';
import type { DiscoverMethod } from '../client/discover.js';
import { fateOf, reasonCode } from '../client/fate.js';
import type { Fate } from '../client/fate.js';
import type { Link, ServerAddress } from '../client/link.js';
import { REASON_METADATA } from '../client/reason.js';
import { newRequestId } from '../client/request-id.js';
import { clientSecurity } from '../client/security.js';
import { KvsError } from '../core/errors.js';
import { callFailure, notGrpc, tlsFailure } from './failure.js';
import type { Failure } from './failure.js';
import { methodOf } from './methods.js';
import type { MethodName } from './methods.js';
import { Patience } from './patience.js';
import type { Target } from './request.js';
import type { CallTerms } from './terms.js';

/** A method, and how to read its answers. */
export interface Rpc<Reply> extends MethodName {
  /** Whether it changes anything: nobody can tell whether a call without an answer did. */
  readonly writes: boolean;
  /** Whether servers remember it by a request id, so that it can be repeated where it is not known to be done. */
  readonly repeatable?: boolean;
  readonly read: (message: object) => Reply;
}

/** What is sent, in the field names of the service. */
export type Sent = { readonly item: object } | { readonly items: readonly object[] | AsyncIterable<object> };

/** How a call ended: the reasons in its trailing metadata, still encoded, and the failure if there was one. */
export interface Outcome {
  readonly reasons: string | undefined;
  readonly failure: Failure | undefined;
  /** Lines for whoever looks: servers that did not answer, and who did. */
  readonly notes: readonly string[];
}

/** Takes the replies of a call one by one. A promise asks to wait before the next: the reader of our output is slow. */
export type Sink<Reply> = (reply: Reply) => Promise<void> | undefined;

/** One call under way. */
interface Call<Reply> {
  readonly method: MethodDefinition<object, object>;
  readonly writes: boolean;
  readonly repeatable: boolean;
  readonly timeoutMs: number;
  /** How much longer it may take that anybody answers. */
  readonly patience: Patience;
  readonly metadata: Metadata;
  readonly terms: CallTerms | undefined;
  readonly read: (message: object) => Reply;
  readonly sink: Sink<Reply>;
}

/**
 * Makes one call at one of the servers and hands its replies to `sink`, in order. Never rejects for what a server does:
 * that is in the outcome. A unary call must end within the time; a stream must give a sign of life within it, again and
 * again. Another server is asked if one does not answer, unless it may have changed something or has begun to answer.
 */
export async function invoke<Reply>(
  target: Target,
  { writes, repeatable = false, read, ...named }: Rpc<Reply>,
  sent: Sent,
  sink: Sink<Reply>,
): Promise<Outcome> {
  // Whatever matters comes back as an error: the library's own lines would only confuse the output.
  setLogVerbosity(logVerbosity.NONE);
  const method = methodOf(named);
  const { timeoutMs } = target;
  const metadata = metadataOf(target);
  assertConfidential(target, target.servers);
  const security = await clientSecurity(target.tls);
  const patience = new Patience(timeoutMs, target.say ?? (() => undefined));
  let balancer = new Balancer(target.servers, Math.random, security);
  try {
    if (target.discovers) {
      const { servers, asked } = await discovered(balancer, metadata, patience);
      if (!asked.ok) return await settledOutcome(asked, timeoutMs, undefined);
      assertConfidential(target, servers);
      balancer.close();
      balancer = new Balancer(servers.length > 0 ? servers : [asked.link.address], Math.random, security);
    }
    const { terms } = target;
    terms?.addTo(metadata);
    const call: Call<Reply> = {
      ...{ method, writes, repeatable, timeoutMs, patience, metadata, terms, read, sink },
    };
    const outcome =
      'item' in sent && !method.responseStream
        ? await unaryCall(balancer, call, sent.item)
        : await streamCalls(balancer, call, sent);
    const lost = terms?.keep();
    return outcome.failure === undefined ? { ...outcome, failure: lost } : outcome;
  } finally {
    balancer.close();
  }
}

/** A token goes over the network only where nobody can read it. @throws KvsError CONFIGURACAO */
function assertConfidential({ token, tls }: Target, servers: readonly ServerAddress[]): void {
  const away = servers.find(({ host }) => !isOnThisMachine(host));
  if (token === undefined || tls !== undefined || away === undefined) return;
  throw new KvsError(
    'CONFIGURACAO',
    `o token iria às claras até ${away.host}, e outros o leriam: diga com --tls-ca o arquivo da autoridade do servidor`,
  );
}

function metadataOf({ token }: Target): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

/** Asks which servers there are. */
async function discovered(
  balancer: Balancer,
  metadata: Metadata,
  patience: Patience,
): ReturnType<typeof discover> {
  for (;;) {
    const method = methodOf(DISCOVERY) as DiscoverMethod;
    const found = await discover(balancer, method, metadata, patience.leftMs);
    const { asked } = found;
    if (asked.ok || asked.fate !== 'elsewhere') return found;
    if (!(await patience.waitsFor(asked.link, asked.error))) return found;
  }
}

const DISCOVERY = { file: 'frota.proto', service: 'frota.Frota', method: 'Servidores' };

async function unaryCall<Reply>(
  balancer: Balancer,
  { method, writes, repeatable, timeoutMs, patience, metadata, terms, read, sink }: Call<Reply>,
  request: object,
): Promise<Outcome> {
  // With one server alone there is nobody else to ask.
  const requestId = repeatable && balancer.links.length > 1 ? newRequestId() : undefined;
  const attempt = (): Promise<Settled<object>> =>
    balancer.call({ method, request, writes, requestId, metadata, timeoutMs: patience.leftMs });
  let settled = await attempt();
  while (
    !settled.ok &&
    settled.fate === 'elsewhere' &&
    (await patience.waitsFor(settled.link, settled.error))
  ) {
    settled = await attempt();
  }
  terms?.note(settled.ok ? settled.trailer : settled.error.metadata);
  if (settled.ok) void sink(read(settled.reply));
  return settledOutcome(settled, timeoutMs, settled.ok ? reasonsOf(settled.trailer) : undefined);
}

async function settledOutcome(
  settled: Settled<object>,
  timeoutMs: number,
  reasons: string | undefined,
): Promise<Outcome> {
  const { link, passed } = settled;
  if (settled.ok) return { reasons, failure: undefined, notes: notesOf(passed, link) };
  const failure = await failureOf(settled.error, link, passed, settled.fate, timeoutMs);
  return { reasons, failure, notes: [] };
}

async function failureOf(
  error: ServiceError,
  link: Link,
  passed: readonly Link[],
  fate: Fate,
  timeoutMs: number,
): Promise<Failure> {
  // Where TLS is refused nothing was done, whatever it looked like. Who gives a reason has let us in.
  const unexplained = error.code === status.UNAVAILABLE && reasonCode(error) === undefined;
  const refused = unexplained ? await link.whyNoConnection() : undefined;
  if (refused === 'SEM_GRPC') return notGrpc(link.name);
  if (refused !== undefined) return tlsFailure(refused, link.name);
  const failure = callFailure(error, { server: link.name, timeoutMs }, fate === 'unknown');
  if (passed.length === 0) return failure;
  return { ...failure, message: `${failure.message} (antes não atenderam: ${namesOf(passed)})` };
}

function notesOf(passed: readonly Link[], link: Link): readonly string[] {
  return passed.length === 0 ? [] : [`não atendeu: ${namesOf(passed)}; usado: ${link.name}`];
}

function namesOf(links: readonly Link[]): string {
  return links.map(({ name }) => name).join(', ');
}

/** A stream at the first server that begins to answer. */
async function streamCalls<Reply>(balancer: Balancer, call: Call<Reply>, sent: Sent): Promise<Outcome> {
  // Items that are read as they are sent cannot be sent again.
  const isSpent = 'items' in sent && !Array.isArray(sent.items);
  if (isSpent) await call.patience.untilOneServes(balancer);
  let order = balancer.order();
  let passed: Link[] = [];
  for (let index = 0; ; index++) {
    const link = order[index];
    if (link === undefined) throw new Error('no servers');
    const { reasons, error, begun } = await streamCall(link, call, sent);
    if (error === undefined) return { reasons, failure: undefined, notes: notesOf(passed, link) };
    const fate = fateOf(error, call.writes, link.connected);
    const bearsAnother = !begun && !isSpent && fate === 'elsewhere';
    if (bearsAnother && index < order.length - 1) passed.push(link);
    else if (bearsAnother && (await call.patience.waitsFor(link, error))) {
      [index, order, passed] = [-1, balancer.order(), []];
    } else {
      const failure = await failureOf(error, link, passed, fate, call.timeoutMs);
      return { reasons, failure, notes: [] };
    }
  }
}

async function streamCall<Reply>(
  { client }: Link,
  { method, timeoutMs, metadata, terms, read, sink }: Call<Reply>,
  sent: Sent,
): Promise<{
  readonly reasons: string | undefined;
  readonly error: ServiceError | undefined;
  /** Whether a reply came. */
  readonly begun: boolean;
}> {
  const { path, requestSerialize, responseDeserialize } = method;
  let stream: ClientReadableStream<object>;
  /** Why there is no next item to send, if it cannot be read. */
  let unread: Error | undefined;
  if ('items' in sent) {
    const duplex = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    writeAll(duplex, sent.items).catch((error: unknown) => {
      unread = KvsError.from(error);
      duplex.cancel();
    });
    stream = duplex;
  } else {
    stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, sent.item, metadata);
  }
  let reasons: string | undefined;
  stream.on('status', (last: StatusObject) => {
    reasons = reasonsOf(last.metadata);
    terms?.note(last.metadata);
  });
  const watch = (): NodeJS.Timeout => setTimeout(() => stream.cancel(), timeoutMs);
  let watchdog = watch();
  let begun = false;
  try {
    for await (const reply of stream as AsyncIterable<object>) {
      begun = true;
      const busy = sink(read(reply));
      if (busy === undefined) {
        watchdog.refresh();
        continue;
      }
      // While our own output is slow the server has nothing to prove.
      clearTimeout(watchdog);
      await busy;
      watchdog = watch();
    }
    return { reasons, error: undefined, begun };
  } catch (error) {
    if (unread) throw unread;
    if (!isServiceError(error)) throw error;
    return { reasons, error, begun };
  } finally {
    clearTimeout(watchdog);
    // Where the sink has had enough nobody waits for the rest.
    stream.on('error', () => undefined).cancel();
  }
}

interface RequestStream {
  write(item: object): boolean;
  on(event: 'drain' | 'close', listener: () => void): this;
  off(event: 'drain' | 'close', listener: () => void): this;
  end(): void;
  readonly destroyed: boolean;
}

/** Writes as fast as the server reads. Ends early with the stream. Rejects if the items cannot be read. */
async function writeAll(
  stream: RequestStream,
  items: readonly object[] | AsyncIterable<object>,
): Promise<void> {
  for await (const item of items) {
    if (stream.destroyed) return;
    if (stream.write(item)) continue;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        stream.off('drain', goOn).off('close', goOn);
        resolve();
      };
      stream.on('drain', goOn).on('close', goOn);
    });
  }
  stream.end();
}

/** A text field of a message; empty if it has none. 64-bit numbers are texts too: a number could not hold them all. */
export function textOf(message: object, field: string): string {
  const value = valueOf(message, field);
  return typeof value === 'string' ? value : '';
}

/** A 32-bit number field of a message; 0 if it has none. */
export function numberOf(message: object, field: string): number {
  const value = valueOf(message, field);
  return typeof value === 'number' ? value : 0;
}

/** A field of a message as the loader gives it. */
export function valueOf(message: object, field: string): unknown {
  return new Map<string, unknown>(Object.entries(message)).get(field);
}

function reasonsOf(metadata: Metadata): string | undefined {
  return metadata.get(REASON_METADATA)[0]?.toString();
}

function isServiceError(error: unknown): error is ServiceError {
  return (
    error instanceof Error && 'code' in error && 'metadata' in error && error.metadata instanceof Metadata
  );
}
