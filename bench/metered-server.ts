/**
 * One server of the fleet engine without peers, whose metrics are switched on and off while it runs, so that one process
 * is compared with itself. It begins with them off; SIGUSR2 switches.
 *
 *     node metered-server.js <port>      prints `ready` when it serves
 */
import { callMetrics, capacityMetrics, doorMetrics } from '../src/app/metrics/common.js';
import { fleetMetrics } from '../src/app/metrics/fleet.js';
import { ProcessMetrics } from '../src/app/metrics/process.js';
import { ServerMetrics } from '../src/app/metrics/server-metrics.js';
import { storeMetrics } from '../src/app/metrics/store.js';
import { systemTime as time } from '../src/app/system-time.js';
import { CallCounts } from '../src/call/observe.js';
import { startDoors } from '../src/doors/start.js';
import type { Logger } from '../src/ports/logger.js';
import { aloneEngine } from './support/alone.js';

/** A scrape this often, where Prometheus makes one in 15 s by default. */
const SCRAPE_MS = 5_000;

const nothing = (): void => undefined;
const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const counts = new CallCounts(logger);
const watched = new ProcessMetrics(time);
const metrics = new ServerMetrics();
let isOn = false;
let scraping: NodeJS.Timeout | undefined;

const engine = await aloneEngine();
const doors = await startDoors({
  ...{ port: Number(process.argv[2]), engine, engineHealth: 'kvs.frota', time, logger },
  observe: (call, outcome, tookMs, error) => {
    if (isOn) counts.observe(call, outcome, tookMs, error);
  },
});
metrics.add(
  ...[callMetrics(counts), doorMetrics(doors), storeMetrics(engine.store), capacityMetrics(engine)],
  ...[fleetMetrics(engine, time), watched.read],
);
process.on('SIGUSR2', () => {
  isOn = !isOn;
  clearInterval(scraping);
  if (isOn) {
    watched.start();
    scraping = setInterval(() => void metrics.source(), SCRAPE_MS);
  } else watched.stop();
});
console.log('ready');
