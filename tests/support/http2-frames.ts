/** Frames of HTTP/2 made by hand (RFC 9113), as no library would send them, and header fields (RFC 7541). Pure. */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const frameType = Object.freeze({
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
});

export const frameFlag = Object.freeze({ END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8 });

export const HEAD_BYTES = 9;

export function http2Frame(type: number, flags: number, stream: number, payload?: Buffer): Buffer {
  const length = payload?.length ?? 0;
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + length);
  bytes.writeUIntBE(length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  payload?.copy(bytes, HEAD_BYTES);
  return bytes;
}

/** @param settings identifiers with their values */
export function settingsFrame(...settings: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  settings.forEach(([id, value], at) => {
    payload.writeUInt16BE(id, 6 * at);
    payload.writeUInt32BE(value, 6 * at + 2);
  });
  return http2Frame(frameType.SETTINGS, 0, 0, payload);
}

export const settingsAck = (): Buffer => http2Frame(frameType.SETTINGS, frameFlag.ACK, 0);

export const pingFrame = (flags = 0): Buffer => http2Frame(frameType.PING, flags, 0, Buffer.alloc(8, 7));

export const windowFrame = (stream: number, bytes: number): Buffer =>
  http2Frame(frameType.WINDOW_UPDATE, 0, stream, uint32(bytes));

export const resetFrame = (stream: number, code = 8): Buffer =>
  http2Frame(frameType.RST_STREAM, 0, stream, uint32(code));

export const priorityFrame = (stream: number): Buffer =>
  http2Frame(frameType.PRIORITY, 0, stream, Buffer.concat([uint32(0), Buffer.from([15])]));

export const dataFrame = (stream: number, data: Buffer, flags = 0): Buffer =>
  http2Frame(frameType.DATA, flags, stream, data);

export const headersFrame = (
  stream: number,
  block: Buffer,
  flags: number = frameFlag.END_HEADERS | frameFlag.END_STREAM,
): Buffer => http2Frame(frameType.HEADERS, flags, stream, block);

export const continuationFrame = (stream: number, block: Buffer, flags = 0): Buffer =>
  http2Frame(frameType.CONTINUATION, flags, stream, block);

/** A message of gRPC with its prefix. */
export function grpcMessage(message: Buffer, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A field that the table keeps: it can be repeated by {@link hpackIndex}, newest first from 62 on. */
export const hpackKept = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0x40]), hpackText(name), hpackText(value)]);

/** A field that the table does not keep. */
export const hpackField = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0]), hpackText(name), hpackText(value)]);

/** A field of the table. */
export const hpackIndex = (index: number): Buffer => hpackInteger(0x80, 7, index);

/** A new size of the table. */
export const hpackTableSize = (bytes: number): Buffer => hpackInteger(0x20, 5, bytes);

const FIRST_KEPT = 62;

/** Fields of a call that a table keeps, for blocks of a few bytes. */
export class KeptFields {
  /** The block that has the table keep them; to be sent once. */
  readonly first: Buffer;
  /** The block that repeats them. */
  readonly again: Buffer;

  constructor(fields: readonly (readonly [string, string])[]) {
    this.first = Buffer.concat(fields.map(([name, value]) => hpackKept(name, value)));
    this.again = Buffer.concat(fields.map((_, at) => hpackIndex(FIRST_KEPT + fields.length - 1 - at)));
  }
}

export function hpackFields(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => hpackField(name, value)));
}

/** Fields of a call of gRPC. */
export const callFields = (path: string, more: readonly (readonly [string, string])[] = []) =>
  [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'localhost'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...more,
  ] as const;

function hpackText(text: string): Buffer {
  return Buffer.concat([hpackInteger(0, 7, text.length), Buffer.from(text, 'latin1')]);
}

function hpackInteger(flags: number, prefixBits: number, value: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([flags | value]);
  const bytes = [flags | most];
  let rest = value - most;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
