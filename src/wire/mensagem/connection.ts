import type { Socket } from 'node:net';
import { KvsError } from '../../core/errors.js';
import type { JsonShape } from '../../core/json-shape.js';
import type { Time } from '../../ports/time.js';
import { BadLine, decodeNamed } from './decode.js';
import { encodeLine, errorMessage } from './encode.js';
import { mensagemLimits } from './limits.js';
import { LineReader } from './lines.js';
import type { ByteBudget } from './lines.js';
import type { Names } from './names.js';
import type { Mensagem } from './messages.js';

/** How much a connection may take: see `core/limits.ts`. Tests make them small. */
export interface ConnectionLimits {
  readonly lineBytes: number;
  /** This and the next: Infinity where silence is watched by other means. */
  readonly lineMs: number;
  readonly idleMs: number;
}

interface MensagemConnectionOptions {
  readonly time: Time;
  readonly budget: ByteBudget;
  readonly limits: ConnectionLimits;
  /** What a line may consist of. */
  readonly shape: JsonShape;
  /**
   * The next message is handed over when the promise has settled: answers come in the order of their requests.
   * @param names for the answer
   */
  onMessage(message: Mensagem, names: Names): Promise<void> | undefined;
  /** Called once, however it ended. */
  onClose(): void;
}

/**
 * One TCP connection as a sequence of `Mensagem`s each way. What cannot be read is answered with an error and, where the
 * other side does not speak the protocol or goes beyond a limit, the connection ends. While an answer is being made, or
 * the other side does not read, nothing more is taken from it.
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
  /** Lines that were refused, less those that were not. */
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
      // Not idle: an answer is on its way.
      if (this.busy || this.open > 0) return;
      this.fail(new KvsError('CONEXAO_OCIOSA', 'nada chegou por tempo demais; a conexão foi fechada'));
    });
    socket.on('end', () => {
      this.inputEnded = true;
      this.advance();
    });
    // An error is followed by a close.
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
    // What is said in one turn goes in one segment.
    if (!this.corked) {
      this.corked = true;
      this.socket.cork();
      process.nextTick(() => {
        this.corked = false;
        this.socket.uncork();
      });
    }
    this.socket.write(encodeLine(message, names));
  }

  /** From now on its unfinished lines count on this budget. */
  moveTo(budget: ByteBudget): void {
    this.lines.moveTo(budget);
  }

  /** The other side has shown who it is: from now on its lines may be so long, and consist of so much. */
  trust(lineBytes: number, shape: JsonShape): void {
    this.lines.maxBytes = lineBytes;
    this.shape = shape;
  }

  /** A line was not refused. */
  accepted(): void {
    if (this.refused > 0) this.refused--;
  }

  /** Says why a line is refused; whoever goes on with such lines is parted. */
  refuse(error: KvsError, id: number | undefined, names: Names): void {
    this.send(errorMessage(error, id), names);
    if (++this.refused < mensagemLimits.refusedLines) return;
    const last = 'linhas recusadas demais, uma depois da outra; a conexão foi fechada';
    this.fail(new KvsError('PEDIDO_INVALIDO', last), names);
  }

  /** A request is being answered that does not hold up others; the connection stays until {@link answered}. */
  answering(): void {
    this.open++;
  }

  answered(message: Mensagem, names: Names): void {
    this.open--;
    this.send(message, names);
    this.endIfDone();
  }

  /** Says why, and ends. */
  fail(error: KvsError, names?: Names): void {
    if (this.ended) return;
    this.send(errorMessage(error), names);
    this.end();
  }

  /** Says why, and closes as soon as that is on its way, whatever the other side does. */
  dismiss(error: KvsError): void {
    this.fail(error);
    this.socket.destroySoon();
  }

  /** Ends when what was sent is on its way; what comes in is passed over. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.lines.discard();
    this.cancelLine?.();
    this.socket.end();
    // Whoever does not take what was sent, or goes on sending, is not waited for.
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

  /** Hands over complete lines one by one, while nothing holds it up. */
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
    return this.options.onMessage(decoded.message, decoded.names);
  }

  /** A line must be finished some time after it began. */
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

  /** The other side has said all that it will, and has all its answers. */
  private endIfDone(): void {
    if (!this.inputEnded || this.busy || this.open > 0 || this.ended || this.lines.hasLine) return;
    if (this.lines.isMidLine) {
      this.fail(new KvsError('PEDIDO_INVALIDO', 'a última linha não terminou'));
    } else this.end();
  }
}

/** How long an ended connection may take to close. */
const LINGER_MS = 2_000;

/** When everybody else has had a turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
