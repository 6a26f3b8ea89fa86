import { describe, expect, it } from 'vitest';
import { pinoLogger } from '../../src/app/logger.js';
import type { LogLevel } from '../../src/config/server-options.js';

function logged(level: LogLevel): unknown[] {
  const lines: string[] = [];
  const logger = pinoLogger(level, { write: (line) => lines.push(line) });
  logger.debug({ n: 1 }, 'd');
  logger.info({ n: 2, senha: 'x', broker: { password: 'y' } }, 'i');
  logger.warn({ n: 3 }, 'w');
  logger.error({ err: new Error('quebrou') }, 'e');
  return lines.map((line): unknown => JSON.parse(line));
}

describe('the log', () => {
  it('is one line of JSON per record, with level, time, fields and message, and without secrets', () => {
    const lines = logged('debug');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toEqual({
      nivel: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
      n: 2,
      senha: '[Redacted]',
      broker: { password: '[Redacted]' },
      mensagem: 'i',
    });
    expect(lines[3]).toMatchObject({ nivel: 'error', err: { message: 'quebrou' }, mensagem: 'e' });
  });

  it.each<[LogLevel, number]>([
    ['info', 3],
    ['warn', 2],
    ['error', 1],
    ['silent', 0],
  ])('at level %s has %i of four lines', (level, count) => {
    expect(logged(level)).toHaveLength(count);
  });
});
