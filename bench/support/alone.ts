import { drawName, systemRandom } from '../../src/app/system-random.js';
import { systemTime } from '../../src/app/system-time.js';
import { unpackBatch } from '../../src/engines/fleet/bus/decode-messages.js';
import { packBatch } from '../../src/engines/fleet/bus/encode-messages.js';
import { FleetEngine } from '../../src/engines/fleet/engine.js';
import type { Bus } from '../../src/ports/bus.js';
import type { Logger } from '../../src/ports/logger.js';

/** A fleet engine within this process that serves: without a broker it does so alone, after a while. */
export async function aloneEngine(): Promise<FleetEngine> {
  const bus: Bus = {
    connected: false,
    pack: (batch) => packBatch('kvs', batch),
    unpack: unpackBatch,
    publish: (_message, settled) => {
      if (settled) setImmediate(() => settled(false));
    },
    start: () => undefined,
    stop: () => Promise.resolve(),
  };
  const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const keepAlive = setInterval(nothing, 1000);
  const fleet = await new Promise<FleetEngine>((resolve) => {
    const made: FleetEngine = new FleetEngine({
      ...{
        origin: drawName(),
        address: '127.0.0.1:0',
        bus,
        time: systemTime,
        random: systemRandom,
        logger: silent,
      },
      onState: (state) => {
        if (state === 'serving') resolve(made);
      },
    });
    made.start();
  });
  clearInterval(keepAlive);
  return fleet;
}

function nothing(): void {
  return undefined;
}
