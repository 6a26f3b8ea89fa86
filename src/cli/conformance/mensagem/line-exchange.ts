import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { ServerAddress } from '../../../client/link.js';
import { CallBroken } from '../case.js';
import { conformanceLimits } from '../limits.js';

/** What came for one request. */
interface LineAnswer {
  readonly text: string;
  /** Whether it ended as a line does. */
  readonly isLine: boolean;
}

/** A whole JSON text without the end of its line counts as the answer after this silence. */
const QUIET_MS = 300;

/** A TCP connection to a server under test, for lines in both directions. */
export class LineConnection {
  private received = Buffer.alloc(0);
  private trouble: 'gone' | 'refused' | undefined;
  private code = '';
  private wake: () => void = () => undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly timeoutMs: number,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      // Nothing that an answer of this contract could be is longer.
      if (this.received.length + chunk.length > conformanceLimits.lineBytes) socket.destroy();
      else this.received = Buffer.concat([this.received, chunk]);
      this.wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.trouble = 'refused';
      this.code = error.code ?? error.message;
      this.wake();
    });
    socket.on('close', () => {
      this.trouble ??= 'gone';
      this.wake();
    });
  }

  /** @throws CallBroken if the server does not take the connection */
  static async open(address: ServerAddress, timeoutMs: number): Promise<LineConnection> {
    const socket = connect({ ...address });
    const connection = new LineConnection(socket, timeoutMs);
    const isOpen = await new Promise<boolean>((resolve) => {
      const settle = (opened: boolean): void => {
        clearTimeout(timer);
        resolve(opened);
      };
      const timer = setTimeout(settle, conformanceLimits.connectMs, false);
      connection.wake = () => settle(false);
      socket.once('connect', () => settle(true));
    });
    if (isOpen) return connection;
    socket.destroy();
    const why = { ECONNREFUSED: 'recusou a conexão', ENOTFOUND: 'nome desconhecido' }[connection.code];
    throw new CallBroken('gone', why ?? `não aceita a conexão${connection.code && ` (${connection.code})`}`);
  }

  /** Sends bytes as they are. */
  send(text: string): void {
    this.socket.write(text);
  }

  /** The next answer. @throws CallBroken if none comes, or the connection ends before */
  async next(): Promise<LineAnswer> {
    const untilMs = performance.now() + this.timeoutMs;
    let quietFromMs: number | undefined;
    for (;;) {
      const end = this.received.indexOf(0x0a);
      if (end >= 0) {
        const text = this.received.toString('utf8', 0, end).replace(/\r$/, '');
        this.received = this.received.subarray(end + 1);
        if (text.trim() !== '') return { text, isLine: true };
        continue;
      }
      const rest = this.received.toString('utf8');
      const nowMs = performance.now();
      const isQuiet = quietFromMs !== undefined && nowMs - quietFromMs >= QUIET_MS;
      if (rest !== '' && (this.trouble !== undefined || (isQuiet && isJson(rest)))) {
        this.received = Buffer.alloc(0);
        return { text: rest, isLine: false };
      }
      if (this.trouble !== undefined)
        throw new CallBroken('gone', 'a conexão foi fechada sem resposta', CLOSED_HINT);
      if (nowMs >= untilMs) throw new CallBroken('silent', `nada em ${this.timeoutMs} ms`, SILENT_HINT);
      quietFromMs = nowMs;
      await this.something(Math.min(untilMs - nowMs, rest === '' ? Infinity : QUIET_MS) + 1);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private something(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const SILENT_HINT =
  'o servidor não respondeu: veja se ele lê a linha até o "\\n" e escreve outra com "\\n" (println e flush em Java; readUTF e writeUTF esperam dois bytes de tamanho antes do texto e não servem), e se não espera por um servidor que não está no ar; se ele é lento de propósito, diga --prazo com mais milissegundos';
const CLOSED_HINT =
  'o servidor fechou a conexão sem responder: veja no log dele se uma exceção escapou ao ler o JSON ou ao tratar o pedido';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
