import { readFileSync } from 'node:fs';
import { describe } from 'vitest';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import { busConformance } from '../engines/fleet/bus/conformance.js';

// The file that is shipped, on another port.
const shipped = readFileSync(new URL('../../deploy/mosquitto/mosquitto.conf', import.meta.url), 'utf8');

describe.skipIf(!mosquittoAvailable())('real Mosquitto', () => {
  busConformance('Mosquitto at its defaults', async () => startMosquitto(), { carriesAnySize: true });
  busConformance('Mosquitto, with a fleet key', async () => startMosquitto(), {
    ...{ carriesAnySize: true, seal: 'readable' },
  });
  busConformance('Mosquitto, encrypted', async () => startMosquitto(), {
    ...{ carriesAnySize: true, seal: 'encrypted' },
  });
  busConformance('Mosquitto as shipped', async () => {
    return startMosquitto({ conf: shipped.replace(/^listener .*$/m, '') });
  });
});
