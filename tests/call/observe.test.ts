import { describe, expect, it } from 'vitest';
import { CallCounts } from '../../src/call/observe.js';
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
    expect([...counts.all()][0]).toEqual({
      door: 'grpc',
      operation: 'a',
      outcome: 'OK',
      count: 2,
      totalMs: 5,
    });
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
