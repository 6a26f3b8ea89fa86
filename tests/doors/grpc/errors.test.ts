import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { exitOf } from '../../../src/cli/exit.js';
import { ERROR_CODES, KvsError } from '../../../src/core/errors.js';
import { reason } from '../../../src/call/reason.js';
import { errorTrailer, GRPC_OUTCOMES, grpcStatus } from '../../../src/doors/grpc/errors.js';
import { errorLines } from '../error-lines.js';

describe('errors', () => {
  it('has an outcome and a line in the document for every code, and no other', () => {
    expect(Object.keys(GRPC_OUTCOMES).sort()).toEqual([...ERROR_CODES].sort());
    expect([...errorLines.keys()].sort()).toEqual([...ERROR_CODES].sort());
  });

  it.each(ERROR_CODES)('documents %s as it is', (code) => {
    const [, , meaning, over, grpc, , exit] = errorLines.get(code) ?? [];
    expect(meaning).not.toBe('');
    expect(over).toBe(GRPC_OUTCOMES[code].expected ? 'answer' : 'status');
    expect(grpc).toBe(status[GRPC_OUTCOMES[code].status]);
    expect(exit).toBe(String(exitOf(code)));
  });

  it('never uses OK for an error', () => {
    for (const code of ERROR_CODES) expect(GRPC_OUTCOMES[code].status).not.toBe(status.OK);
  });

  it('sends reasons as ASCII that decodes to the same', () => {
    const text = reason(new KvsError('CHAVE_INEXISTENTE', 'a chave não existe: "ção", 100%'));
    const sent = errorTrailer(text)['kvs-erro'];
    expect(sent).toMatch(/^[\x20-\x7e]+$/);
    expect(decodeURIComponent(String(sent))).toBe('CHAVE_INEXISTENTE: a chave não existe: "ção", 100%');
  });

  it('survives lone surrogates and messages of any length', () => {
    const outcome = grpcStatus(new KvsError('LIMITE_MEMORIA', `\ud800${'😀'.repeat(5000)}`));
    expect(outcome.details.length).toBeLessThan(600);
    expect(String(outcome.trailers?.['kvs-erro']).length).toBeLessThan(6000);
    expect(encodeURI(outcome.details)).not.toBe('');
  });

  it('keeps the cause of an internal error from the client', () => {
    const outcome = grpcStatus(KvsError.from(new Error('secret')));
    expect(outcome.trailers).toHaveProperty('kvs-erro');
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });
});
