import mqtt from 'mqtt';
import type { IPublishPacket, MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.js';
import { eventually } from '../support/eventually.js';
import { LogRecorder } from '../engines/fleet/bus/support.js';
import { realTime } from '../support/real-time.js';

describe('what the embedded broker retains', () => {
  let broker: EmbeddedBroker;
  const clients: MqttClient[] = [];

  beforeEach(async () => {
    broker = await EmbeddedBroker.start({
      host: '127.0.0.1',
      port: 0,
      time: realTime,
      logger: new LogRecorder(),
    });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.end(true);
    await broker.stop();
  });

  const connect = async (clientId: string): Promise<MqttClient> => {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
      clientId,
      reconnectPeriod: 0,
    });
    clients.push(client);
    return client;
  };
  const retain = (client: MqttClient, topic: string, payload: string): Promise<unknown> =>
    client.publishAsync(topic, payload, { qos: 1, retain: true });
  /** So many messages that a new subscriber is sent, or all if there are fewer: what is asked for afterwards comes later. */
  const found = async (filter: string, qos: 0 | 1, least: number): Promise<IPublishPacket[]> => {
    const client = await connect('quem-chega');
    const packets: IPublishPacket[] = [];
    client.on('message', (_topic, _payload, packet) => packets.push(packet));
    await client.subscribeAsync(filter, { qos });
    await eventually('what is retained', () => packets.length >= least);
    // Whatever else there may be is on its way before this comes back.
    await client.subscribeAsync('fim');
    await client.publishAsync('fim', '', { qos: 1 });
    await eventually('the end', () => packets.some(({ topic }) => topic === 'fim'));
    client.end(true);
    return packets.filter(({ topic }) => topic !== 'fim');
  };

  it('is what servers publish below valor/ and at espelho, and nothing else', async () => {
    const server = await connect('kvs:um');
    const stranger = await connect('alguém');
    await retain(server, 'kvs/f/valor/a', '1');
    await retain(server, 'kvs/f/valor/b', '2');
    await retain(server, 'kvs/f/espelho', '{}');
    await retain(server, 'kvs/f/grava/a', '3');
    await retain(server, 'outro/lugar', '4');
    await retain(stranger, 'kvs/f/valor/c', '5');
    await retain(stranger, 'kvs/f/valor/a', '6');
    await retain(server, 'kvs/f/valor/b', '');
    const packets = await found('#', 1, 2);
    expect(
      packets.map(({ topic, payload, retain: flag }) => [topic, payload.toString(), flag]).sort(),
    ).toEqual([
      ['kvs/f/espelho', '{}', true],
      ['kvs/f/valor/a', '1', true],
    ]);
    expect(broker.retained).toMatchObject({ size: 2, refused: 0 });
  });

  it('comes with no more than the QoS that was granted', async () => {
    const server = await connect('kvs:um');
    await retain(server, 'kvs/f/valor/a', '1');
    expect((await found('kvs/f/valor/#', 0, 1)).map(({ qos }) => qos)).toEqual([0]);
    expect((await found('kvs/f/valor/#', 1, 1)).map(({ qos }) => qos)).toEqual([1]);
    expect((await found('kvs/f/valor/a', 1, 1)).map(({ qos }) => qos)).toEqual([1]);
  });

  it(
    'is sent as fast as a subscriber reads, who is not cut for what there is',
    { timeout: 60_000 },
    async () => {
      const server = await connect('kvs:um');
      const value = 'x'.repeat(16 * 1024);
      const topics = 1_000;
      await Promise.all(Array.from({ length: topics }, (_, i) => retain(server, `kvs/f/valor/${i}`, value)));
      const client = await connect('painel');
      let received = 0;
      let isCut = false;
      client.on('close', () => (isCut = true));
      client.on('message', () => received++);
      await client.subscribeAsync('kvs/f/valor/#', { qos: 1 });
      client.stream.pause();
      // Meanwhile the broker goes on for everybody else.
      for (let i = 0; i < 20; i++) await retain(server, 'kvs/f/valor/0', `${i}`);
      client.stream.resume();
      await eventually('all of it', () => received >= topics || isCut, 30_000);
      expect(isCut).toBe(false);
    },
  );
});
