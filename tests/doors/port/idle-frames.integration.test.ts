import { describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { portLimits } from '../../../src/doors/port/limits.js';
import { openStand, type Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { HostileClient } from '../../support/hostile-client.js';
import {
  callFields,
  dataFrame,
  frameFlag,
  grpcMessage,
  headersFrame,
  hpackFields,
  http2Frame,
  pingFrame,
  priorityFrame,
  settingsFrame,
  windowFrame,
} from '../../support/http2-frames.js';
import type { MemoryEngine } from '../../support/memory-engine.js';

async function open({ onTestFinished }: TestContext): Promise<Stand<MemoryEngine>> {
  const stand = await openStand();
  onTestFinished(() => stand.close());
  return stand;
}

const openCall = headersFrame(1, hpackFields(callFields('/kvs.KVS/InsereVarias')), frameFlag.END_HEADERS);
const refusedCall = headersFrame(1, hpackFields(callFields('/kvs.KVS/NaoHa')), frameFlag.END_HEADERS);
const PIECE_BYTES = 16 * 1024;

/** Sends frames for a while, as fast as the server takes them, a PING after each piece. @returns bytes sent */
async function send(client: HostileClient, frame: Buffer, mostBytes: number): Promise<number> {
  const piece = Buffer.concat(Array.from({ length: Math.ceil(PIECE_BYTES / frame.length) }, () => frame));
  let sent = 0;
  for (let pieces = 0; sent < mostBytes && !client.isClosed(); pieces++) {
    await client.send(Buffer.concat([piece, pingFrame()]));
    sent += piece.length;
    while (client.answeredPings < pieces && !client.isClosed()) await client.heard();
  }
  return sent;
}

// A connection that is asked to go has a second to do so: all of them wait at once.
describe('a connection that brings much and calls little', { concurrent: true, timeout: 120_000 }, () => {
  it.for<[string, Buffer, Buffer]>([
    ['SETTINGS', Buffer.alloc(0), settingsFrame([3, 1], [3, 2], [3, 3], [3, 4], [3, 5])],
    ['PRIORITY', Buffer.alloc(0), priorityFrame(1)],
    ['windows', windowFrame(0, 1), windowFrame(0, 1)],
    ['frames of unknown type', Buffer.alloc(0), http2Frame(0xbb, 0, 0)],
    ['DATA of padding alone', openCall, http2Frame(0, frameFlag.PADDED, 1, Buffer.from([0]))],
    ['the body of a refused call', refusedCall, dataFrame(1, Buffer.alloc(100))],
  ])('%s: it is asked to go, counted, and cut', async ([, first, frame], context) => {
    const stand = await open(context);
    const client = await HostileClient.greet({ port: stand.doors.port });
    await client.send(Buffer.concat([windowFrame(0, 2 ** 30), first]));
    const sent = await send(client, frame, 64 * portLimits.unclaimedBytes);
    await eventually('it is cut', () => client.isClosed(), 60_000);
    await eventually('nobody stays', () => stand.doors.usage().connections === 0, 60_000);
    expect(stand.doors.usage()).toEqual({ openCalls: 0, unfinishedBytes: 0, connections: 0 });
    // Newer versions of Node.js end some of these sessions by themselves, long before they bring so much.
    const isOurs = stand.doors.refusedCalls.QUADROS === 1;
    expect(isOurs || sent < portLimits.unclaimedBytes).toBe(true);
    if (isOurs) {
      expect(stand.logger.lines).toContainEqual({
        level: 'warn',
        fields: { motivo: 'QUADROS', origem: '127.0.0.1' },
        message: 'chamada recusada (gRPC)',
      });
    }
    expect((await stand.client.insere('chave', 'valor')).versao).toBe(1);
  });

  it('much that is read of a call is none of this', async (context) => {
    const stand = await open(context);
    const client = await HostileClient.greet({ port: stand.doors.port }, [4, 2 ** 30]);
    await client.send(Buffer.concat([windowFrame(0, 2 ** 30), openCall]));
    const pair = grpcMessage(
      Buffer.concat([Buffer.from('\x0a\x05chave\x12\x88\x27', 'latin1'), Buffer.alloc(5_000, 0x61)]),
    );
    const startMs = Date.now();
    let sent = 0;
    // More in each second than may be of no call.
    while (Date.now() - startMs < 2_500) {
      const done = client.answeredPings;
      const piece = Buffer.concat(Array.from({ length: 10 }, () => dataFrame(1, pair)));
      await client.send(Buffer.concat([piece, pingFrame()]));
      sent += piece.length;
      while (client.answeredPings === done && !client.isClosed()) await client.heard();
    }
    expect(sent).toBeGreaterThan(3 * portLimits.unclaimedBytes);
    expect(client.isClosed()).toBe(false);
    expect(stand.doors.refusedCalls.QUADROS).toBe(0);
    client.close();
  });
});
