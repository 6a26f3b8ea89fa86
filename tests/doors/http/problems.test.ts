import { describe, expect, it } from 'vitest';
import { ERROR_CODES, KvsError } from '../../../src/core/errors.js';
import { HTTP_STATUSES, HttpRefusal, problemOf } from '../../../src/doors/http/problems.js';
import { errorLines } from '../error-lines.js';

describe('errors by HTTP', () => {
  it('have a status for every code, and no other', () => {
    expect(Object.keys(HTTP_STATUSES).sort()).toEqual([...ERROR_CODES].sort());
  });

  it.each(ERROR_CODES)('%s has the status that its document says, and is told whole', (code) => {
    expect(errorLines.get(code)?.[5]).toBe(String(HTTP_STATUSES[code]));
    const { status, fields, body } = problemOf(new KvsError(code, 'houve isto: faça aquilo'));
    expect(status).toBe(HTTP_STATUSES[code]);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(fields['content-type']).toBe('application/problem+json; charset=utf-8');
    const told = JSON.parse(String(body)) as Record<string, unknown>;
    expect(told).toMatchObject({ type: 'about:blank', status, codigo: code });
    expect(told['title']).not.toBe('');
    expect(String(told['detail'])).toContain(code === 'INTERNO' ? 'log do servidor' : 'faça aquilo');
  });

  it('keep the cause of an internal error from the client', () => {
    expect(String(problemOf(KvsError.from(new Error('segredo'))).body)).not.toContain('segredo');
  });

  it('say how to authenticate, and when to try again', () => {
    expect(problemOf(new KvsError('NAO_AUTENTICADO', '')).fields['www-authenticate']).toBe('Bearer');
    expect(problemOf(new KvsError('SERVIDOR_SAINDO', '')).fields['retry-after']).toBe('1');
    expect(problemOf(new KvsError('RESULTADO_DESCONHECIDO', '')).fields['retry-after']).toBeUndefined();
  });

  it('of HTTP itself have a status of their own', () => {
    const { status, fields } = problemOf(new HttpRefusal(405, 'aqui não', { allow: 'GET' }));
    expect([status, fields['allow']]).toEqual([405, 'GET']);
  });
});
