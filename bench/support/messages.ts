/** Requests as bytes, for load generators: what they cost must not be mistaken for what the server costs. */

const PREFIX_BYTES = 5;

/** `ChaveValor` with its gRPC prefix. */
export function keyValueFrame(key: string, value: string): Buffer {
  return frame(Buffer.concat([text(1, key), text(2, value)]));
}

/** `ChaveVersao` without version, with its gRPC prefix. */
export function keyFrame(key: string): Buffer {
  return frame(text(1, key));
}

/** `Lote`. */
export function pairsMessage(pairs: readonly (readonly [key: string, value: string])[]): Buffer {
  return Buffer.concat(
    pairs.map(([key, value]) => {
      const pair = Buffer.concat([text(1, key), text(2, value)]);
      return Buffer.concat([Buffer.from([(1 << 3) | 2, ...lengthOf(pair)]), pair]);
    }),
  );
}

/** A value of 64 characters that is different for each number. */
export function valueOf(number: number): string {
  return `valor ${String(number).padStart(12, '0')} `.padEnd(64, 'abcdefghijklmnopqrstuvwxyz');
}

/** A message with its gRPC prefix. */
export function frame(message: Buffer): Buffer {
  const bytes = Buffer.alloc(PREFIX_BYTES + message.length);
  bytes.writeUInt32BE(message.length, 1);
  message.copy(bytes, PREFIX_BYTES);
  return bytes;
}

function text(field: number, content: string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...lengthOf(bytes)]), bytes]);
}

/** A length as a varint. */
function lengthOf({ length }: Buffer): number[] {
  const groups: number[] = [];
  let rest = length;
  for (; rest > 127; rest >>>= 7) groups.push((rest & 127) | 128);
  return [...groups, rest];
}
