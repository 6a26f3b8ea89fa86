import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.js';
import { busConformance } from '../engines/fleet/bus/conformance.js';
import type { TestBroker } from '../engines/fleet/bus/conformance.js';
import { realTime } from '../support/real-time.js';
import { LogRecorder } from '../engines/fleet/bus/support.js';

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
