import { createHash } from 'node:crypto';
import { KvsError } from '../../core/errors.js';
import { Fifo } from '../../core/fifo.js';
import { WatchStream } from '../../engines/watching/stream.js';
import type { EventSource } from '../../engines/watching/stream.js';
import type { Handled, PassingMessage, TracedMessage } from '../../ports/trace.js';
import { faultLimits } from './limits.js';

/** What a message takes in a queue besides its content. */
const ENVELOPE_BYTES = 256;

type Queued = Omit<TracedMessage, 'number'>;

type ReaderBounds = Readonly<
  Record<
    'readers' | 'queueMessages' | 'queueBytes' | 'backlogMessages' | 'backlogBytes' | 'backlogMs',
    number
  >
>;

/**
 * Those who read the messages of one server. Each has a queue of its own. What passes before there is a reader is kept for
 * the first one, since nobody can read as early as a server speaks.
 */
export class MessageReaders {
  private readonly open = new Set<MessageReader>();
  private backlog: Backlog | undefined;

  constructor(
    private readonly wallUs: () => number,
    private readonly bounds: ReaderBounds = faultLimits,
  ) {
    this.backlog = new Backlog(bounds, wallUs());
  }

  /** Whether messages are to be told: somebody reads, or may still come to read them. */
  get isOpen(): boolean {
    return this.open.size > 0 || this.backlog !== undefined;
  }

  /**
   * Begins with the next message; the first reader, if it comes soon, with the first that this server told.
   * @throws KvsError LIMITE_PEDIDOS
   */
  begin(): AsyncIterable<TracedMessage | undefined> {
    if (this.open.size >= this.bounds.readers) {
      const most = `este servidor já tem ${this.bounds.readers} leitores do seu rastro`;
      throw new KvsError('LIMITE_PEDIDOS', `limite atingido: ${most}`);
    }
    const reader: MessageReader = new MessageReader(this.bounds, () => {
      this.open.delete(reader);
    });
    this.open.add(reader);
    for (const message of this.backlog?.messages ?? []) reader.put(message);
    this.backlog = undefined;
    return reader.stream;
  }

  /** Tells all of them of a message; what is done to the result before the turn ends, they see. */
  tell({ step, channel, type, body, wire }: PassingMessage): Handled {
    const handled: Handled = { effect: 'ignored', applied: 0 };
    const message: Queued = {
      ...{ atUs: this.wallUs(), step, channel, type },
      // A copy: what was received may be a slice of something much larger.
      body: Buffer.from(body.subarray(0, faultLimits.bodyBytes)),
      bytes: wire.length,
      digest: createHash('sha256').update(wire).digest().subarray(0, faultLimits.digestBytes),
      handled: step === 'recebe' ? handled : undefined,
    };
    for (const reader of this.open) reader.put(message);
    if (this.backlog?.keeps(message) === false) this.backlog = undefined;
    return handled;
  }
}

/** The first messages of a server, until somebody reads them. */
class Backlog {
  readonly messages: Queued[] = [];
  private bytes = 0;

  constructor(
    private readonly bounds: ReaderBounds,
    private readonly sinceUs: number,
  ) {}

  /** @returns false: they are too many or too old. Then all are let go: a part of them would look like the whole. */
  keeps(message: Queued): boolean {
    const { backlogMessages, backlogBytes, backlogMs } = this.bounds;
    this.messages.push(message);
    this.bytes += sizeOf(message);
    const isOld = message.atUs - this.sinceUs > backlogMs * 1_000;
    return !isOld && this.messages.length <= backlogMessages && this.bytes <= backlogBytes;
  }
}

class MessageReader implements EventSource<TracedMessage> {
  readonly stream = new WatchStream<TracedMessage>(this);
  private readonly queue = new Fifo<Queued>();
  private queuedBytes = 0;
  private taken = 0;

  constructor(
    private readonly bounds: ReaderBounds,
    readonly closed: () => void,
  ) {}

  put(message: Queued): void {
    const { queueMessages, queueBytes } = this.bounds;
    this.queue.push(message);
    this.queuedBytes += sizeOf(message);
    if (this.queue.length > queueMessages || this.queuedBytes > queueBytes) {
      this.queue.clear();
      this.stream.fail(new KvsError('LEITOR_LENTO', 'o rastro andou mais depressa do que foi lido'));
      return;
    }
    this.stream.wake();
  }

  take(): TracedMessage | undefined {
    const message = this.queue.shift();
    if (message === undefined) return undefined;
    this.queuedBytes -= sizeOf(message);
    return { number: ++this.taken, ...message };
  }
}

function sizeOf({ body }: Queued): number {
  return body.length + ENVELOPE_BYTES;
}
