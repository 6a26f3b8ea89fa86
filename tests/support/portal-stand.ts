import { startDoors } from '../../src/doors/start.js';
import { PortalApplication } from '../../src/portal/portal.js';
import type { Engine } from '../../src/ports/engine.js';
import { RecordingLogger } from './doors.js';
import { PortalClient } from './portal-client.js';
import { realRandom, realTime } from './real-time.js';

/** A server with the portal on an engine, within this process, and a client of it. */
export interface PortalStand {
  readonly client: PortalClient;
  readonly portal: PortalApplication;
  readonly port: number;
  close(): Promise<void>;
}

export async function openPortalOn(engine: Engine, origin = 'unico'): Promise<PortalStand> {
  const portal = new PortalApplication({ engine, origin, time: realTime, random: realRandom });
  const doors = await startDoors({
    port: 0,
    engine,
    engineHealth: 'kvs.teste',
    portal: { portal, services: ['admin', 'matricula'] },
    time: realTime,
    logger: new RecordingLogger(),
  });
  doors.setServing(true);
  const client = new PortalClient(doors.port);
  return {
    client,
    portal,
    port: doors.port,
    close: async () => {
      client.close();
      await doors.stop(0);
    },
  };
}
