import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { grpcLimits } from '../../../src/doors/grpc/limits.js';
import { openStand, type Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { connect, type KvsClient } from '../../support/kvs-client.js';
import type { MemoryEngine } from '../../support/memory-engine.js';

let stand: Stand<MemoryEngine>;
const cleanUps: (() => void)[] = [];
beforeEach(async () => {
  stand = await openStand();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
  await stand.close();
});

describe('watching health', () => {
  const watching = async (client: KvsClient): Promise<ReturnType<KvsClient['watchHealth']>> => {
    const watch = client.watchHealth().on('error', () => undefined);
    await once(watch, 'data');
    return watch;
  };
  const comer = (): KvsClient => {
    const client = connect(stand.doors.port);
    cleanUps.push(() => {
      client.close();
    });
    return client;
  };

  it('is bounded for a connection, which alone is refused, and those that end make room', async () => {
    const client = comer();
    const open = [];
    for (let n = 0; n < grpcLimits.watchesPerConnection; n++) open.push(await watching(client));
    const [error] = (await once(client.watchHealth(), 'error')) as [{ code: number; details: string }];
    expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(error.details).toContain('Check');
    await watching(comer());
    expect(await client.health('')).toBe('SERVING');
    for (const watch of open.slice(0, 3)) watch.cancel();
    await eventually('there is room', () => watching(client).catch(() => undefined));
  });

  it('is bounded in all: the oldest of whoever has most gives way, and who comes gets in', async () => {
    const crowd: ReturnType<KvsClient['watchHealth']>[] = [];
    let cut = 0;
    const modest = await watching(comer());
    let parted = false;
    modest.on('error', () => (parted = true));
    while (crowd.length < grpcLimits.healthWatches + 50) {
      const client = comer();
      for (let n = 0; n < grpcLimits.watchesPerConnection; n++) crowd.push(await watching(client));
      crowd.slice(-grpcLimits.watchesPerConnection).forEach((watch) => watch.on('error', () => cut++));
    }
    await watching(comer());
    await eventually('so many gave way', () => cut === crowd.length + 2 - grpcLimits.healthWatches);
    expect(parted).toBe(false);
  });

  it('of what nobody serves stays open and says so', async () => {
    const watch = stand.client.watchHealth('nada');
    const [first] = (await once(watch, 'data')) as [{ status: string }];
    expect(first).toEqual({ status: 'SERVICE_UNKNOWN' });
    watch.on('error', () => undefined).cancel();
  });
});
