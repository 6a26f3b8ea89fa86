import { KvsError } from '../../core/errors.js';
import { cliLimits } from '../limits.js';
import { getDone, putDone } from '../../wire/mensagem/console.js';
import { TRY_OTHER } from '../../wire/mensagem/messages.js';
import type { GetMessage, Mensagem, PutMessage } from '../../wire/mensagem/messages.js';
import { EXIT, exitOf } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Output } from '../output.js';
import { exchange } from './exchange.js';

/** Pause between two rounds over all servers: initial and maximal; it doubles. */
const PAUSE_MS = 100;
const PAUSE_MS_MAX = 1_000;
/** While insisting, it reports problems at first, and then this often. */
const TELL_MS = 30_000;

interface SessionOptions {
  readonly servers: readonly string[];
  /** Try other servers while servers refuse the connection or refer to another server. */
  readonly insist: boolean;
  /** Timeout of one answer, and of all attempts of one operation together. */
  readonly timeoutMs: number;
  /** The timestamp that the client has seen of every key before this session. */
  readonly timestamp: number;
  /** Sent with every request; `undefined`: none. */
  readonly token: string | undefined;
  readonly output: Output;
  /** Uniform in [0, 1): chooses the server. */
  readonly random: () => number;
}

/** A client of the leader system: remembers the latest timestamp that it has seen of each key. */
export class Session {
  private servers: readonly string[];
  private readonly seen = new Map<string, number>();

  constructor(private readonly options: SessionOptions) {
    this.servers = options.servers;
  }

  get addresses(): readonly string[] {
    return this.servers;
  }

  /** `INIT`: replaces the servers from now on. */
  init(servers: readonly string[]): void {
    this.servers = servers;
  }

  put(key: string, value: string): Promise<ExitCode> {
    return this.perform({ tipo: 'PUT', chave: key, valor: value }, async (server, answer) => {
      if (answer.tipo !== 'PUT_OK') throw unexpected(server, answer);
      this.note(key, answer.timestamp);
      await this.options.output.line(putDone(key, value, answer.timestamp, server));
      return EXIT.ok;
    });
  }

  get(key: string): Promise<ExitCode> {
    const timestamp = this.seen.get(key) ?? this.options.timestamp;
    return this.perform({ tipo: 'GET', chave: key, timestamp }, async (server, answer) => {
      switch (answer.tipo) {
        case 'GET_OK':
          this.note(key, answer.timestamp);
          break;
        case 'NULL':
        case TRY_OTHER:
          break;
        default:
          throw unexpected(server, answer);
      }
      await this.options.output.line(getDone(key, answer.valor, server, timestamp, answer.timestamp));
      if (answer.tipo === 'GET_OK') return EXIT.ok;
      return answer.tipo === 'NULL' ? EXIT.notFound : EXIT.unavailable;
    });
  }

  /** Asks servers in turn until one gives an answer to print, or no further one may be asked. */
  private async perform(
    request: PutMessage | GetMessage,
    print: (server: string, answer: Mensagem) => Promise<ExitCode>,
  ): Promise<ExitCode> {
    const { output, timeoutMs, insist } = this.options;
    const start = performance.now();
    const end = start + timeoutMs;
    let failed = 0;
    let toldMs = 0;
    try {
      if (this.seen.size >= cliLimits.leaderClientKeys && !this.seen.has(request.chave)) {
        throw new KvsError('LIMITE_CHAVES', 'chaves demais nesta sessão; comece outra');
      }
      for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
        for (const server of this.shuffled()) {
          const last = !insist || performance.now() >= end;
          const { answer, why } = await this.attempt(server, request, last);
          if (answer !== undefined) {
            if (failed > 1) output.error(`o servidor em ${server} respondeu, depois de ${failed} tentativas`);
            return await print(server, answer);
          }
          failed++;
          const now = performance.now();
          if (failed > 1 && now - toldMs < TELL_MS) continue;
          toldMs = now;
          const so = failed === 1 ? 'tentando outro servidor' : `ainda tentando (${failed} tentativas)`;
          output.error(`${why}; ${so}`);
        }
        const left = Math.max(0, end - performance.now());
        await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, left)));
      }
    } catch (thrown) {
      const error = KvsError.from(thrown);
      const seconds = Math.round((performance.now() - start) / 1_000);
      const tried = failed > 0 ? `; ${failed + 1} tentativas em ${seconds} s, nenhuma serviu` : '';
      output.error(`${error.message}${tried}`);
      return exitOf(error.code);
    }
  }

  /**
   * One attempt: an answer to print, or the reason to ask another server.
   * @throws KvsError if asking another is useless, might write twice, or is not wanted (`last`)
   */
  private async attempt(
    server: string,
    request: PutMessage | GetMessage,
    last: boolean,
  ): Promise<{ readonly answer?: Mensagem; readonly why?: string }> {
    try {
      const { token, timeoutMs } = this.options;
      const shown = token === undefined ? request : { ...request, credencial: token };
      const answer = await exchange(server, shown, timeoutMs);
      if (answer.tipo === 'ERROR' || answer.tipo === 'UNKNOWN_OUTCOME') {
        throw new KvsError(answer.codigo, `o servidor em ${server} respondeu: ${answer.mensagem}`);
      }
      if (answer.tipo !== TRY_OTHER || last) return { answer };
      return { why: `o servidor em ${server} respondeu ${TRY_OTHER}` };
    } catch (thrown) {
      const error = KvsError.from(thrown);
      // A request that was certainly not done may go to another server.
      if (last || exitOf(error.code) !== EXIT.unavailable) throw error;
      return { why: error.message };
    }
  }

  /** All servers in a new random order. */
  private shuffled(): readonly string[] {
    const order = [...this.servers];
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(this.options.random() * (i + 1));
      [order[i], order[j]] = [order[j] as string, order[i] as string];
    }
    return order;
  }

  private note(key: string, timestamp: number): void {
    if (timestamp > (this.seen.get(key) ?? 0)) this.seen.set(key, timestamp);
  }
}

function unexpected(server: string, answer: Mensagem): KvsError {
  return new KvsError('INTERNO', `o servidor em ${server} respondeu ${answer.tipo}`);
}
