import type { ClientDuplexStream, ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { isServiceError } from '../../../client/follow.js';

/** What came next on a stream. */
type StreamEvent =
  | { readonly kind: 'message'; readonly message: object }
  | { readonly kind: 'end' }
  | { readonly kind: 'silence' }
  | { readonly kind: 'error'; readonly error: ServiceError };

/** A stream whose messages are taken one by one, each with a deadline of its own. */
export class StreamReader {
  private readonly waiting: StreamEvent[] = [];
  private wake: (() => void) | undefined;
  private failure: ServiceError | undefined;

  constructor(private readonly stream: ClientReadableStream<object> | ClientDuplexStream<object, object>) {
    stream.on('data', (message: object) => {
      this.add({ kind: 'message', message });
      // The server sends no faster than its messages are looked at.
      stream.pause();
    });
    // The library tells of an error at once, and of the end once everything before it has been taken.
    stream.on('error', (error: unknown) => {
      if (isServiceError(error)) this.failure = error;
    });
    stream.on('end', () => {
      this.add(this.failure === undefined ? { kind: 'end' } : { kind: 'error', error: this.failure });
    });
  }

  async next(withinMs: number): Promise<StreamEvent> {
    if (this.waiting.length === 0) {
      this.stream.resume();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = undefined;
    }
    return this.waiting.shift() ?? { kind: 'silence' };
  }

  /** The rest is of no interest. */
  cancel(): void {
    this.stream.on('error', () => undefined);
    this.stream.cancel();
  }

  private add(event: StreamEvent): void {
    this.waiting.push(event);
    this.wake?.();
  }
}
