import { EmbeddedBroker } from '../../src/bus/embedded-broker.js';
import { busConformance } from './conformance.js';
import { realTime } from '../support/real-time.js';
import { LogRecorder } from './support.js';

busConformance('Aedes', async () => {
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
});
