import { describe, expect, it } from 'vitest';
import { LinkCut } from '../../src/ports/link-cut.js';
import { BrokerLink } from '../../src/mqtt/broker-link.js';
import { externalBrokers } from '../../src/mqtt/broker-source.js';
import { tcpBroker } from '../../src/mqtt/broker-url.js';
import { limits } from '../../src/core/limits.js';
import type { BrokerConnectionListener } from '../../src/mqtt/mqtt-connection.js';
import { RecordingLogger } from '../support/doors.js';
import { ServerTime, World } from '../support/sim-time.js';

function stand(isReachable = true) {
  const world = new World();
  const time = new ServerTime(world, 1, 0, () => undefined);
  const logger = new RecordingLogger();
  const cut = new LinkCut(time, logger, { cut: 'isolado do broker', back: 'de volta ao broker' });
  const events: string[] = [];
  const link = new BrokerLink(
    {
      brokers: externalBrokers([tcpBroker('127.0.0.1', 1883)], undefined, cut),
      ...{ clientId: 'c', filters: [], time, random: { next: () => 0.5 }, logger },
      connect: ({ address }, listener: BrokerConnectionListener) => {
        events.push('connect');
        time.after(10, () => {
          if (isReachable) listener.onOpen();
          else listener.onFailed('ECONNREFUSED', '');
        });
        return {
          ...{ address, version: 4, publish: () => undefined, end: () => Promise.resolve() },
          abort: () => events.push('abort'),
        };
      },
    },
    {
      onUp: () => events.push('up'),
      onDown: () => events.push('down'),
      onMessage: () => undefined,
    },
  );
  const run = (ms: number): string[] => {
    const end = world.nowMs + ms;
    while (world.step(end));
    return events.splice(0);
  };
  link.start();
  return { cut, run, time, logger };
}

describe('a server that is cut off its broker', () => {
  it('drops the connection without a word, makes none, and is back at the end of the time', () => {
    const { cut, run, time, logger } = stand();
    expect(run(100)).toEqual(['connect', 'up']);
    expect(cut.isolate(30_000)).toEqual({ isIsolated: true, endsMs: time.wallMs() + 30_000 });
    expect(run(29_999)).toEqual(['abort', 'down']);
    expect(run(100)).toEqual(['connect', 'up']);
    expect(cut.isCut).toBe(false);
    expect(logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      'laboratório: isolado do broker',
      'laboratório: de volta ao broker',
    ]);
  });

  it('is back when asked for; asked again, the time begins anew', () => {
    const { cut, run } = stand();
    run(100);
    cut.isolate(undefined);
    run(limits.cutMs - 1);
    cut.isolate(1_000);
    expect(run(500)).toEqual([]);
    expect(cut.reconnect()).toEqual({ isIsolated: false, endsMs: 0 });
    expect(run(100)).toEqual(['connect', 'up']);
    cut.reconnect();
    expect(run(10_000)).toEqual([]);
  });

  it('an attempt that is under way is dropped too, also between rounds that fail', async () => {
    const { cut, run } = stand(false);
    cut.isolate(60_000);
    expect(run(30_000)).toEqual(['connect', 'abort']);
    // What the aborted attempt would have led to goes on only afterwards.
    await Promise.resolve();
    expect(run(20_000)).toEqual([]);
    expect(run(10_001)).toEqual(['connect']);
  });

  it('not for longer than a day', () => {
    const { cut } = stand();
    expect(() => cut.isolate(limits.cutMsMax + 1)).toThrow('um servidor fica isolado por no máximo 24 h');
    expect(cut.isCut).toBe(false);
  });
});
