import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { expect, it } from 'vitest';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.js';
import { LogRecorder } from '../engines/fleet/bus/support.js';
import { eventually } from '../support/eventually.js';
import { realTime } from '../support/real-time.js';

const HOST = '127.0.0.1';

it('no client brings a topic to others that would cut them off', async ({ onTestFinished }) => {
  const broker = await EmbeddedBroker.start({
    ...{ host: HOST, port: 0, time: realTime, logger: new LogRecorder() },
  });
  onTestFinished(() => broker.stop());
  const user = async (): Promise<MqttClient> => {
    const client = await mqtt.connectAsync(`mqtt://${HOST}:${broker.port}`, { reconnectPeriod: 0 });
    client.on('error', () => undefined);
    onTestFinished(() => void client.end(true));
    return client;
  };
  const listener = await user();
  const heard: string[] = [];
  listener.on('message', (topic) => heard.push(topic));
  await listener.subscribeAsync('#', { qos: 1 });
  for (const sign of ['\0', '\u0001', '\u007f', '\u0085', '\ufffd']) {
    const client = await user();
    const closed = new Promise<void>((resolve) => {
      client.once('close', () => {
        resolve();
      });
    });
    client.publish(`kvs/padrao/grava/a${sign}b`, 'v', { qos: 1 }, () => undefined);
    await closed;
  }
  const client = await user();
  await client.publishAsync('kvs/padrao/grava/ação 😀', 'v', { qos: 1 });
  await eventually('the message that may pass', () => heard.length > 0);
  expect(heard).toEqual(['kvs/padrao/grava/ação 😀']);
});
