import { EmbeddedBroker } from '../../src/bus/embedded-broker.js';
import { busConformance } from './conformance.js';
import type { TestBroker } from './conformance.js';
import { realTime } from '../support/real-time.js';
import { LogRecorder } from './support.js';

async function startAedes(): Promise<TestBroker> {
  const options = { host: '127.0.0.1', time: realTime, logger: new LogRecorder() };
  let broker = await EmbeddedBroker.start({ ...options, port: 0 });
  const { port } = broker;
  return {
    url: `mqtt://127.0.0.1:${port}`,
    stop: () => broker.stop(),
    restart: async () => {
      await broker.stop();
      broker = await EmbeddedBroker.start({ ...options, port });
    },
  };
}

busConformance('Aedes', startAedes);
busConformance('Aedes, with a fleet key', startAedes, { seal: 'readable' });
busConformance('Aedes, encrypted', startAedes, { seal: 'encrypted' });
