import {
  callFields,
  continuationFrame,
  dataFrame,
  frameFlag,
  frameType,
  grpcMessage,
  headersFrame,
  hpackField,
  hpackFields,
  hpackTableSize,
  http2Frame,
  pingFrame,
  priorityFrame,
  resetFrame,
  settingsFrame,
  windowFrame,
} from '../../support/http2-frames.js';
import { ASK_FILE, BOMB, INSERT, PAIR, QUERY, REFLECTION, UNKNOWN, kept, streams } from './attack.js';
import type { Attack } from './attack.js';
import {
  EMPTY,
  MANY,
  calls,
  frames,
  openStream,
  flooding,
  alternating,
  requestFields,
  repeated,
  inPieces,
  fieldsInNumber,
  connections,
  slowBytes,
  openStreams,
  unread,
  endlessBodies,
  large,
  PAGE,
  POST_PAGE,
  FOREIGN_PAGE,
} from './http2-shapes.js';

const { END_HEADERS, END_STREAM } = frameFlag;

/** What everything is measured beside. */
export const plainRefusedCalls = flooding('plain refused call: unknown path', 'call', calls(kept(UNKNOWN)));

export const http2Attacks: readonly Attack[] = [
  connections('connections that say nothing', false),
  connections('preface and SETTINGS only', true),
  slowBytes,
  flooding('rapid reset', 'call', calls(kept(QUERY), { more: (stream) => resetFrame(stream) })),
  flooding(
    'rapid reset of inserts that came whole',
    'call',
    calls(kept(INSERT), {
      more: (stream) => Buffer.concat([dataFrame(stream, grpcMessage(PAIR), END_STREAM), resetFrame(stream)]),
    }),
  ),
  flooding('PING', 'frame', frames(pingFrame, MANY, { pongs: MANY })),
  flooding(
    'PING answers that nobody asked for',
    'frame',
    frames(() => pingFrame(frameFlag.ACK), MANY),
  ),
  flooding(
    'SETTINGS, empty',
    'frame',
    frames(() => settingsFrame(), MANY),
  ),
  flooding(
    'SETTINGS that change windows of 1,000 streams',
    'frame',
    // Two of them each: more at once than HTTP/2 acknowledges would end the connection.
    frames(() => alternating(100, 70_000), 16, {
      begin: streams(0, 1_000, (stream) =>
        headersFrame(stream, hpackFields(callFields(REFLECTION)), END_HEADERS),
      ),
    }),
  ),
  flooding('CONTINUATION, empty', 'frame', () => ({
    begin: headersFrame(1, requestFields, 0),
    piece: () => Buffer.concat(Array.from({ length: MANY }, () => continuationFrame(1, EMPTY))),
    units: MANY,
  })),
  flooding('CONTINUATION, of 16 KiB', 'frame', () => ({
    begin: headersFrame(1, requestFields, 0),
    piece: () => continuationFrame(1, hpackField('x', 'y'.repeat(16_000))),
    units: 1,
  })),
  flooding(
    'empty DATA on an open call',
    'frame',
    frames(() => dataFrame(1, EMPTY), MANY, { begin: openStream(INSERT) }),
  ),
  flooding(
    'empty DATA on an open request that is not gRPC',
    'frame',
    frames(() => dataFrame(1, EMPTY), MANY, { begin: headersFrame(1, POST_PAGE.first, END_HEADERS) }),
  ),
  flooding(
    'DATA of padding alone',
    'frame',
    frames(() => http2Frame(frameType.DATA, frameFlag.PADDED, 1, Buffer.from([0])), MANY, {
      begin: openStream(INSERT),
    }),
  ),
  flooding(
    'DATA of one byte each, a message of 4 MB',
    'frame',
    frames(() => dataFrame(1, Buffer.alloc(1)), MANY, {
      begin: Buffer.concat([openStream(INSERT), dataFrame(1, large)]),
    }),
  ),
  flooding(
    'PRIORITY',
    'frame',
    frames(() => priorityFrame(1), MANY),
  ),
  flooding(
    'WINDOW_UPDATE',
    'frame',
    frames(() => windowFrame(0, 1), MANY),
  ),
  flooding(
    'frames of unknown type',
    'frame',
    frames(() => http2Frame(0xbb, 0, 0), MANY),
  ),
  flooding(
    'resets of streams that are over',
    'frame',
    frames(() => resetFrame(1), MANY, {
      begin: Buffer.concat([openStream(QUERY), resetFrame(1)]),
    }),
  ),
  flooding('HPACK: a field of 3.5 KB repeated 4 times', 'call', repeated(4)),
  flooding('HPACK: a field of 3.5 KB repeated 40 times', 'call', repeated(40)),
  flooding('HPACK: a field of 3.5 KB repeated 15,000 times', 'call', repeated(15_000), 30),
  flooding('HPACK: table sizes that change', 'call', () => ({
    units: 50,
    piece: (nth) =>
      streams(nth * 50, 50, (stream) =>
        headersFrame(stream, Buffer.concat([hpackTableSize(0), hpackTableSize(4_096), requestFields])),
      ),
  })),
  flooding('60 header fields', 'call', () => ({
    units: 20,
    piece: (nth) => streams(nth * 20, 20, (stream) => headersFrame(stream, fieldsInNumber(54))),
  })),
  flooding(
    '5,000 header fields',
    'call',
    () => ({
      units: 1,
      piece: (nth) => inPieces(2 * nth + 1, fieldsInNumber(5_000)),
    }),
    60,
  ),
  flooding(
    '-bin of commas, 8 KB',
    'call',
    calls(kept(UNKNOWN), {
      units: 10,
      piece: (nth) =>
        streams(nth * 10, 10, (stream) =>
          headersFrame(stream, hpackFields(callFields(UNKNOWN, [['a-bin', ','.repeat(8_000)]]))),
        ),
    }),
  ),
  flooding('header fields that break the rules', 'call', () => ({
    units: 20,
    piece: (nth) =>
      streams(nth * 20, 20, (stream) =>
        headersFrame(
          stream,
          hpackFields([
            [':method', 'POST'],
            ['Upper', 'case'],
          ]),
        ),
      ),
  })),
  flooding('frames that break the rules', 'connection', () => ({
    piece: () => http2Frame(frameType.PUSH_PROMISE, END_HEADERS, 1, Buffer.alloc(8)),
    units: 1,
  })),
  unread('windows of zero: answers of reflection', kept(REFLECTION), grpcMessage(ASK_FILE), false),
  unread('windows of zero: the page of HTTP', PAGE, undefined, false),
  unread('answers never read: reflection', kept(REFLECTION), grpcMessage(ASK_FILE), true),
  unread('answers never read: refused calls', kept(UNKNOWN), undefined, true),
  unread('answers never read: the page of HTTP', PAGE, undefined, true),
  endlessBodies('never-ending bodies: an insert', kept(INSERT), large),
  endlessBodies('never-ending bodies: an unknown path', kept(UNKNOWN), large),
  endlessBodies('never-ending bodies: not gRPC', POST_PAGE, EMPTY),
  openStreams('10,000 streams: reflection, nothing asked', REFLECTION, EMPTY, 10_000),
  openStreams('10,000 streams: inserts that do not come', INSERT, EMPTY, 10_000),
  openStreams('10,000 streams: inserts that began', INSERT, large, 10_000),
  flooding(
    'trailers of a request, 40 fields',
    'call',
    calls(kept(INSERT), {
      more: (stream) =>
        Buffer.concat([
          dataFrame(stream, grpcMessage(PAIR)),
          headersFrame(stream, hpackFields(Array.from({ length: 40 }, (_, n) => [`t${n}`, 'v'] as const))),
        ]),
    }),
  ),
  flooding(
    'trailers of a request, 60 fields',
    'call',
    calls(kept(INSERT), {
      more: (stream) =>
        headersFrame(stream, hpackFields(Array.from({ length: 60 }, (_, n) => [`t${n}`, 'v'] as const))),
    }),
  ),
  flooding(
    'header fields after the end',
    'call',
    calls(kept(UNKNOWN), {
      isOpen: false,
      more: (stream) => headersFrame(stream, hpackFields([['t', 'v']])),
    }),
  ),
  flooding(
    'compressed bombs: grpc-encoding gzip',
    'call',
    calls(kept(INSERT, [['grpc-encoding', 'gzip']]), {
      more: (stream) => dataFrame(stream, grpcMessage(BOMB, 1), END_STREAM),
    }),
  ),
  flooding(
    'compressed bombs: flag without an encoding',
    'call',
    calls(kept(INSERT), { more: (stream) => dataFrame(stream, grpcMessage(BOMB, 1), END_STREAM) }),
  ),
  flooding('HTTP: the page', 'call', calls(PAGE)),
  flooding('HTTP: for another host', 'call', calls(FOREIGN_PAGE)),
];
