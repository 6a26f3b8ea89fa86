import { describe, expect, it } from 'vitest';
import { parseFleetKeys } from '../../../../src/engines/fleet/bus/seal/key-text.js';
import { KvsError } from '../../../../src/core/errors.js';
import { testKey } from './seal-support.js';

const [a, b] = [testKey('a'), testKey('b')];

function messageOf(text: string): string {
  try {
    parseFleetKeys(text, 'chaves.txt');
  } catch (error) {
    expect(error).toBeInstanceOf(KvsError);
    expect((error as KvsError).code).toBe('CONFIGURACAO');
    return (error as KvsError).message;
  }
  return 'aceita';
}

describe('keys as text', () => {
  it.each([
    ['hexadecimal', a.toString('hex')],
    ['capitals', a.toString('hex').toUpperCase()],
    ['base64', a.toString('base64')],
    ['base64 of URLs, with blanks around it', `\r\n  ${a.toString('base64url')} \n\n`],
  ])('reads %s', (_name, text) => {
    expect(parseFleetKeys(text, 'x')).toEqual([a]);
  });

  it('reads two lines in their order', () => {
    const text = `${b.toString('base64')}\n${a.toString('hex')}\n`;
    expect(parseFleetKeys(text, 'x')).toEqual([b, a]);
  });

  it.each([
    ['', 'não há chave nenhuma'],
    ['\n \n', 'não há chave nenhuma'],
    [[a, b, testKey('c')].map((key) => key.toString('hex')).join('\n'), 'há 3 chaves'],
    [a.subarray(1).toString('hex'), 'a chave 1 tem 31 bytes'],
    [`${a.toString('hex')}\nsenha`, 'a chave 2 tem 3 bytes'],
    ['não é chave', 'há 3 chaves'],
    ['minha-senha!', 'a chave 1 não é hexadecimal nem base64'],
    [a.toString('hex').slice(1), 'a chave 1 não é hexadecimal nem base64'],
    [Buffer.alloc(32, 7).toString('hex'), 'a chave 1 é fraca'],
    ['0123456789'.repeat(10), 'a chave 1 é fraca'],
    [Buffer.alloc(2000, a).toString('hex'), 'cabem 1024'],
    [`${a.toString('hex')}\n${a.toString('base64')}`, 'as duas chaves são a mesma'],
  ])('refuses the wrong ones in one line, without what they hold', (text, why) => {
    const message = messageOf(text);
    expect(message).toContain('chaves.txt: ');
    expect(message).toContain(why);
    expect(message).not.toContain('\n');
    expect(message).not.toContain(a.toString('hex').slice(0, 8));
    expect(message).not.toContain('senha');
  });
});
