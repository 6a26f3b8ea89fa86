import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { EmbeddedBroker } from '../../src/mqtt/embedded-broker.js';
import { accepts, freePort, hasIPv6 } from '../support/net.js';
import { realTime } from '../support/real-time.js';
import { LogRecorder } from '../engines/fleet/bus/support.js';
import type { Report } from './takeover-child.js';

const bothLoopbacks = await hasIPv6();
const HOSTING = 'nenhum broker encontrado: broker embutido iniciado neste processo';

class Child {
  readonly reports: Report[] = [];
  private readonly process: ChildProcess;

  constructor(
    readonly origin: string,
    port: number,
  ) {
    const path = fileURLToPath(new URL('./takeover-child.ts', import.meta.url));
    this.process = fork(path, [origin, String(port)], { execArgv: ['--import', 'tsx'], stdio: 'inherit' });
    this.process.on('message', (report: Report) => this.reports.push(report));
  }

  count(kind: Report['kind'], text?: string): number {
    return this.reports.filter((r) => r.kind === kind && (text === undefined || r.text === text)).length;
  }
  get hosting(): boolean {
    return this.count('log', HOSTING) > 0;
  }
  get ended(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }
  order(what: number | 'stop'): void {
    this.process.send(what);
  }
  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }
}

describe('the broker embedded in one of the servers', () => {
  let children: Child[] = [];

  const start = async (port: number, ...origins: string[]): Promise<Child[]> => {
    const started = origins.map((origin) => new Child(origin, port));
    children.push(...started);
    for (const child of started) await eventually(`${child.origin} up`, () => child.count('up') > 0, 20_000);
    return started;
  };
  let seq = 1;
  const reaches = async (from: Child, to: Child): Promise<void> => {
    await eventually(`${from.origin} reaches ${to.origin}`, () => {
      if (to.count('batch', `${from.origin}:${seq}`) > 0) return true;
      from.order(seq);
      return false;
    });
    seq++;
  };

  afterEach(async () => {
    for (const child of children) child.signal('SIGKILL');
    for (const child of children) await eventually('ended', () => child.ended);
    children = [];
  });

  it('is started by exactly one of those that start together, on both loopbacks', async () => {
    const port = await freePort();
    const started = await start(port, 'oA', 'oB', 'oC');
    expect(started.filter(({ hosting }) => hosting)).toHaveLength(1);
    expect(await accepts(port)).toBe(true);
    if (bothLoopbacks) expect(await accepts(port, '::1')).toBe(true);
    const [a, b, c] = started as [Child, Child, Child];
    await reaches(a, b);
    await reaches(b, c);
    await reaches(c, a);
  });

  it('is taken over by a survivor within two seconds after kill -9, again and again', async () => {
    let alive = await start(await freePort(), 'oA', 'oB', 'oC');
    while (alive.length > 1) {
      const [host] = alive.filter(({ hosting, ended }) => hosting && !ended) as [Child];
      alive = alive.filter((child) => child !== host);
      const before = alive.map((child) => child.count('up'));
      const start = performance.now();
      host.signal('SIGKILL');
      await eventually('all back', () => alive.every((child, i) => child.count('up') > (before[i] ?? 0)));
      expect(performance.now() - start).toBeLessThan(2_000);
      expect(alive.filter(({ hosting }) => hosting)).toHaveLength(1);
      const [first, last] = [alive[0], alive.at(-1)];
      if (first && last && first !== last) await reaches(first, last);
    }
  });

  it('is taken over when its server stops in good order, which the others are told first', async () => {
    const port = await freePort();
    const [a] = (await start(port, 'oA')) as [Child];
    const [b, c] = (await start(port, 'oB', 'oC')) as [Child, Child];
    expect(a.hosting).toBe(true);
    a.order('stop');
    await eventually('ended by itself', () => a.ended);
    expect(a.count('stopped')).toBe(1);
    await eventually('told', () => b.count('leave', 'oA') === 1 && c.count('leave', 'oA') === 1);
    await eventually('back', () => b.count('up') > 1 && c.count('up') > 1);
    await reaches(b, c);
    await reaches(c, b);
  });

  it.skipIf(!bothLoopbacks)('is the one that somebody else has on one of the loopbacks', async () => {
    const port = await freePort();
    const options = { host: '::1', port, time: realTime, logger: new LogRecorder() };
    const elsewhere = await EmbeddedBroker.start(options);
    const [a, b] = (await start(port, 'oA', 'oB')) as [Child, Child];
    expect([a, b].some(({ hosting }) => hosting)).toBe(false);
    expect(await accepts(port)).toBe(false);
    await reaches(a, b);
    await elsewhere.stop();
    await eventually('one of them has it', () => a.hosting || b.hosting);
    await reaches(a, b);
    await reaches(b, a);
  });

  it('counts as gone while its process is frozen, and serves again when it wakes', async () => {
    const port = await freePort();
    const [a] = (await start(port, 'oA')) as [Child];
    const [b, c] = (await start(port, 'oB', 'oC')) as [Child, Child];
    a.signal('SIGSTOP');
    await eventually('noticed', () => b.count('down') === 1 && c.count('down') === 1, 15_000);
    expect([b, c].some(({ hosting }) => hosting)).toBe(false);
    // The port is still taken: the system accepts for the frozen process.
    expect(await accepts(port)).toBe(true);
    a.signal('SIGCONT');
    await eventually('back', () => b.count('up') > 1 && c.count('up') > 1, 15_000);
    await reaches(b, c);
  });
});
