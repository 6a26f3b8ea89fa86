import type { Answerer } from '../../../call/conversation.js';
import type { Decoded } from '../../../call/operation.js';
import { KvsError } from '../../../core/errors.js';
import type { Awaitable } from '../../../ports/engine.js';
import { grpcStatus } from '../errors.js';
import type { CallTrailers, MessageSink, ServerCall } from '../protocol/server-call.js';
import { status } from '../protocol/status.js';
import { metadataOf } from './grpc-call.js';

/** Errors of one stream that `kvs-erro` lists, each as `index:CODE` with the request's index counted from 0. */
const LISTED_ERRORS_MAX = 32;

/** The answer to a request, once the engine has settled it. */
interface Owed {
  reply: (() => void) | undefined;
}

/** The messages of a conversation. */
interface Codec<Req, Res> {
  readonly decode: (bytes: Buffer) => Decoded<Req>;
  readonly encode: (answer: Res) => Uint8Array;
}

/**
 * One bidirectional call: an answer for each request, in order, as requests arrive.
 *
 * Reading pauses while answers wait for a slow reader or too many requests wait for the engine. So a client that never
 * reads costs a few messages, and HTTP/2 flow control stops it. The call ends when the client half-closes, at the first
 * error that an answer cannot express, or when the server leaves.
 */
export class Conversation<Req, Res> implements MessageSink {
  readonly #errors: string[] = [];
  #index = 0;
  /** Pending answers of the engine, and the ready ones behind them. */
  readonly #owed: Owed[] = [];
  #halfClosed = false;
  #left: KvsError | undefined;
  #ended = false;

  constructor(
    private readonly call: ServerCall,
    private readonly answerer: Answerer<Req, Res>,
    private readonly codec: Codec<Req, Res>,
    /** How many requests may wait for the engine at once. */
    private readonly atOnce: number,
  ) {
    call.onRoom = this.#readOn;
    // Cancelled, past its deadline, disconnected, or over.
    call.onOver = () => {
      this.#ended = true;
    };
    call.onLeave = () => {
      this.#leave();
    };
  }

  #leave(): void {
    // It ends already, and its last answers are on their way.
    if (this.#ended) return;
    this.call.pause();
    this.#left = new KvsError(
      'SERVIDOR_SAINDO',
      'o servidor está saindo; o que não foi respondido não foi feito',
    );
    this.answerer.end(this.#left);
    if (this.#owed.length === 0 || this.atOnce === 1) this.#end(this.#left);
  }

  onMessage(message: Buffer): void {
    if (this.#ended || this.#left) return;
    const request = this.codec.decode(message);
    let answer: Awaitable<Res>;
    try {
      answer = this.answerer.answer(request);
    } catch (thrown) {
      this.#inTurn(() => {
        this.#refuse(thrown);
      });
      return;
    }
    if (answer instanceof Promise) this.#wait(answer);
    else if (this.#owed.length === 0) this.#send(answer);
    else {
      const ready = answer;
      this.#inTurn(() => {
        this.#send(ready);
      });
    }
  }

  /** Replies after all pending answers. */
  #inTurn(reply: () => void): void {
    if (this.#owed.length === 0) {
      reply();
      return;
    }
    this.#owed.push({ reply });
    if (this.#owed.length >= this.atOnce) this.call.pause();
  }

  #wait(answer: Promise<Res>): void {
    const owed: Owed = { reply: undefined };
    this.#owed.push(owed);
    if (this.#owed.length >= this.atOnce) this.call.pause();
    const settled = (reply: () => void) => {
      owed.reply = reply;
      this.#settle();
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

  /** Sends the answers whose turn has come, then reads on or ends. */
  #settle(): void {
    let given = 0;
    while (!this.#ended && this.#owed[given]?.reply) this.#owed[given++]?.reply?.();
    this.#owed.splice(0, given);
    if (this.#ended) return;
    if (this.#left && this.#owed.length === 0) this.#end(this.#left);
    else if (this.#halfClosed) this.onEnd();
    else this.#readOn();
  }

  #send(answer: Res): void {
    this.#index++;
    if (!this.call.write(this.codec.encode(answer))) this.call.pause();
  }

  #refuse(thrown: unknown): void {
    const error = KvsError.from(thrown);
    if (this.#errors.length < LISTED_ERRORS_MAX) this.#errors.push(`${String(this.#index)}:${error.code}`);
    const answer = this.answerer.refusal(error);
    if (answer === undefined) this.#end(error);
    else this.#send(answer);
  }

  readonly #readOn = (): void => {
    if (this.#ended || this.#left || this.#owed.length >= this.atOnce) return;
    if (!this.call.needsRoom) this.call.resume();
  };

  onEnd(): void {
    this.#halfClosed = true;
    // The last request may still be with the engine.
    if (this.#owed.length > 0 || this.#ended) return;
    this.#ended = true;
    this.call.end({ code: status.OK, details: '', trailers: this.#trailers() });
  }

  /** Ends with a status, after the answers already written. */
  #end(error: KvsError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.call.end(grpcStatus(error, this.#trailers()));
  }

  #trailers(): CallTrailers | undefined {
    const errors = this.#errors.length === 0 ? undefined : this.#errors.join(',');
    return metadataOf(this.answerer.trailers(errors));
  }
}
