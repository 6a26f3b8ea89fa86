import type { Socket } from 'node:net';
import { KvsError } from '../../core/errors.js';
import type { JsonShape } from '../../core/json-shape.js';
import type { Time } from '../../ports/time.js';
import type { ArrivalEffect } from '../../ports/trace.js';
import { BadLine, decodeNamed } from './decode.js';
import { encodeLine, errorMessage } from './encode.js';
import { mensagemLimits } from './limits.js';
import { LineReader } from './lines.js';
import type { ByteBudget } from './lines.js';
import type { LineTap } from './line-tap.js';
import type { Names } from './names.js';
import type { Mensagem } from './messages.js';

/** Limits of a connection: see `core/limits.ts`. Tests make them small. */
export interface ConnectionLimits {
  readonly lineBytes: number;
  /** This and the next are Infinity where silence is detected by other means. */
  readonly lineMs: number;
  readonly idleMs: number;
}

interface MensagemConnectionOptions {
  readonly time: Time;
  readonly budget: ByteBudget;
  readonly limits: ConnectionLimits;
  /** The JSON shape allowed in a line. */
  readonly shape: JsonShape;
  /**
   * If it returns a promise, the next message waits until that has settled, so that answers keep the order of their
   * requests.
   * @param names of the fields, for the answer
   */
  onMessage(message: Mensagem, names: Names): Promise<void> | undefined;
  /** Absent: nobody is told of the lines. */
  readonly tap?: LineTap | undefined;
  /** Called once, however the connection ended. */
  onClose(): void;
}

/**
 * One TCP connection as a sequence of `Mensagem`s each way. Invalid input is answered with an error; if the other side
 * does not speak the protocol or exceeds a limit, the connection ends. While an answer is pending, or the other side
 * does not read, nothing more is read from it.
 */
export class MensagemConnection {
  private readonly lines: LineReader;
  private busy = false;
  private ended = false;
  private inputEnded = false;
  private corked = false;
  private cancelLine: (() => void) | undefined;
  private open = 0;
  private shape: JsonShape;
  /** Refused lines minus accepted ones, never below zero. */
  private refused = 0;

  constructor(
    readonly socket: Socket,
    private readonly options: MensagemConnectionOptions,
  ) {
    this.lines = new LineReader(options.limits.lineBytes, options.budget);
    this.shape = options.shape;
    socket.setNoDelay(true);
    this.setIdleMs(options.limits.idleMs);
    socket.on('data', (chunk: Buffer) => {
      this.take(chunk);
    });
    socket.on('drain', () => {
      this.advance();
    });
    socket.on('timeout', () => {
      // Not idle: an answer is pending.
      if (this.busy || this.open > 0) return;
      this.fail(new KvsError('CONEXAO_OCIOSA', 'nada chegou por tempo demais; a conexão foi fechada'));
    });
    socket.on('end', () => {
      this.inputEnded = true;
      this.advance();
    });
    // An error is always followed by a close.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.ended = true;
      this.cancelLine?.();
      this.lines.discard();
      options.onClose();
    });
  }

  get closed(): boolean {
    return this.ended;
  }

  setIdleMs(idleMs: number): void {
    this.socket.setTimeout(Number.isFinite(idleMs) ? idleMs : 0);
  }

  /** @param names as {@link MensagemConnectionOptions.onMessage} got them with the request */
  send(message: Mensagem, names?: Names): void {
    if (this.ended || !this.socket.writable) return;
    // Everything sent in one turn goes out in one segment.
    if (!this.corked) {
      this.corked = true;
      this.socket.cork();
      process.nextTick(() => {
        this.corked = false;
        this.socket.uncork();
      });
    }
    const line = encodeLine(message, names);
    this.options.tap?.sent(message, line.slice(0, -1));
    this.socket.write(line);
  }

  /** Says what the message that is being handled does. */
  did(effect: ArrivalEffect): void {
    const { tap } = this.options;
    if (tap !== undefined) tap.effect = effect;
  }

  /** From now on its unfinished lines count against this budget. */
  moveTo(budget: ByteBudget): void {
    this.lines.moveTo(budget);
  }

  /** Raises the limits of lines, once the other side is authenticated. */
  trust(lineBytes: number, shape: JsonShape): void {
    this.lines.maxBytes = lineBytes;
    this.shape = shape;
  }

  /** To be called when a line was not refused. */
  accepted(): void {
    if (this.refused > 0) this.refused--;
  }

  /** Answers with the reason for refusing a line; too many such lines end the connection. */
  refuse(error: KvsError, id: number | undefined, names: Names): void {
    this.send(errorMessage(error, id), names);
    if (++this.refused < mensagemLimits.refusedLines) return;
    const last = 'linhas recusadas demais, uma depois da outra; a conexão foi fechada';
    this.fail(new KvsError('PEDIDO_INVALIDO', last), names);
  }

  /**
   * To be called when a request is being answered without blocking others; the connection stays open until
   * {@link answered}.
   */
  answering(): void {
    this.open++;
  }

  answered(message: Mensagem, names: Names): void {
    this.open--;
    this.send(message, names);
    this.endIfDone();
  }

  /** Sends the error and ends the connection. */
  fail(error: KvsError, names?: Names): void {
    if (this.ended) return;
    this.did('ignored');
    this.send(errorMessage(error), names);
    this.end();
  }

  /** Sends the error and closes as soon as it is flushed, whatever the other side does. */
  dismiss(error: KvsError): void {
    this.fail(error);
    this.socket.destroySoon();
  }

  /** Ends once everything sent is flushed; further input is ignored. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.lines.discard();
    this.cancelLine?.();
    this.socket.end();
    // Does not wait for a peer that does not read, or that keeps sending.
    const cancel = this.options.time.after(LINGER_MS, () => {
      this.socket.destroy();
    });
    this.socket.once('close', cancel);
    this.socket.resume();
  }

  destroy(): void {
    this.ended = true;
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    if (this.ended) return;
    let tooLong = false;
    try {
      this.lines.push(chunk);
    } catch {
      tooLong = true;
    }
    this.advance();
    if (tooLong) {
      this.fail(new KvsError('PEDIDO_INVALIDO', 'a linha é longa demais; a conexão foi fechada'));
      return;
    }
    this.watchLine();
  }

  /** Hands over complete lines one by one, until something blocks. */
  private advance(): void {
    for (let taken = 0; !this.busy && !this.ended && !this.socket.writableNeedDrain; taken++) {
      if (taken === mensagemLimits.linesPerTurn && this.lines.hasLine) {
        this.waitFor(nextTurn());
        break;
      }
      const line = this.lines.next();
      if (line === undefined) break;
      const settled = this.handle(line);
      if (settled !== undefined) this.waitFor(settled);
    }
    if (this.ended) return;
    if (this.busy || this.socket.writableNeedDrain) this.socket.pause();
    else this.socket.resume();
    this.endIfDone();
  }

  private waitFor(settled: Promise<void>): void {
    this.busy = true;
    void settled.then(() => {
      this.busy = false;
      this.advance();
    });
  }

  private handle(line: Buffer): Promise<void> | undefined {
    let decoded: ReturnType<typeof decodeNamed>;
    try {
      decoded = decodeNamed(line, this.shape);
    } catch (thrown) {
      if (!(thrown instanceof BadLine)) throw thrown;
      if (thrown.fatal) this.fail(thrown.error);
      else this.refuse(thrown.error, thrown.id, thrown.names);
      return undefined;
    }
    const { message, names } = decoded;
    const { tap } = this.options;
    if (tap === undefined) return this.options.onMessage(message, names);
    return tap.received(message, line, () => this.options.onMessage(message, names));
  }

  /** Starts the time-out of an unfinished line, or cancels it when none is left. */
  private watchLine(): void {
    if (!this.lines.isMidLine) {
      this.cancelLine?.();
      this.cancelLine = undefined;
      return;
    }
    if (!Number.isFinite(this.options.limits.lineMs)) return;
    this.cancelLine ??= this.options.time.after(this.options.limits.lineMs, () => {
      this.fail(new KvsError('CONEXAO_OCIOSA', 'a linha não terminou a tempo; a conexão foi fechada'));
    });
  }

  /** Ends the connection once the other side has finished sending and has all its answers. */
  private endIfDone(): void {
    if (!this.inputEnded || this.busy || this.open > 0 || this.ended || this.lines.hasLine) return;
    if (this.lines.isMidLine) {
      this.fail(new KvsError('PEDIDO_INVALIDO', 'a última linha não terminou'));
    } else this.end();
  }
}

/** How long an ended connection may take to close. */
const LINGER_MS = 2_000;

/** Resolves after other pending work has had a turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
