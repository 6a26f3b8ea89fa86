import { describe, expect, it } from 'vitest';
import {
  ageText,
  parseAge,
  parseVersions,
  RetentionRules,
  retentionOf,
  retentionText,
} from '../../src/core/retention.js';
import type { RetentionRule } from '../../src/core/retention.js';

describe('bounds of a retention', () => {
  it('reads ages in days, hours, minutes and seconds, and writes them the same', () => {
    for (const [text, ageMs] of [
      ['30d', 2_592_000_000],
      ['12h', 43_200_000],
      ['90m', 5_400_000],
      ['45s', 45_000],
    ] as const) {
      expect(parseAge(text)).toBe(ageMs);
      expect(ageText(ageMs)).toBe(text);
    }
    expect(ageText(86_400_000)).toBe('1d');
    for (const bad of ['0d', '1', 'd', '1.5h', '-1s', '1w', ' 1d', '999999999d'])
      expect(parseAge(bad)).toBeUndefined();
  });

  it('reads numbers of versions from 1 to what a key may have', () => {
    expect(parseVersions('1')).toBe(1);
    expect(parseVersions('1000000')).toBe(1_000_000);
    for (const bad of ['0', '-1', '1000001', '1e3', '', '2.5']) expect(parseVersions(bad)).toBeUndefined();
  });
});

describe('the stored setting', () => {
  const rules: readonly RetentionRule[] = [
    { prefix: '', versions: 3 },
    { prefix: 'log/', ageMs: 86_400_000 },
    { prefix: 'tmp/', versions: 10, ageMs: 60_000 },
  ];

  it('is JSON that people can read, and comes back', () => {
    const text = retentionText(rules);
    expect(text.split('\n')).toHaveLength(3);
    expect(text).toContain('{"prefixo":"log/","idade":"1d"}');
    expect(retentionOf(text)).toEqual(rules);
    expect(retentionOf(retentionText([]))).toEqual([]);
  });

  it.each([
    ['nada', 'não é JSON'],
    ['{}', 'não é uma lista'],
    ['[1]', 'não é um objeto'],
    ['[{"versoes":1}]', '"prefixo"'],
    ['[{"prefixo":"a"}]', 'falta "versoes" ou "idade"'],
    ['[{"prefixo":"a","versoes":0}]', 'de 1 a 1000000'],
    ['[{"prefixo":"a","versoes":"3"}]', 'de 1 a 1000000'],
    ['[{"prefixo":"a","idade":30}]', '30d, 12h'],
    ['[{"prefixo":"a","versoes":1,"idadde":"1d"}]', 'campo desconhecido "idadde"'],
    ['[{"prefixo":"a","versoes":1},{"prefixo":"a","versoes":2}]', 'duas regras'],
    [JSON.stringify(Array.from({ length: 101 }, (_, n) => ({ prefixo: `${n}`, versoes: 1 }))), 'mais de 100'],
  ])('refuses %s', (text, why) => {
    expect(() => retentionOf(text)).toThrow(why);
  });
});

describe('the rule of a key', () => {
  it('is that of the longest prefix, of the stored setting before the option', () => {
    const rules = new RetentionRules(
      [
        { prefix: '', versions: 9 },
        { prefix: 'log/', versions: 5 },
      ],
      [
        { prefix: 'log/', ageMs: 1000 },
        { prefix: 'log/longo/', versions: 100 },
      ],
    );
    expect(rules.boundOf('outra')).toMatchObject({ versions: 9 });
    expect(rules.boundOf('log/x')).toEqual({ prefix: 'log/', ageMs: 1000 });
    expect(rules.boundOf('log/longo/x')).toMatchObject({ versions: 100 });
    expect(new RetentionRules([{ prefix: 'log/', versions: 1 }]).boundOf('lo')).toBeUndefined();
    expect(new RetentionRules([]).isEmpty).toBe(true);
  });

  it("leaves the servers' own keys alone unless it names them", () => {
    expect(new RetentionRules([{ prefix: '', versions: 1 }]).boundOf('$kvs/retencao')).toBeUndefined();
    expect(new RetentionRules([{ prefix: '$kvs/', versions: 1 }]).boundOf('$kvs/retencao')).toBeDefined();
  });
});
