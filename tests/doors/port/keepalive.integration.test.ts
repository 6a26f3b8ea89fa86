import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { portLimits } from '../../../src/doors/port/limits.js';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { ManualTime } from '../../engines/fleet/bus/manual-time.js';
import { RecordingLogger } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { MemoryEngine } from '../../support/memory-engine.js';

const { keepaliveMs, keepaliveTimeoutMs } = portLimits;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';
/** Closes the session: no error, and no stream was seen. */
const GOAWAY = '\0\0\x08\x07\0\0\0\0\0' + '\0'.repeat(8);
/** The head of a PING of 8 bytes, which asks for an answer. */
const PING = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0]);

describe('a connection that is quiet', () => {
  const time = new ManualTime();
  let doors: Doors;
  let session: ClientHttp2Session;
  let pings = 0;

  beforeEach(async () => {
    const options = { port: 0, engine: new MemoryEngine(), engineHealth: 'kvs.frota' };
    doors = await startDoors({ ...options, time, logger: new RecordingLogger() });
    session = connectHttp2(`http://127.0.0.1:${doors.port}`);
    session.on('error', () => undefined).on('ping', () => pings++);
    await once(session, 'connect');
    pings = 0;
  });
  afterEach(async () => {
    session.destroy();
    await doors.stop(0);
  });

  /** Lets so many periods pass, in each of which the client is asked for a sign, and gives it. */
  const quiet = async (periods: number): Promise<void> => {
    for (let n = 0; n < periods; n++) {
      const before = pings;
      time.advance(keepaliveMs);
      await eventually('asked', () => pings > before);
      await new Promise((resolve) => session.ping(resolve));
    }
  };

  it('is asked for a sign now and then, and stays while it gives one', async () => {
    await new Promise((resolve) => session.ping(resolve));
    await quiet(3);
    expect(session.closed).toBe(false);
    expect(pings).toBe(3);
  });

  it('stays also when its client has asked to close it, for as long as a call of it goes on', async () => {
    const call = session.request({
      ...{ ':method': 'POST', ':path': '/kvs.KVS/ConsultaVarias', 'content-type': 'application/grpc' },
    });
    await new Promise((resolve) => call.write(Buffer.from('\0\0\0\0\x07\x0a\x05chave'), resolve));
    await once(call, 'response');
    session.goaway(0);
    await eventually('the server closes it too', () => session.closed);
    // In steps: Node needs a moment to say that it sends no PING.
    for (let ms = 0; ms < 3 * keepaliveMs; ms += keepaliveTimeoutMs / 2) {
      time.advance(keepaliveTimeoutMs / 2);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(call.closed).toBe(false);
    call.resume().end();
    await once(call, 'close');
    expect(call.rstCode).toBe(0);
  });

  it('is ended when it gives no sign in time', async () => {
    const dead = connectSocket({ port: doors.port, host: '127.0.0.1' });
    dead.on('error', () => undefined);
    let heard = Buffer.alloc(0);
    dead.on('data', (piece: Buffer) => (heard = Buffer.concat([heard, piece])));
    dead.write(PREFACE);
    await eventually('it is greeted', () => heard.length > 0);
    time.advance(keepaliveMs);
    await eventually('it is asked', () => heard.includes(PING));
    time.advance(keepaliveTimeoutMs - 1);
    // The server has had its turn.
    await new Promise((resolve) => session.ping(resolve));
    expect(dead.closed).toBe(false);
    time.advance(1);
    await eventually('it is gone', () => dead.closed);
    expect(session.closed).toBe(false);
  });

  it('is cut when it asks to close its session and then keeps the connection', async () => {
    const lingering = connectSocket({ port: doors.port, host: '127.0.0.1', allowHalfOpen: true });
    lingering.on('error', () => undefined).resume();
    const hasEnded = once(lingering, 'end');
    lingering.write(PREFACE + GOAWAY);
    await hasEnded;
    // Seen as ended at the next look.
    time.advance(portLimits.unclaimedMs);
    time.advance(portLimits.refusedConnectionMs - 1);
    await new Promise((resolve) => lingering.write('abc', resolve));
    expect(lingering.closed).toBe(false);
    time.advance(1);
    // Only an answer to what comes later tells a client that nobody reads any more.
    await eventually('it is gone', () => {
      if (!lingering.destroyed) lingering.write('abc');
      return lingering.closed;
    });
    expect(session.closed).toBe(false);
  });
});
