import { once } from 'node:events';
import { connect } from 'node:net';
import { eventually } from './eventually.js';

/** A message as it goes over the wire: what is no UTF-8 is given as bytes. */
export interface RawMessage {
  readonly topic: string | Buffer;
  readonly payload?: string | Buffer;
  readonly retain?: boolean;
}

/**
 * Publishes at QoS 0 over MQTT 3.1.1 what no library would, on a connection of its own, and waits until the broker has
 * read it: it answers a ping, or cuts.
 */
export async function publishRaw(port: number, { topic, payload = 'x', retain }: RawMessage): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let received: Buffer = Buffer.alloc(0);
  let isOver = false;
  socket
    .on('error', () => undefined)
    .on('close', () => (isOver = true))
    .on('data', (data: Buffer) => (received = Buffer.concat([received, data])));
  const until = (what: string, bytes: number): Promise<unknown> =>
    eventually(what, () => isOver || received.length >= bytes, 20_000);
  await once(socket, 'connect');
  socket.write(packet(0x10, Buffer.concat([text('MQTT'), Buffer.from([4, 2, 0, 60]), text(clientId())])));
  await until('CONNACK', 4);
  socket.write(packet(retain === true ? 0x31 : 0x30, Buffer.concat([text(topic), Buffer.from(payload)])));
  socket.write(packet(0xc0, Buffer.alloc(0)));
  await until('PINGRESP', 6);
  socket.destroy();
}

let clients = 0;
const clientId = (): string => `hostil-${String(process.pid)}-${String(++clients)}`;

function text(given: string | Buffer): Buffer {
  const bytes = Buffer.from(given as string);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function packet(type: number, body: Buffer): Buffer {
  const head = [type];
  let left = body.length;
  do {
    head.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>= 7;
  } while (left > 0);
  return Buffer.concat([Buffer.from(head), body]);
}
