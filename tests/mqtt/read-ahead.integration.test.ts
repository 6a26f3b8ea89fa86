import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import mqtt from 'mqtt';
import { describe, expect, it } from 'vitest';
import { externalBrokers } from '../../src/mqtt/broker-source.js';
import { parseBrokerUrl } from '../../src/mqtt/broker-url.js';
import { mqttLimits } from '../../src/mqtt/limits.js';
import { MqttTopics } from '../../src/mqtt/mqtt-topics.js';
import { readAhead } from '../../src/mqtt/read-ahead.js';
import { eventually } from '../support/eventually.js';
import { quiet } from '../support/mirror-names.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import { realTime } from '../support/real-time.js';

describe('reading ahead', () => {
  it('keeps the order and the end of what comes, and waits at its limit', async () => {
    const [pieces, pieceBytes, mostBytes] = [256, 64 * 1024, 256 * 1024];
    const server = createServer((socket) => {
      for (let i = 0; i < pieces; i++) socket.write(Buffer.alloc(pieceBytes, i));
      socket.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let taken = 0;
    let greatest = 0;
    const push = socket.push.bind(socket);
    socket.push = (piece: Buffer | null) => {
      taken += piece?.length ?? 0;
      return push(piece);
    };
    readAhead(socket, mostBytes);
    const digits: number[] = [];
    for await (const piece of socket as AsyncIterable<Buffer>) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      greatest = Math.max(greatest, socket.bytesRead - taken);
      for (const digit of piece) if (digit !== digits.at(-1)) digits.push(digit);
    }
    expect(digits).toEqual(Array.from({ length: pieces }, (_, i) => i));
    expect(greatest).toBeGreaterThan(pieceBytes);
    // One turn of the event loop reads some pieces further before the socket has stopped.
    expect(greatest).toBeLessThan(mostBytes + 64 * pieceBytes);
    server.close();
  });

  it.skipIf(!mosquittoAvailable())(
    'hears of 10,000 retained values of 1 KB, of which Mosquitto as it comes drops what does not fit its queue',
    async ({ onTestFinished }) => {
      const broker = await startMosquitto();
      onTestFinished(() => broker.stop());
      const writer = await mqtt.connectAsync(broker.url);
      for (let i = 0; i < 10_000; i += 100) {
        const some = Array.from({ length: 100 }, (_, j) =>
          writer.publishAsync(`valor/${i + j}`, 'x'.repeat(1_000), { qos: 1, retain: true }),
        );
        await Promise.all(some);
      }
      await writer.endAsync();
      const heard = new Set<string>();
      const topics = new MqttTopics({
        ...{ clientId: 'kvs:muitos', filters: [{ filter: 'valor/#', qos: 0 }], isNewest: true },
        readAheadBytes: mqttLimits.readAheadBytes,
        brokers: externalBrokers([parseBrokerUrl(broker.url)], undefined),
        ...{ time: realTime, random: { next: Math.random }, logger: quiet },
      });
      onTestFinished(() => topics.stop());
      topics.start({
        onConnected: () => undefined,
        onDisconnected: () => undefined,
        onMessage: ({ topic }) => void heard.add(topic),
      });
      await eventually('all are heard of', () => heard.size === 10_000, 20_000);
    },
  );
});
