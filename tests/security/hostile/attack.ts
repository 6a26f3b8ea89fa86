import { gzipSync } from 'node:zlib';
import { HostileClient } from '../../support/hostile-client.js';
import type { Way } from '../../support/hostile-client.js';
import { KeptFields, callFields, pingFrame, windowFrame } from '../../support/http2-frames.js';

/** Something hostile that is done to a server at full speed. */
export interface Attack {
  readonly name: string;
  /** What is counted, for people: `call`, `frame`, `connection`. */
  readonly unit: string;
  /** What one may cost at most, in plain refused calls; 5 by default. */
  readonly most?: number;
  /** Goes on until `isOver`, and closes what it opened. */
  readonly run: (run: AttackRun) => Promise<void>;
}

/** One run of an attack, and what it did. */
export class AttackRun {
  units = 0;
  /** Connections opened. */
  connections = 0;
  private readonly endMs: number;
  private readonly open = new Set<HostileClient>();

  constructor(
    readonly way: Way,
    lastMs: number,
  ) {
    this.endMs = Date.now() + lastMs;
  }

  isOver(): boolean {
    return Date.now() >= this.endMs;
  }

  async greet(...settings: readonly (readonly [number, number])[]): Promise<HostileClient> {
    return this.opened(await HostileClient.greet(this.way, ...settings));
  }

  /** A connection on which nothing was said yet. */
  async knock(speaksHttp2 = true): Promise<HostileClient> {
    return this.opened(await HostileClient.open(this.way, speaksHttp2));
  }

  closeAll(): void {
    for (const client of this.open) client.close();
  }

  private opened(client: HostileClient): HostileClient {
    this.connections++;
    this.open.add(client);
    client.socket.once('close', () => this.open.delete(client));
    return client;
  }
}

/** What one connection of a flood sends. */
export interface Flood {
  readonly settings?: readonly (readonly [number, number])[];
  /** Sent first. */
  readonly begin?: Buffer;
  /** What follows, again and again. @param nth which piece it is, from 0 */
  readonly piece: (nth: number) => Buffer;
  /** Units in a piece. */
  readonly units: number;
  /** Answers to PING that a piece gets, besides that of the PING after it. */
  readonly pongs?: number;
}

/** Pieces that may be on their way; otherwise the system would hold more of them than the server does. */
const AHEAD = 2;

/**
 * Floods a server over one connection after the other: a new one when it was cut. After each piece comes a PING, whose
 * answer tells that the server has taken it.
 */
export async function flood(run: AttackRun, make: () => Flood): Promise<void> {
  while (!run.isOver()) {
    const { settings = [], begin, piece, units, pongs = 0 } = make();
    const client = await run.greet(...settings);
    await client.send(Buffer.concat([windowFrame(0, 2 ** 30), ...(begin === undefined ? [] : [begin])]));
    for (let sent = 0; !run.isOver() && !client.isClosed();) {
      if (sent - client.answeredPings / (1 + pongs) >= AHEAD) {
        await client.heard();
        continue;
      }
      if (!(await client.send(Buffer.concat([piece(sent++), MARK])))) break;
    }
    run.units += Math.floor(client.answeredPings / (1 + pongs)) * units;
    client.close();
  }
}

const MARK = pingFrame();

export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 1);
  });

export const QUERY = '/kvs.KVS/Consulta';
export const INSERT = '/kvs.KVS/Insere';
/** `chave` and `valor` of an insert. */
export const PAIR = Buffer.from('\x0a\x05chave\x12\x05valor');
export const UNKNOWN = '/kvs.KVS/NaoHa';
export const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
/** `file_containing_symbol: "kvs.KVS"`. */
export const ASK_FILE = Buffer.from('\x22\x07kvs.KVS');

/** Fields of a call that cost a few bytes from the second call on. */
export const kept = (path: string, more: readonly (readonly [string, string])[] = []): KeptFields =>
  new KeptFields(callFields(path, more));

/** Joins what is made for each of a number of streams. @param first which stream of the connection, from 0 */
export function streams(first: number, count: number, make: (stream: number, nth: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, at) => make(2 * (first + at) + 1, first + at)));
}

/** A message that becomes a thousand times as large. */
export const BOMB = gzipSync(Buffer.alloc(1024 * 1024));
