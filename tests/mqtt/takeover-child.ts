import { LocalBroker } from '../../src/mqtt/local-broker.js';
import { realRandom, realTime } from '../support/real-time.js';
import { batch, insert } from '../engines/fleet/bus/support.js';
import { MqttBus } from '../../src/engines/fleet/bus/mqtt-bus.js';
import type { Logger } from '../../src/ports/logger.js';
import { LOOPBACKS } from '../../src/security/tls/open-ports.js';

// One server's bus in a process of its own, for takeover.e2e.test.ts: says what happens and obeys over the IPC channel.

/** What the child tells its parent. */
export interface Report {
  readonly kind: 'log' | 'up' | 'down' | 'batch' | 'leave' | 'stopped';
  readonly text: string;
}

const [origin = '', port = ''] = process.argv.slice(2);

function tell(kind: Report['kind'], text = ''): void {
  process.send?.({ kind, text } satisfies Report);
}

const log = (_fields: object, message: string): void => {
  tell('log', message);
};
const logger: Logger = { debug: log, info: log, warn: log, error: log };
const brokers = new LocalBroker({ host: LOOPBACKS, port: Number(port), time: realTime, logger });
const bus = new MqttBus({ fleet: 'frota', origin, brokers, time: realTime, random: realRandom, logger });
bus.start({
  onConnected: () => {
    tell('up');
  },
  onDisconnected: () => {
    tell('down');
  },
  onMessage: (message) => {
    if (message.type === 'batch') tell('batch', `${message.batch.origin}:${message.batch.first}`);
    if (message.type === 'presence' && message.state === 'leaving') tell('leave', message.origin);
    return 'noted';
  },
});

process.on('message', (order: number | 'stop') => {
  if (order === 'stop') {
    void bus.stop().then(() => {
      tell('stopped');
      process.disconnect();
    });
  } else {
    bus.publish(batch(origin, order, insert('k', 'v')));
  }
});
process.on('disconnect', () => process.exit());
