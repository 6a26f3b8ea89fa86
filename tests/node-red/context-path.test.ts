import { describe, expect, it } from 'vitest';
import { contextPath, partOf, withPart } from '../../node-red/src/context-path.js';

describe('keys of a context', () => {
  it.each<[string, unknown[]]>([
    ['a', ['a']],
    ['a.b', ['a', 'b']],
    ['a[0].b', ['a', 0, 'b']],
    ['a["b c"]', ['a', 'b c']],
    [`a['b.c'][1]`, ['a', 'b.c', 1]],
    ['casa/sala-1', ['casa/sala-1']],
    ['olá', ['olá']],
  ])('%s is %j', (key, path) => {
    expect(contextPath(key)).toEqual(path);
  });

  it.each([
    '',
    '.a',
    'a.',
    'a..b',
    '[0]',
    'a[',
    'a[]',
    'a[b]',
    'a["b]',
    'a b',
    'a[0]b',
    '__proto__',
    'a.__proto__.b',
  ])('%j is refused as Node-RED refuses it', (key) => {
    expect(() => contextPath(key)).toThrow(expect.objectContaining({ code: 'INVALID_EXPR' }) as Error);
  });
});

describe('parts of a value', () => {
  const room = { nome: 'sala', luzes: ['ON', 'OFF'] };

  it('are read where there are any, and nothing that every object has', () => {
    expect(partOf(room, ['luzes', 1])).toBe('OFF');
    expect(partOf(room, [])).toBe(room);
    for (const path of [['x'], ['nome', 'length'], ['luzes', 2], ['constructor'], ['nome', 'x', 'y']])
      expect(partOf(room, path)).toBeUndefined();
    expect(partOf(null, ['a'])).toBeUndefined();
  });

  it('are written, made and taken away, without a change of the value that was read', () => {
    const before = JSON.stringify(room);
    expect(withPart(room, ['luzes', 0], 'X')).toEqual({ nome: 'sala', luzes: ['X', 'OFF'] });
    expect(withPart(room, ['luzes', 2], 'X')).toMatchObject({ luzes: ['ON', 'OFF', 'X'] });
    expect(withPart(room, ['luzes', 0], undefined)).toMatchObject({ luzes: ['OFF'] });
    expect(withPart(room, ['nome'], undefined)).toEqual({ luzes: ['ON', 'OFF'] });
    expect(withPart(undefined, ['a', 0, 'b'], 1)).toEqual({ a: [{ b: 1 }] });
    expect(withPart(undefined, ['a', 'b'], undefined)).toBeUndefined();
    expect(JSON.stringify(room)).toBe(before);
  });

  it('are refused where nothing holds them, and where an index leaves a gap', () => {
    expect(() => withPart(room, ['nome', 'x'], 1)).toThrow();
    expect(() => withPart(room, ['luzes', 'x'], 1)).toThrow();
    expect(() => withPart(room, ['luzes', 4_000_000_000], 1)).toThrow();
    expect(() => withPart(undefined, ['a', 7], 1)).toThrow();
  });
});
