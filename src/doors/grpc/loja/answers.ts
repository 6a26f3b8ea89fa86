/** The answers of `frota.v1.Loja`, by hand (see wire/writer.ts). Results may be shared: do not write on them. */
import { shownExpiry } from '../../../call/lines/shown-line.js';
import type { ErrorCode } from '../../../core/errors.js';
import type { Counted, Line } from '../../../ports/lines.js';
import type { ServerStatus, SystemStatus } from '../../../ports/status.js';
import type { WatchEvent } from '../../../ports/watch.js';
import { messageField, numberField, textField } from '../wire/fields.js';
import {
  FIELD_1_LENGTH,
  FIELD_1_VARINT,
  FIELD_2_LENGTH,
  FIELD_2_VARINT,
  FIELD_3_LENGTH,
  FIELD_3_VARINT,
  FIELD_4_LENGTH,
  FIELD_4_VARINT,
  FIELD_5_LENGTH,
  FIELD_5_VARINT,
  FIELD_6_LENGTH,
  FIELD_6_VARINT,
  FIELD_7_VARINT,
  FIELD_8_VARINT,
  FIELD_9_LENGTH,
  FIELD_9_VARINT,
  FIELD_10_VARINT,
} from '../wire/tags.js';
import { numberSize, textSize, varintSize, writeNumber, writeText, writeVarint } from '../wire/writer.js';

/** `LoteGravado`. */
export interface BatchAnswer {
  /** -1 for what was refused. */
  readonly versions: readonly number[];
  readonly refusals: readonly {
    readonly index: number;
    readonly code: ErrorCode;
    readonly message: string;
  }[];
}

/** −1 as a 64-bit varint. */
const MINUS_ONE = Buffer.from([255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);

/** `Linha`. @param server the readable name of the server that wrote it */
export function encodeFullLine(line: Line, server: string): Buffer {
  const bytes = Buffer.allocUnsafe(lineSize(line, server));
  writeLine(bytes, 0, line, server);
  return bytes;
}

function lineSize(line: Line, server: string): number {
  return (
    textSize(Buffer.byteLength(line.key, 'utf8')) +
    textSize(Buffer.byteLength(line.value, 'utf8')) +
    numberSize(line.version) +
    numberSize(line.timestamp) +
    textSize(Buffer.byteLength(line.origin, 'utf8')) +
    textSize(Buffer.byteLength(server, 'utf8')) +
    numberSize(shownExpiry(line)) +
    2 * (Number(line.isHead) + Number(line.isSibling) + Number(line.isStable))
  );
}

/** @returns the position after it */
function writeLine(bytes: Buffer, start: number, line: Line, server: string): number {
  let at = writeWholeText(bytes, start, FIELD_1_LENGTH, line.key);
  at = writeWholeText(bytes, at, FIELD_2_LENGTH, line.value);
  at = writeNumber(bytes, at, FIELD_3_VARINT, line.version);
  at = writeNumber(bytes, at, FIELD_4_VARINT, line.timestamp);
  at = writeWholeText(bytes, at, FIELD_5_LENGTH, line.origin);
  at = writeWholeText(bytes, at, FIELD_6_LENGTH, server);
  at = writeNumber(bytes, at, FIELD_7_VARINT, shownExpiry(line));
  at = writeNumber(bytes, at, FIELD_8_VARINT, Number(line.isHead));
  at = writeNumber(bytes, at, FIELD_9_VARINT, Number(line.isSibling));
  return writeNumber(bytes, at, FIELD_10_VARINT, Number(line.isStable));
}

function writeWholeText(bytes: Buffer, at: number, tag: number, text: string): number {
  return writeText(bytes, at, tag, text, Buffer.byteLength(text, 'utf8'));
}

export function encodeBatchAnswer({ versions, refusals }: BatchAnswer): Buffer {
  let size = 0;
  for (const version of versions) size += version < 0 ? MINUS_ONE.length : varintSize(version);
  const told = refusals.map(({ index, code, message }) =>
    messageField(
      FIELD_2_LENGTH,
      Buffer.concat([
        numberField(FIELD_1_VARINT, index),
        textField(FIELD_2_LENGTH, code),
        textField(FIELD_3_LENGTH, message),
      ]),
    ),
  );
  if (size === 0) return Buffer.concat(told);
  const bytes = Buffer.allocUnsafe(1 + varintSize(size) + size);
  bytes[0] = FIELD_1_LENGTH;
  let at = writeVarint(bytes, 1, size);
  for (const version of versions) {
    if (version < 0) at += MINUS_ONE.copy(bytes, at);
    else at = writeVarint(bytes, at, version);
  }
  return told.length === 0 ? bytes : Buffer.concat([bytes, ...told]);
}

export function encodeCounted({ keys, versions }: Counted): Buffer {
  return Buffer.concat([numberField(FIELD_1_VARINT, keys), numberField(FIELD_2_VARINT, versions)]);
}

/** `Tipo`. */
const KINDS: Readonly<Record<WatchEvent['kind'], number>> = {
  insert: 1,
  remove: 2,
  expire: 3,
  present: 4,
  restart: 5,
  upToDate: 6,
};

/** `Evento`. @param server the readable name of the server that wrote its line */
export function encodeEvent({ kind, line, token = '' }: WatchEvent, server: string): Buffer {
  const size = line === undefined ? 0 : lineSize(line, server);
  const lineField = line === undefined ? 0 : 1 + varintSize(size) + size;
  const tokenBytes = Buffer.byteLength(token, 'utf8');
  const bytes = Buffer.allocUnsafe(numberSize(KINDS[kind]) + lineField + textSize(tokenBytes));
  let at = writeNumber(bytes, 0, FIELD_1_VARINT, KINDS[kind]);
  if (line !== undefined) {
    bytes[at] = FIELD_2_LENGTH;
    at = writeLine(bytes, writeVarint(bytes, at + 1, size), line, server);
  }
  writeText(bytes, at, FIELD_3_LENGTH, token, tokenBytes);
  return bytes;
}

/** `Frota`. */
export function encodeSystem(system: SystemStatus): Buffer {
  return Buffer.concat([
    textField(FIELD_1_LENGTH, system.fleet),
    textField(FIELD_2_LENGTH, system.engine),
    ...system.servers.map((server) => messageField(FIELD_3_LENGTH, encodeServer(server))),
    textField(FIELD_4_LENGTH, system.broker),
    numberField(FIELD_5_VARINT, Number(system.agrees)),
    numberField(FIELD_6_VARINT, system.keys),
    numberField(FIELD_7_VARINT, system.versions),
    numberField(FIELD_8_VARINT, system.bytes),
    // An empty text of a list is told, too.
    ...system.warnings.map((warning) => messageField(FIELD_9_LENGTH, Buffer.from(warning, 'utf8'))),
  ]);
}

/** `Servidor`. */
function encodeServer(server: ServerStatus): Buffer {
  return Buffer.concat([
    textField(FIELD_1_LENGTH, server.name),
    textField(FIELD_2_LENGTH, server.address),
    textField(FIELD_3_LENGTH, server.origin),
    textField(FIELD_4_LENGTH, server.state),
    textField(FIELD_5_LENGTH, server.programVersion),
    numberField(FIELD_6_VARINT, Number(server.isSelf)),
    numberField(FIELD_7_VARINT, Math.max(0, server.lag)),
    numberField(FIELD_8_VARINT, Math.max(0, server.seenMs)),
  ]);
}
