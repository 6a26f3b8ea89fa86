import { describe, expect, it } from 'vitest';
import { permits } from '../../../src/ports/access.js';
import { guardEngine } from '../../../src/security/access/guarded-engine.js';
import { OpenWatches } from '../../../src/security/access/open-watches.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { realTime } from '../../support/real-time.js';
import { verbs } from '../../support/verbs.js';

const NFC = '\u00e9';
const NFD = 'e\u0301';

describe('what a prefix covers', () => {
  it.each<[prefix: string, key: string, covered: boolean]>([
    ['', '', true],
    ['', 'qualquer', true],
    ['a', 'a', true],
    ['a', 'ab', true],
    ['a', 'b', false],
    ['a', '', false],
    ['a/', 'a/', true],
    ['a/', 'a/b', true],
    ['a/', 'a', false],
    ['a/', 'ab', false],
    ['a/', 'ab/', false],
    ['a/', 'A/b', false],
    ['a/', 'a\\b', false],
    ['a/', ' a/b', false],
    ['a/', '\ufeffa/b', false],
    ['a/', 'a\u2215b', false],
    ['a/', '\uff41/b', false],
    ['a/', '\u0430/b', false],
    // Nothing is a path: no segment means anything.
    ['a/', 'a/../b', true],
    ['a/', './a/b', false],
    ['a/', 'a%2Fb', false],
    [`${NFC}/`, `${NFC}/x`, true],
    [`${NFC}/`, `${NFD}/x`, false],
    [`${NFD}/`, `${NFC}/x`, false],
    ['ß', 'SS', false],
    ['i', 'İ', false],
    ['\u212b', '\u00c5', false],
    ['\ud83d\ude00', '\ud83d\ude00x', true],
    ['\ud83d\ude00', '\ud83d\ude01', false],
    ['a\0', 'a\0b', true],
    ['a\0', 'a', false],
  ])('%j and the key %j: %s', (prefix, key, covered) => {
    const engine = new MemoryEngine();
    const identity = { name: 'alguem', role: 'escrita', prefixes: [prefix], valid: true } as const;
    const caller = guardEngine(engine, () => undefined, new OpenWatches(realTime))(identity);
    const insert = (): unknown => verbs(caller).insert(key, 'v');
    if (covered) expect(insert).not.toThrow();
    else expect(insert).toThrow(expect.objectContaining({ code: 'NAO_AUTORIZADO' }) as Error);
    expect(engine.calls).toBe(covered ? 1 : 0);
    expect(permits({ ...identity, role: 'leitura' }, 'read', key)).toBe(covered);
  });
});
