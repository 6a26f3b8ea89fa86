import { describe, expect, it } from 'vitest';
import { CallCounts } from '../../src/call/observe.js';
import { DURATION_BOUNDS_MS, Durations } from '../../src/core/durations.js';
import { KvsError } from '../../src/core/errors.js';
import { RecordingLogger } from '../support/doors.js';
import { memoryCall, outcomesOf } from '../support/memory-call.js';

describe('what is counted of each call', () => {
  it('is kept by door, operation and outcome, with the total time', () => {
    const counts = new CallCounts(new RecordingLogger());
    counts.observe(memoryCall({ operation: 'a' }), 'OK', 2);
    counts.observe(memoryCall({ operation: 'a' }), 'OK', 3);
    counts.observe(memoryCall({ operation: 'a' }), 'SEM_MAIORIA', 1);
    counts.observe(memoryCall({ door: 'mensagem', operation: 'a' }), 'ABANDONADO', 0);
    expect(outcomesOf(counts)).toEqual(['grpc a OK 2', 'grpc a SEM_MAIORIA 1', 'mensagem a ABANDONADO 1']);
    const [first] = counts.all();
    expect(first).toMatchObject({ door: 'grpc', operation: 'a', outcome: 'OK' });
    expect(first?.durations).toMatchObject({ count: 2, totalMs: 5 });
  });

  it('falls into the bucket that its duration does not exceed, and longer ones into the last', () => {
    const durations = new Durations();
    const bounds = DURATION_BOUNDS_MS;
    for (const boundMs of bounds) durations.add(boundMs);
    expect(durations.buckets).toEqual([...bounds.map(() => 1), 0]);
    for (const tookMs of [0, 0.051, 1e9]) durations.add(tookMs);
    expect([durations.buckets[0], durations.buckets[1], durations.buckets.at(-1)]).toEqual([2, 2, 1]);
    expect(durations.count).toBe(bounds.length + 3);
  });

  it('logs an unexpected error, with the text of the door', () => {
    const logger = new RecordingLogger();
    const { observe } = new CallCounts(logger);
    const cause = new Error('defeito');
    for (const door of ['grpc', 'mensagem', 'portal'] as const) {
      observe(memoryCall({ door }), 'INTERNO', 0, KvsError.from(cause));
      observe(memoryCall({ door }), 'SEM_MAIORIA', 0, new KvsError('SEM_MAIORIA', 'esperado'));
    }
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'erro interno ao atender um pedido',
      'erro interno ao atender um pedido',
      'erro interno no portal',
    ]);
    expect(logger.lines.map(({ fields }) => fields)).toEqual([
      { err: cause },
      { err: cause },
      { err: cause },
    ]);
  });
});
