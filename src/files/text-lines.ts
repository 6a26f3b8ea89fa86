import { isUtf8 } from 'node:buffer';
import { reasonOf } from './small-file.js';
import { KvsError } from '../core/errors.js';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const MARK = '\ufeff';

/**
 * The lines of a UTF-8 text, without line ends and without a leading byte order mark. Buffers at most one line and one
 * piece of the input.
 * @param bytesMax longest line
 * @param name of the input, for messages
 * @throws KvsError CONFIGURACAO that says which line is too long or not UTF-8, or that the input cannot be read
 */
export async function* textLines(
  input: AsyncIterable<Buffer>,
  bytesMax: number,
  name: string,
): AsyncGenerator<string> {
  const line = new Line(bytesMax);
  for await (const piece of readable(input, name)) {
    let from = 0;
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, from)) {
      line.add(piece.subarray(from, end));
      yield line.take();
      from = end + 1;
    }
    if (from < piece.length) line.add(piece.subarray(from));
  }
  if (line.bytes > 0) yield line.take();
}

async function* readable(input: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  try {
    yield* input;
  } catch (error) {
    throw new KvsError('CONFIGURACAO', `não consegui ler ${name}: ${reasonOf(error)}`, { cause: error });
  }
}

/** The line being read. */
class Line {
  bytes = 0;
  private number = 1;
  private pieces: Buffer[] = [];

  constructor(private readonly bytesMax: number) {}

  add(piece: Buffer): void {
    this.bytes += piece.length;
    if (this.bytes > this.bytesMax) throw this.wrong(`passa de ${this.bytesMax} bytes`);
    this.pieces.push(piece);
  }

  /** Returns its text, and starts the next line. */
  take(): string {
    const [only = Buffer.alloc(0)] = this.pieces;
    const whole = this.pieces.length > 1 ? Buffer.concat(this.pieces) : only;
    if (!isUtf8(whole)) throw this.wrong('não é UTF-8 válido');
    const text = whole.toString('utf8', 0, whole.at(-1) === CARRIAGE_RETURN ? whole.length - 1 : undefined);
    this.pieces = [];
    this.bytes = 0;
    return this.number++ === 1 && text.startsWith(MARK) ? text.slice(MARK.length) : text;
  }

  private wrong(why: string): KvsError {
    return new KvsError('CONFIGURACAO', `linha ${this.number}: ${why}`);
  }
}
