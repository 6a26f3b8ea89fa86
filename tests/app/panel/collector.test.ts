import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/call/call.js';
import type { PanelNews, PanelPicture } from '../../../src/ports/panel.js';
import { ManualTime } from '../../engines/fleet/bus/manual-time.js';
import { panelPeer, PanelStand } from '../../support/panel-stand.js';

const CALL = { door: 'http', operation: 'GET /x' } as Call;

async function next(feed: AsyncIterator<PanelNews>): Promise<PanelNews> {
  const step = await feed.next();
  if (step.done === true) throw new Error('it is over');
  return step.value;
}

/** The next picture, with the events before it. */
async function picture(feed: AsyncIterator<PanelNews>, messages: string[] = []): Promise<PanelPicture> {
  for (;;) {
    const news = await next(feed);
    if (news.kind === 'picture') return news.picture;
    messages.push(...news.events.map(({ message }) => message));
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function stand(): { readonly time: ManualTime; readonly it: PanelStand } {
  const time = new ManualTime();
  return { time, it: new PanelStand(time).connect() };
}

describe('pictures', () => {
  it('are made only while somebody looks: then at once, and once a second', async () => {
    const { time, it: stood } = stand();
    time.advance(10_000);
    expect([stood.looks, time.pending]).toEqual([[], 0]);
    const feed = stood.panel.open(true);
    expect((await picture(feed)).periodMs).toBe(0);
    for (const wait of [1_000, 1_000]) {
      time.advance(wait);
      expect((await picture(feed)).periodMs).toBe(wait);
    }
    await feed.return?.();
    expect([stood.rests, time.pending]).toEqual([1, 0]);
    time.advance(10_000);
    expect(stood.looks).toEqual([0, 1_000, 1_000]);
    const again = stood.panel.open(true);
    // What was counted while nobody looked is no rate.
    expect((await picture(again)).periodMs).toBe(0);
    await again.return?.();
  });

  it('are the same for all that look, and who is slow misses some', async () => {
    const { time, it: stood } = stand();
    const [quick, slow] = [stood.panel.open(true), stood.panel.open(true)];
    const first = await picture(quick);
    for (let second = 0; second < 5; second++) {
      time.advance(1_000);
      await picture(quick);
      await turn();
    }
    expect(stood.looks).toHaveLength(6);
    const late = await picture(slow);
    expect(late).not.toBe(first);
    time.advance(1_000);
    expect(await picture(slow)).toBe(await picture(quick));
    await quick.return?.();
    expect(stood.rests).toBe(0);
    await slow.return?.();
    expect(stood.rests).toBe(1);
  });

  it('wait for a server that has only begun to start', async () => {
    const time = new ManualTime();
    const stood = new PanelStand(time);
    const feed = stood.panel.open(true);
    await next(feed);
    const found = next(feed);
    stood.connect();
    expect((await found).kind).toBe('picture');
    await feed.return?.();
  });

  it('have rates and quantiles of what came since the one before', async () => {
    const { time, it: stood } = stand();
    for (let n = 0; n < 100; n++) stood.calls.observe(CALL, 'OK', 9_000);
    const feed = stood.panel.open(true);
    expect((await picture(feed)).calls).toMatchObject([{ total: 100, perSecond: 0, latency: undefined }]);
    for (let n = 0; n < 100; n++) stood.calls.observe(CALL, n < 90 ? 'OK' : 'INTERNO', n < 90 ? 0.2 : 80);
    stood.calls.observe({ ...CALL, operation: 'GET /y' }, 'OK', 1);
    time.advance(1_000);
    const [x, y] = (await picture(feed)).calls;
    expect(x).toMatchObject({ total: 200, errors: 10, perSecond: 100, errorsPerSecond: 10 });
    expect(x?.latency?.p50).toBeGreaterThan(0.1);
    expect(x?.latency?.p50).toBeLessThan(0.25);
    expect(x?.latency?.p95).toBeGreaterThan(25);
    expect(x?.latency?.p99).toBeLessThan(100);
    // An operation that occurs for the first time began with nothing.
    expect(y).toMatchObject({ operation: 'GET /y', total: 1, perSecond: 1 });
    expect(y?.latency?.p50).toBeGreaterThan(0.5);
    time.advance(1_000);
    expect((await picture(feed)).calls[0]).toMatchObject({ total: 200, perSecond: 0, latency: undefined });
    await feed.return?.();
  });

  it('go on after a look that failed', async () => {
    const { time, it: stood } = stand();
    const feed = stood.panel.open(true);
    await picture(feed);
    const { engine } = stood;
    Object.defineProperty(stood, 'engine', {
      configurable: true,
      get: () => {
        throw new Error('nada');
      },
    });
    time.advance(1_000);
    const messages: string[] = [];
    await turn();
    Object.defineProperty(stood, 'engine', { value: engine });
    time.advance(1_000);
    await picture(feed, messages);
    expect(messages).toEqual(['o painel não pôde ser feito']);
    await feed.return?.();
  });
});

describe('events', () => {
  it('tell what the log says to who may see it, and what the pictures show to all', async () => {
    const { time, it: stood } = stand();
    const logger = stood.log.over(stood.logger, false);
    logger.info({ chave: 'segredo' }, 'antes');
    const [all, some] = [stood.panel.open(true), stood.panel.open(false)];
    expect(await next(all)).toMatchObject({
      lost: 0,
      events: [{ number: 1, message: 'antes', source: 'log' }],
    });
    // An empty line tells that there is nothing.
    expect(await next(some)).toEqual({ kind: 'events', lost: 0, events: [] });
    await picture(all);
    await picture(some);
    logger.warn({}, 'durante');
    logger.debug({}, 'para quem programa');
    stood.engine = { ...stood.engine, servers: [...stood.engine.servers, panelPeer('b')] };
    time.advance(1_000);
    const [seen, shown]: [string[], string[]] = [[], []];
    await picture(all, seen);
    await picture(some, shown);
    time.advance(1_000);
    await picture(all, seen);
    await picture(some, shown);
    expect(seen).toEqual(['durante', 'um servidor chegou']);
    expect(shown).toEqual(['um servidor chegou']);
    for (const feed of [all, some]) await feed.return?.();
  });
});
