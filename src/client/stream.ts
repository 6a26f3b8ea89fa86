import type { ClientReadableStream, ServiceError, StatusObject } from '@grpc/grpc-js';
import { KvsError } from '../core/errors.js';
import type { Balancer } from './balancer.js';
import { failureAt, isTtlIgnored, outcomeAt, reasonsOf } from './call.js';
import type { OpenCall, Outcome, Sent } from './call.js';
import { fateOf } from './fate.js';
import { isServiceError } from './follow.js';
import type { Link } from './link.js';

/** Runs a stream at the first server that begins to answer. Never rejects for server errors. */
export async function streamCalls<Reply>(
  balancer: Balancer,
  call: OpenCall<Reply>,
  sent: Sent,
): Promise<Outcome> {
  // Items that are read while being sent cannot be sent again.
  const isSpent = 'items' in sent && !Array.isArray(sent.items);
  if (isSpent) await call.patience.untilOneServes(balancer);
  let order = balancer.order();
  let passed: Link[] = [];
  for (let index = 0; ; index++) {
    const link = order[index];
    if (link === undefined) throw new Error('no servers');
    const { reasons, ignoresTtl, error, begun } = await streamCall(link, call, sent);
    if (error === undefined) return { ...outcomeAt(link, passed, reasons), ignoresTtl };
    const fate = fateOf(error, call.writes, link.connected);
    const bearsAnother = !begun && !isSpent && fate === 'elsewhere';
    if (bearsAnother && index < order.length - 1) passed.push(link);
    else if (bearsAnother && (await call.patience.waitsFor(link, error))) {
      [index, order, passed] = [-1, balancer.order(), []];
    } else {
      return failureAt({ link, passed, error, fate }, reasons);
    }
  }
}

async function streamCall<Reply>(
  { client }: Link,
  { definition, timeoutMs, metadata, session, read, take }: OpenCall<Reply>,
  sent: Sent,
): Promise<{
  readonly reasons: string | undefined;
  readonly ignoresTtl: boolean;
  readonly error: ServiceError | undefined;
  /** Whether a reply came. */
  readonly begun: boolean;
}> {
  const { path, requestSerialize, responseDeserialize } = definition;
  let stream: ClientReadableStream<object>;
  /** The error if the items could not be read. */
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
  let ignoresTtl = false;
  stream.on('status', (last: StatusObject) => {
    reasons = reasonsOf(last.metadata);
    ignoresTtl = isTtlIgnored(sent, last.metadata);
    session?.note(last.metadata);
  });
  const watch = (): NodeJS.Timeout => setTimeout(() => stream.cancel(), timeoutMs);
  let watchdog = watch();
  let begun = false;
  try {
    for await (const reply of stream as AsyncIterable<object>) {
      begun = true;
      const busy = take(read(reply));
      if (busy === undefined) {
        watchdog.refresh();
        continue;
      }
      // While our own output is slow the server need not give a sign of life.
      clearTimeout(watchdog);
      await busy;
      watchdog = watch();
    }
    return { reasons, ignoresTtl, error: undefined, begun };
  } catch (error) {
    if (unread) throw unread;
    if (!isServiceError(error)) throw error;
    return { reasons, ignoresTtl, error, begun };
  } finally {
    clearTimeout(watchdog);
    // If the receiver stops early, nobody waits for the rest.
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

/** Writes as fast as the server reads. Stops early with the stream. Rejects if the items cannot be read. */
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
