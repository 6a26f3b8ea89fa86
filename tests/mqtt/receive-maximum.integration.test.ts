import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { externalBrokers } from '../../src/mqtt/broker-source.js';
import { parseBrokerUrl } from '../../src/mqtt/broker-url.js';
import { MqttTopics } from '../../src/mqtt/mqtt-topics.js';
import { eventually } from '../support/eventually.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import { quiet } from '../support/mirror-names.js';
import { realTime } from '../support/real-time.js';

const [CONNECT, PUBLISH, SUBSCRIBE] = [1, 3, 8];

/** A connection as the door and the mirror make theirs. */
function topicsAt(port: number): MqttTopics {
  return new MqttTopics({
    ...{ clientId: 'kvs:quota', filters: [{ filter: 'quota/#', qos: 1 }], isNewest: true },
    brokers: externalBrokers([parseBrokerUrl(`mqtt://127.0.0.1:${String(port)}`)], undefined),
    ...{ time: realTime, random: { next: Math.random }, logger: quiet },
  });
}

/** The packets of a stream of short ones: type and body. */
function packetsOf(bytes: Buffer): { readonly packets: [number, Buffer][]; readonly rest: Buffer } {
  const packets: [number, Buffer][] = [];
  let at = 0;
  while (bytes.length - at >= 2 && bytes.length - at >= 2 + bytes[at + 1]!) {
    const end = at + 2 + bytes[at + 1]!;
    packets.push([bytes[at]! >> 4, bytes.subarray(at + 2, end)]);
    at = end;
  }
  return { packets, rest: bytes.subarray(at) };
}

describe('a broker of MQTT 5 that takes only so many messages at once', () => {
  it('never has more of them to acknowledge', async () => {
    const most = 3;
    let [unacknowledged, greatest, taken] = [0, 0, 0];
    const acknowledge = (socket: Socket, id: Buffer): void => {
      setTimeout(() => {
        unacknowledged--;
        taken++;
        socket.write(Buffer.concat([Buffer.from([0x40, 2]), id]));
      }, 1);
    };
    const server = createServer((socket) => {
      let rest: Buffer = Buffer.alloc(0);
      socket
        .on('error', () => undefined)
        .on('data', (chunk: Buffer) => {
          const read = packetsOf(Buffer.concat([rest, chunk]));
          rest = read.rest;
          for (const [type, body] of read.packets) {
            // Accepted, with a Receive Maximum.
            if (type === CONNECT) socket.write(Buffer.from([0x20, 6, 0, 0, 3, 0x21, 0, most]));
            else if (type === SUBSCRIBE)
              socket.write(Buffer.concat([Buffer.from([0x90, 4]), body.subarray(0, 2), Buffer.from([0, 1])]));
            else if (type === PUBLISH) {
              greatest = Math.max(greatest, ++unacknowledged);
              const idAt = 2 + body.readUInt16BE(0);
              acknowledge(socket, body.subarray(idAt, idAt + 2));
            }
          }
        });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const topics = topicsAt((server.address() as AddressInfo).port);
    topics.start({
      onMessage: () => undefined,
      onConnected: () => undefined,
      onDisconnected: () => undefined,
    });
    try {
      await eventually('connected', () => topics.connected);
      expect(topics.protocol).toBe(5);
      let settled = 0;
      for (let i = 0; i < 50; i++) {
        topics.publish({ topic: `quota/${String(i)}`, payload: 'x' }, (isTaken) => {
          expect(isTaken).toBe(true);
          settled++;
        });
      }
      await eventually('all are taken', () => settled === 50 && taken === 50);
      expect(greatest).toBe(most);
    } finally {
      await topics.stop();
      server.close();
    }
  });

  it.skipIf(!mosquittoAvailable()).each([1, 5])(
    'on Mosquitto with max_inflight_messages %d, 1,000 retained values arrive on one connection',
    async (most) => {
      const conf = `allow_anonymous true\nmax_inflight_messages ${String(most)}\nmax_queued_messages 5000\n`;
      const broker = await startMosquitto({ conf });
      const topics = topicsAt(broker.port);
      const seen = new Set<string>();
      let breaks = 0;
      topics.start({
        onMessage: ({ topic }) => seen.add(topic),
        onConnected: () => undefined,
        onDisconnected: () => breaks++,
      });
      try {
        await eventually('connected', () => topics.connected);
        let [next, underWay, refused] = [0, 0, 0];
        const go = (): void => {
          // As many as the mirror has under way.
          while (underWay < 48 && next < 1_000) {
            underWay++;
            const topic = `quota/${String(next++)}`;
            topics.publish({ topic, payload: 'x'.repeat(100), retain: true }, (isTaken) => {
              underWay--;
              if (!isTaken) refused++;
              go();
            });
          }
        };
        go();
        await eventually('all came back', () => seen.size === 1_000, 60_000);
        expect({ breaks, refused }).toEqual({ breaks: 0, refused: 0 });
      } finally {
        await topics.stop();
        await broker.stop();
      }
    },
    90_000,
  );
});
