import { KvsError } from '../../core/errors.js';
import type { Rpc } from '../call.js';
import type { Calls } from './calls.js';
import { assertCallOptions, optionalText } from './given.js';
import { kvsLineOf, loja } from './lines.js';
import type { KvsEvent, KvsLineEvent, KvsWatch, KvsWatchOptions } from './public.js';

/** `Evento` of `proto/loja.proto` as the loader decodes it. */
interface EventMessage {
  readonly tipo: number;
  readonly linha: object | null;
  readonly token: string;
}

const OBSERVA: Rpc<EventMessage> = {
  ...loja('Observa'),
  ...{ writes: false, read: (message) => message as EventMessage },
};

/** Numbers of `Tipo`. One that is not known tells at most a token. */
const LINE_TYPES: ReadonlyMap<number, KvsLineEvent['type']> = new Map<number, KvsLineEvent['type']>([
  [1, 'insert'],
  [2, 'remove'],
  [3, 'expire'],
  [4, 'present'],
]);
const RESTART = 5;
const UP_TO_DATE = 6;

/**
 * A watch that goes on by itself, on whichever server, from the last token. Where it breaks off before there is one (what was
 * there is still being told), it begins again and says `restart`.
 */
export class Watching implements KvsWatch {
  private readonly controller = new AbortController();
  private readonly events: AsyncGenerator<KvsEvent, void>;
  private position: NonNullable<KvsWatchOptions['from']>;
  /** Whether some of what is there has been told, and there is no token to go on from. */
  private isAmidst = false;
  /** Whether what was told is void, and the program does not know yet. */
  private isVoid = false;

  constructor(
    calls: Calls,
    private readonly options: KvsWatchOptions,
  ) {
    this.position = options.from ?? 'now';
    this.events = this.told(calls);
  }

  get token(): string | undefined {
    return typeof this.position === 'object' ? this.position.token : undefined;
  }

  next(): Promise<IteratorResult<KvsEvent, undefined>> {
    return this.events.next() as Promise<IteratorResult<KvsEvent, undefined>>;
  }

  async return(): Promise<IteratorResult<KvsEvent, undefined>> {
    // A generator that waits for an event would return only after it.
    this.controller.abort();
    await this.events.return();
    return { done: true, value: undefined };
  }

  async close(): Promise<void> {
    await this.return();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async *told(calls: Calls): AsyncGenerator<KvsEvent, void> {
    const { key, prefix, signal, lost } = this.options;
    assertCallOptions(this.options);
    optionalText('key', key);
    optionalText('prefix', prefix);
    if (key === '' || (key !== undefined && prefix !== undefined)) {
      // On the wire neither of them means every key.
      throw new KvsError('PEDIDO_INVALIDO', 'watch: diga key (não vazia) ou prefix, ou nenhum dos dois');
    }
    signal?.throwIfAborted();
    const stop = (): void => {
      this.controller.abort(signal?.reason);
    };
    signal?.addEventListener('abort', stop);
    const course = { isEndless: true, next: () => this.interest(), lost: () => lost?.() };
    try {
      for await (const message of calls.many(OBSERVA, course, { signal: this.controller.signal })) {
        const event = this.eventOf(message);
        if (this.isVoid) {
          this.isVoid = false;
          if (event?.type !== 'restart') yield { type: 'restart' };
        }
        if (event !== undefined) yield event;
      }
    } catch (error) {
      // Whoever closed it asked for an end, not for an error.
      const isClosed = this.controller.signal.aborted || calls.connections.isClosed;
      if (isClosed && signal?.aborted !== true) return;
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** The request for what has not been told. */
  private interest(): object {
    const { key = '', prefix = '' } = this.options;
    this.isVoid ||= this.isAmidst;
    this.isAmidst = false;
    const from = this.position;
    const start = from === 'now' ? {} : from === 'everything' ? { tudo: true } : { token: from.token };
    return { chave: key, prefixo: prefix, ...start };
  }

  private eventOf({ tipo, linha, token }: EventMessage): KvsEvent | undefined {
    const type = LINE_TYPES.get(tipo);
    const at = token === '' ? {} : { token };
    if (type === 'present' || tipo === RESTART) {
      // Before all of it has been told there is only another start.
      this.position = 'everything';
      this.isAmidst = type === 'present';
    } else if (token !== '') {
      this.position = { token };
      this.isAmidst = false;
    }
    if (type !== undefined && linha !== null) return { type, line: kvsLineOf(linha), ...at };
    if (tipo === RESTART) return { type: 'restart', ...at };
    return tipo === UP_TO_DATE ? { type: 'upToDate', ...at } : undefined;
  }
}
