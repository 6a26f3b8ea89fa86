import { describe, expect, it } from 'vitest';
import { Reloads } from '../../src/app/reload.js';
import { KvsError } from '../../src/core/errors.js';
import type { Logger } from '../../src/ports/logger.js';

function recorder(): {
  readonly logger: Logger;
  readonly lines: [level: string, text: string, fields: object][];
} {
  const lines: [string, string, object][] = [];
  const to = (level: string) => (fields: object, text: string) => {
    lines.push([level, text, fields]);
  };
  return { logger: { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') }, lines };
}

describe('what SIGHUP reloads', () => {
  it('everything is reloaded in the order of registration, with one line each', async () => {
    const { logger, lines } = recorder();
    const ran: string[] = [];
    const reloads = new Reloads();
    expect(reloads.isEmpty).toBe(true);
    reloads.add('certificados', async () => {
      await Promise.resolve();
      ran.push('certificados');
    });
    reloads.add('credenciais', () => {
      ran.push('credenciais');
    });
    await reloads.run(logger);
    expect(ran).toEqual(['certificados', 'credenciais']);
    expect(lines.map(([level, text]) => [level, text])).toEqual([
      ['info', 'recarregado: certificados'],
      ['info', 'recarregado: credenciais'],
    ]);
  });

  it('what is unusable stays as it was, is reported with its reason, and does not stop the others', async () => {
    const { logger, lines } = recorder();
    const ran: string[] = [];
    const reloads = new Reloads();
    reloads.add('certificados', () => Promise.reject(new KvsError('CONFIGURACAO', 'o certificado venceu')));
    reloads.add('credenciais', () => {
      throw new Error('bug');
    });
    reloads.add('chave', () => {
      ran.push('chave');
    });
    await reloads.run(logger);
    expect(ran).toEqual(['chave']);
    expect(lines).toMatchObject([
      [
        'error',
        'continua como estava: certificados',
        { codigo: 'CONFIGURACAO', motivo: 'o certificado venceu' },
      ],
      ['error', 'continua como estava: credenciais', { codigo: 'INTERNO' }],
      ['info', 'recarregado: chave', { recarga: 'chave' }],
    ]);
  });

  it('signals during a reload cause exactly one more reload', async () => {
    const { logger } = recorder();
    let runs = 0;
    const reloads = new Reloads();
    reloads.add('certificados', async () => {
      runs++;
      if (runs > 1) return;
      for (let i = 0; i < 5; i++) void reloads.run(logger);
      await Promise.resolve();
    });
    await reloads.run(logger);
    expect(runs).toBe(2);
    await reloads.run(logger);
    expect(runs).toBe(3);
  });
});
