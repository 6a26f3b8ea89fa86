import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/core/limits.js';
import { BurstLog } from '../../../../src/ports/burst-log.js';
import { PublishWindow } from '../../../../src/mqtt/publish-window.js';
import { ManualTime } from './manual-time.js';
import { LogRecorder } from './support.js';

describe('BurstLog', () => {
  it('writes the first at once and one summary per period while it lasts', () => {
    const time = new ManualTime();
    const log = new LogRecorder();
    const burst = new BurstLog(time, log, 'inválida');
    for (let i = 0; i < 1000; i++) burst.report(i % 2 ? 'JSON' : 'UTF8', `o${i}`);
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatchObject({ fields: { motivo: 'UTF8', origem: 'o0' }, message: 'inválida' });
    time.advance(limits.burstLogMs);
    expect(log.lines).toHaveLength(2);
    expect(log.lines[1]).toMatchObject({
      fields: { mais: { JSON: 500, UTF8: 499 } },
      message: 'inválida (resumo)',
    });
    expect((log.lines[1]?.fields as { origens: string[] }).origens).toHaveLength(8);
    time.advance(limits.burstLogMs);
    expect(log.lines).toHaveLength(2);
    expect(time.pending).toBe(0);
    burst.report('JSON', 'o1');
    expect(log.lines).toHaveLength(3);
  });
});

describe('PublishWindow', () => {
  it('is bounded for each lane and tells each caller once', () => {
    const window = new PublishWindow(new ManualTime(), 2);
    const told: boolean[] = [];
    const first = window.take('batch', (taken) => told.push(taken));
    expect(window.take('batch', undefined)).toBeDefined();
    expect(window.take('batch', undefined)).toBeUndefined();
    expect(window.take('control', undefined)).toBeDefined();
    if (!first) throw new Error('no place');
    window.settle(first, true);
    window.settle(first, false);
    expect(told).toEqual([true]);
    expect(window.take('batch', undefined)).toBeDefined();
  });

  it('tells in time, and keeps the place until the broker answers', () => {
    const time = new ManualTime();
    const window = new PublishWindow(time, 1);
    const told: boolean[] = [];
    const ticket = window.take('batch', (taken) => told.push(taken));
    time.advance(limits.publishTimeoutMs);
    expect(told).toEqual([false]);
    expect(window.take('batch', undefined)).toBeUndefined();
    if (ticket) window.settle(ticket, true);
    expect(told).toEqual([false]);
    expect(window.size).toBe(0);
    expect(time.pending).toBe(0);
  });

  it('loses everything with the connection, and drains', async () => {
    const time = new ManualTime();
    const window = new PublishWindow(time, 5);
    const told: boolean[] = [];
    for (let i = 0; i < 3; i++) window.take('control', (taken) => told.push(taken));
    const drained = window.drained(1000);
    window.loseAll();
    await drained;
    expect(told).toEqual([false, false, false]);
    expect(time.pending).toBe(0);
  });

  it('waits for the rest no longer than it was told', async () => {
    const time = new ManualTime();
    const window = new PublishWindow(time, 5);
    window.take('control', undefined);
    const drained = window.drained(1000);
    time.advance(1000);
    await drained;
    expect(window.size).toBe(1);
  });
});
