import type { Answerer } from '../../call/conversation.js';
import { neverAnswered } from '../../call/operation.js';
import type { Decoded, DoorOperation } from '../../call/operation.js';
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { Exchange, HttpFields } from './exchange.js';
import { LINES_FORM } from './forms.js';
import { fieldsOf } from './http-call.js';
import { httpLimits } from './limits.js';
import { PieceLines } from './piece-lines.js';
import { PAIR } from './schemas.js';
import { hasUtf8, utf8Text } from './text.js';

/** A pair of a batch. */
export interface BatchPair {
  readonly key: string;
  readonly value: string;
}

/** Writes one pair of a batch, and answers with its version. */
export const batchOperation: DoorOperation<BatchPair, number> = {
  run: ({ key, value }, { engine }) => {
    const written = engine.write({ kind: 'insert', key, value });
    return written instanceof Promise ? written.then(({ version }) => version) : written.version;
  },
  refusal: neverAnswered,
  written: (version) => version,
};

/** A line of the answer, once its turn has come. */
interface Owed {
  text: string | undefined;
}

/**
 * A batch: lines of pairs come, and for each goes a line of its version or its error, in order. Lines are written as
 * soon as they are settled, to clients that read while they send. To those that read only once they have sent all, they
 * are kept: the whole batch is bounded for that.
 */
export class BatchConversation {
  private readonly reader = new PieceLines(httpLimits.batchLineBytes);
  private readonly owed: Owed[] = [];
  private gathered = '';
  private lines = 0;
  private bytes = 0;
  /** Nothing more is read: the client has sent all, or must not send more. */
  private isRead = false;
  private isEnded = false;
  private isPaused = false;

  /** @param atOnce how many pairs may wait for the engine */
  constructor(
    private readonly exchange: Exchange,
    private readonly answerer: Answerer<BatchPair, number>,
    private readonly atOnce: number,
    private readonly fields: HttpFields,
  ) {}

  /** Reads until the client has sent all. */
  begin(): void {
    const { exchange } = this;
    exchange.onOver = () => {
      this.isEnded = true;
    };
    exchange.onLeave = () => {
      this.leave();
    };
    exchange.readBody({
      onData: (piece) => {
        this.onData(piece);
      },
      onEnd: () => {
        this.onEnd();
      },
    });
  }

  private onData(piece: Buffer): void {
    if (this.isRead) return;
    this.bytes += piece.length;
    if (this.bytes > httpLimits.batchBytes) {
      this.stop(tooMuch(`${httpLimits.batchBytes} bytes`));
      return;
    }
    this.reader.add(piece);
    this.takeLines();
  }

  private takeLines(): void {
    while (!this.isRead && !this.isPaused) {
      const line = this.reader.next();
      if (line === undefined) break;
      if (line === 'tooLong') {
        this.stop(tooMuch(`${httpLimits.batchLineBytes} bytes em uma linha`));
        return;
      }
      this.take(line);
    }
    this.flush();
  }

  private onEnd(): void {
    if (this.isRead) return;
    if (this.isPaused) {
      // What has come in the last piece waits for its turn.
      this.onResumed = () => {
        this.onEnd();
      };
      return;
    }
    const rest = this.reader.rest();
    if (rest !== undefined) this.take(rest);
    this.isRead = true;
    this.settle();
  }

  private onResumed: (() => void) | undefined;

  private take(line: Buffer): void {
    if (isBlank(line)) return;
    if (++this.lines > httpLimits.batchLines) {
      this.stop(tooMuch(`${httpLimits.batchLines} linhas`));
      return;
    }
    const { key, request } = pairOf(line);
    try {
      const version = this.answerer.answer(request);
      if (version instanceof Promise) this.wait(key, version);
      else this.tell(writtenLineText(key, version));
    } catch (thrown) {
      this.refuse(key, thrown);
    }
  }

  private wait(key: string | null, version: Promise<number>): void {
    const owed: Owed = { text: undefined };
    this.owed.push(owed);
    if (this.owed.length >= this.atOnce) this.pause();
    const settled = (text: string): void => {
      owed.text = text;
      this.settle();
    };
    void version.then(
      (found) => {
        settled(writtenLineText(key, found));
      },
      (thrown: unknown) => {
        settled(refusedText(key, KvsError.from(thrown)));
      },
    );
  }

  private refuse(key: string | null, thrown: unknown): void {
    this.tell(refusedText(key, KvsError.from(thrown)));
  }

  /** Tells a line after those that are owed. */
  private tell(text: string): void {
    if (this.owed.length > 0) {
      this.owed.push({ text });
      if (this.owed.length >= this.atOnce) this.pause();
    } else this.add(text);
  }

  /** Tells the lines whose turn has come, then reads on or ends. */
  private settle(): void {
    let told = 0;
    for (; this.owed[told]?.text !== undefined; told++) this.add(this.owed[told]?.text ?? '');
    this.owed.splice(0, told);
    if (this.isEnded) return;
    if (this.isRead && this.owed.length === 0) {
      this.end();
      return;
    }
    this.flush();
    if (this.isPaused && this.owed.length < this.atOnce) this.readOn();
  }

  private pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.exchange.pause();
  }

  private readOn(): void {
    this.isPaused = false;
    this.takeLines();
    if (this.mayRead()) {
      this.exchange.resume();
      this.onResumed?.();
    }
  }

  private mayRead(): boolean {
    return !this.isPaused && !this.isRead;
  }

  /** Takes no more lines: the last line of the answer says why. */
  private stop(error: KvsError): void {
    this.isRead = true;
    this.tell(refusedText(null, error));
    this.settle();
  }

  private leave(): void {
    if (this.isEnded || this.isRead) return;
    const error = new KvsError(
      'SERVIDOR_SAINDO',
      'o servidor está saindo; o que não foi respondido não foi feito',
    );
    this.answerer.end(error);
    this.stop(error);
  }

  private end(): void {
    this.isEnded = true;
    this.beginAnswer();
    this.flush();
    this.exchange.end(fieldsOf(this.answerer.trailers()));
  }

  private add(text: string): void {
    this.gathered += text;
    if (this.gathered.length >= httpLimits.gatheredBytes) this.flush();
  }

  private flush(): void {
    if (this.gathered === '') return;
    this.beginAnswer();
    this.exchange.write(this.gathered);
    this.gathered = '';
  }

  private beginAnswer(): void {
    if (this.exchange.hasBegun) return;
    this.exchange.admit();
    this.exchange.begin(200, { ...this.fields, 'content-type': LINES_FORM });
  }
}

/** The pair of a line, or why it is none; and its key, if it is known. */
function pairOf(line: Buffer): { readonly key: string | null; readonly request: Decoded<BatchPair> } {
  let given: unknown;
  try {
    const text = utf8Text(line);
    if (text === undefined) return { key: null, request: notAPair('não é UTF-8') };
    given = JSON.parse(text);
  } catch {
    return { key: null, request: notAPair('não é JSON') };
  }
  const parsed = PAIR.safeParse(given);
  if (!parsed.success) {
    const named = given as { readonly chave?: unknown } | null;
    const key = typeof named?.chave === 'string' && hasUtf8(named.chave) ? named.chave : null;
    return { key, request: notAPair('não é {"chave","valor"} com dois textos') };
  }
  const { chave: key, valor: value } = parsed.data;
  if (!hasUtf8(key)) return { key: null, request: new KvsError('CHAVE_INVALIDA', 'não é UTF-8 válido') };
  return { key, request: faultOf(key, value) ?? { key, value } };
}

function faultOf(key: string, value: string): KvsError | undefined {
  if (Buffer.byteLength(key) > limits.keyBytes) {
    return new KvsError('CHAVE_LONGA', `a chave passa de ${limits.keyBytes} bytes`);
  }
  if (!hasUtf8(value)) return new KvsError('VALOR_INVALIDO', 'o valor não é UTF-8 válido');
  if (Buffer.byteLength(value) <= limits.valueBytes) return undefined;
  return new KvsError('VALOR_LONGO', `o valor passa de ${limits.valueBytes} bytes`);
}

function notAPair(why: string): KvsError {
  return new KvsError('PEDIDO_INVALIDO', `a linha ${why}`);
}

function tooMuch(most: string): KvsError {
  return new KvsError('PEDIDO_INVALIDO', `o lote passa de ${most}; divida-o`);
}

function writtenLineText(key: string | null, version: number): string {
  return `${JSON.stringify({ chave: key, versao: version })}\n`;
}

function refusedText(key: string | null, { code, message }: KvsError): string {
  return `${JSON.stringify({ chave: key, codigo: code, detail: message })}\n`;
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
