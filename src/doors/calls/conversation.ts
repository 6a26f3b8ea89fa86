import type { ServerDuplexStream } from '@grpc/grpc-js';
import { KvsError } from '../../core/errors.js';
import type { Awaitable } from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import { errorTrailer, grpcStatus, logUnexpected } from '../errors.js';
import type { Leaving } from '../open-streams.js';
import type { Decoded } from '../wire/messages.js';
import type { Operation, Refusal } from './operation.js';

/** Errors of one stream that `kvs-erro` lists, each as `index:CODE` with the request's index counted from 0. */
const LISTED_ERRORS_MAX = 32;

/**
 * One bidirectional call: an answer for each request, in order, as requests arrive.
 *
 * Reading pauses while answers wait for a slow reader or a request for the engine, so a client that never reads costs
 * a few messages, and HTTP/2 flow control stops it. The call ends when the client half-closes, at the first error
 * that an answer cannot express, or when the server leaves.
 */
export class Conversation<Req, Res> implements Leaving {
  readonly #errors: string[] = [];
  #index = 0;
  /** The engine owes the answer to the request read last. */
  #pending = false;
  #halfClosed = false;
  #ended = false;

  constructor(
    private readonly call: ServerDuplexStream<Decoded<Req>, Res>,
    private readonly operation: Operation<Req, Res>,
    private readonly refusal: Refusal<Res>,
    private readonly logger: Logger,
  ) {
    call.on('data', this.#onRequest);
    call.on('drain', this.#readOn);
    call.once('end', this.#onHalfClose);
    call.once('close', this.#onClose);
  }

  leave(): void {
    this.#end(
      new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; o que não foi respondido não foi feito'),
    );
  }

  readonly #onRequest = (request: Decoded<Req>): void => {
    if (this.#ended) return;
    let answer: Awaitable<Res>;
    try {
      if (request instanceof KvsError) throw request;
      answer = this.operation(request);
    } catch (thrown) {
      this.#refuse(thrown);
      return;
    }
    if (answer instanceof Promise) this.#wait(answer);
    else this.#send(answer);
  };

  #wait(answer: Promise<Res>): void {
    this.#pending = true;
    this.call.pause();
    const settled = (reply: () => void) => {
      this.#pending = false;
      if (this.#ended) return;
      reply();
      if (this.#halfClosed) this.#onHalfClose();
      else if (!this.call.writableNeedDrain) this.call.resume();
    };
    void answer.then(
      (value) => {
        settled(() => {
          this.#send(value);
        });
      },
      (thrown: unknown) => {
        settled(() => {
          this.#refuse(thrown);
        });
      },
    );
  }

  #send(answer: Res): void {
    this.#index++;
    if (!this.call.write(answer)) this.call.pause();
  }

  #refuse(thrown: unknown): void {
    const error = KvsError.from(thrown);
    if (this.#errors.length < LISTED_ERRORS_MAX) this.#errors.push(`${String(this.#index)}:${error.code}`);
    const answer = this.refusal(error);
    if (answer === undefined) this.#end(error);
    else this.#send(answer);
  }

  readonly #readOn = (): void => {
    if (!this.#pending && !this.#ended) this.call.resume();
  };

  readonly #onHalfClose = (): void => {
    this.#halfClosed = true;
    // The last request may still be with the engine: a readable stream ends as soon as it has been read.
    if (this.#pending || this.#ended) return;
    this.#ended = true;
    if (this.#errors.length === 0) this.call.end();
    else this.call.end(errorTrailer(this.#errors.join(',')));
  };

  /** Cancelled, past its deadline, disconnected, or over. */
  readonly #onClose = (): void => {
    this.#ended = true;
  };

  /** Ends with a status, after the answers already written. */
  #end(error: KvsError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.call.pause();
    logUnexpected(this.logger, error);
    const trailer = this.#errors.length === 0 ? undefined : errorTrailer(this.#errors.join(','));
    this.call.emit('error', grpcStatus(error, trailer));
  }
}
