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

const VALUES = 20_000;
const TRIES = 8;

/** How many retained values a new subscriber hears of. */
async function heardOf(url: string, readAheadBytes: number | undefined): Promise<number> {
  const topics = new MqttTopics({
    ...{ clientId: 'kvs:muitos', filters: [{ filter: 'valor/#', qos: 0 }], isNewest: true },
    ...(readAheadBytes !== undefined && { readAheadBytes }),
    brokers: externalBrokers([parseBrokerUrl(url)], undefined),
    ...{ time: realTime, random: { next: Math.random }, logger: quiet },
  });
  const heard = new Set<string>();
  let lastMs = performance.now();
  topics.start({
    onConnected: () => undefined,
    onDisconnected: () => undefined,
    onMessage: ({ topic }) => {
      heard.add(topic);
      lastMs = performance.now();
    },
  });
  await eventually('the broker is silent', () => heard.size > 0 && performance.now() - lastMs > 700, 20_000);
  await topics.stop();
  return heard.size;
}

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
    'hears of 20,000 retained values of 1 KB, of which Mosquitto as it comes drops what does not fit its queue',
    { timeout: 90_000 },
    async ({ onTestFinished }) => {
      const broker = await startMosquitto();
      onTestFinished(() => broker.stop());
      const writer = await mqtt.connectAsync(broker.url);
      for (let i = 0; i < VALUES; i += 100) {
        const some = Array.from({ length: 100 }, (_, j) =>
          writer.publishAsync(`valor/${i + j}`, 'x'.repeat(1_000), {
            qos: i % 1_000 === 0 ? 1 : 0,
            retain: true,
          }),
        );
        await Promise.all(some);
      }
      await writer.endAsync();
      const most = async (readAheadBytes?: number): Promise<number> => {
        const counts: number[] = [];
        // A process that the machine does not let run reads as slowly as any other: the mirror asks again, too.
        for (let i = 0; i < TRIES && Math.max(0, ...counts) < VALUES; i++) {
          counts.push(await heardOf(broker.url, readAheadBytes));
        }
        return Math.max(...counts);
      };
      expect(await most(mqttLimits.readAheadBytes)).toBe(VALUES);
    },
  );
});
