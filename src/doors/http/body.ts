import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { Exchange } from './exchange.js';
import { utf8Text } from './text.js';

/**
 * Reads a value. One that announces too many bytes, or brings them, is read no further.
 * @param next called once with the value or why it is none; never, if the client leaves before it has sent it
 */
export function readValue(exchange: Exchange, next: (value: string | KvsError) => void): void {
  const announced = Number(exchange.headers['content-length'] ?? 0);
  if (announced > limits.valueBytes) {
    next(tooLong());
    return;
  }
  let pieces: Buffer[] | undefined = [];
  let bytes = 0;
  exchange.readBody({
    onData: (piece) => {
      if (pieces === undefined) return;
      bytes += piece.length;
      pieces.push(piece);
      if (bytes <= limits.valueBytes) return;
      pieces = undefined;
      next(tooLong());
    },
    onEnd: () => {
      if (pieces === undefined) return;
      const [first = Buffer.alloc(0)] = pieces;
      const value = utf8Text(pieces.length <= 1 ? first : Buffer.concat(pieces, bytes));
      next(value ?? new KvsError('VALOR_INVALIDO', 'o valor não é UTF-8 válido'));
    },
  });
}

function tooLong(): KvsError {
  return new KvsError('VALOR_LONGO', `o valor passa de ${limits.valueBytes} bytes`);
}
