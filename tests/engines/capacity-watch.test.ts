import { beforeEach, describe, expect, it } from 'vitest';
import { CapacityWatch } from '../../src/engines/capacity-watch.js';
import type { Usage } from '../../src/ports/capacity.js';
import { ServerTime, World } from '../support/sim-time.js';
import { LogRecorder } from './fleet/bus/support.js';

describe('the watch over limits', () => {
  let world: World;
  let log: LogRecorder;
  let now: readonly Usage[];
  let far: boolean[];
  let watch: CapacityWatch;

  beforeEach(() => {
    [world, log, now, far] = [new World(), new LogRecorder(), [], []];
    const time = new ServerTime(world, 1, 0, () => undefined);
    watch = new CapacityWatch({ capacity: () => now }, time, log, (is) => far.push(is));
    watch.start();
  });

  const entries = (used: number, refused = 0): readonly Usage[] => [
    { name: 'entradas', used, limit: 100, refused },
  ];
  /** What is said in the next seconds. */
  const said = (usage: readonly Usage[]): readonly string[] => {
    now = usage;
    const before = log.lines.length;
    for (const until = world.nowMs + 3_500; world.step(until););
    return log.lines.slice(before).map(({ level, message }) => `${level}: ${message.split(':')[0]}`);
  };

  it('says once that a limit is near, reached, near again and far', () => {
    expect(said(entries(79))).toEqual([]);
    expect(said(entries(80))).toEqual(['warn: perto do limite']);
    expect(said(entries(97))).toEqual([]);
    expect(said(entries(100, 1))).toEqual(['error: limite atingido']);
    expect(said(entries(100, 500))).toEqual([]);
    expect(said(entries(97, 500))).toEqual(['info: há espaço de novo']);
    expect(said(entries(100, 500))).toEqual(['error: limite atingido']);
    expect(said(entries(3, 500))).toEqual(['info: há espaço de novo']);
    expect(far).toEqual([true, false, true]);
  });

  it('is not talkative where a figure swings around a threshold', () => {
    said(entries(80));
    for (const used of [79, 81, 78, 80, 76]) expect(said(entries(used))).toEqual([]);
    expect(said(entries(74))).toEqual(['info: há espaço de novo']);
    said(entries(100));
    for (const used of [99, 100, 99]) expect(said(entries(used))).toEqual([]);
  });

  it('takes a refusal below the limit for reached: the write itself was what did not fit', () => {
    said(entries(95, 0));
    expect(said(entries(95, 1))).toEqual(['error: limite atingido', 'info: há espaço de novo']);
  });

  it('names a key in the log alone: any caller may read its warnings', () => {
    said([{ name: 'versoes', key: 'segredo', used: 90, limit: 100, refused: 0 }]);
    expect(log.lines.at(-1)).toMatchObject({ fields: { chave: 'segredo' } });
    expect(watch.warnings()).toEqual([
      expect.stringContaining('versões de uma chave (o log diz qual): 90 de 100'),
    ]);
    expect(watch.warnings().join()).not.toContain('segredo');
  });

  it('warns of origins from a tenth on', () => {
    const origins = (used: number): readonly Usage[] => [{ name: 'origens', used, limit: 1000, refused: 0 }];
    expect(said(origins(99))).toEqual([]);
    expect(said(origins(100))).toEqual(['warn: perto do limite']);
    expect(far).toEqual([true, false]);
  });

  it('names a key, shortened, and forgets it once it is not named any more', () => {
    const key = 'k'.repeat(5_000);
    const of = (used: number): readonly Usage[] => [{ name: 'versoes', key, used, limit: 100, refused: 0 }];
    expect(said(of(85))).toEqual(['warn: perto do limite']);
    expect(log.lines.at(-1)?.fields).toMatchObject({ chave: 'k'.repeat(100), usado: 85, porCento: 85 });
    expect(said(of(10))).toEqual(['info: há espaço de novo']);
    expect(said([])).toEqual([]);
    expect(far).toEqual([true, false, true]);
  });
});
