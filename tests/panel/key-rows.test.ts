import { describe, expect, it } from 'vitest';
import { KeyRows, keyRowOf } from '../../panel/src/keys/key-rows.js';
import type { LineJson } from '../../src/doors/http/schemas.js';

const line = (chave: string, versao: number, origem = 'a'): LineJson => ({
  ...{ chave, valor: `valor ${versao}`, versao, ts: versao, origem, servidor: origem },
  ...{ expira: 0, atual: true, irma: false, estavel: true },
});
const row = (chave: string, versao: number, origem = 'a') => keyRowOf(line(chave, versao, origem), 20);

/** What the list shows, in its order. */
function shown(rows: KeyRows): string[] {
  return Array.from({ length: rows.length }, (_, at) => `${rows.at(at)?.chave} ${rows.at(at)?.versao}`);
}

describe('the rows of a list of keys', () => {
  it('take a change wherever it belongs, and nothing beyond the last page', () => {
    const rows = new KeyRows();
    rows.append([row('b', 1), row('d', 1)]);
    expect(rows.put(row('c', 1))).toBe(true);
    expect(rows.put(row('e', 1))).toBe(false);
    expect(rows.put(row('a', 1))).toBe(true);
    expect(shown(rows)).toEqual(['a 1', 'b 1', 'c 1', 'd 1']);
    rows.isWhole = true;
    expect(rows.put(row('e', 1))).toBe(true);
    expect(rows.indexOf('e')).toBe(4);
    expect(rows.indexOf('x')).toBe(-1);
  });

  it('show the last version in the order, whatever comes first', () => {
    const rows = new KeyRows();
    rows.append([row('k', 5)]);
    expect(rows.put(row('k', 4))).toBe(false);
    expect(rows.put(row('k', 6))).toBe(true);
    // A page that was read before the change.
    rows.append([row('k', 5), row('m', 1)]);
    expect(shown(rows)).toEqual(['k 6', 'm 1']);
  });

  it('mark a sibling that comes before the one shown', () => {
    const rows = new KeyRows();
    rows.append([row('k', 5, 'b')]);
    expect(rows.put(row('k', 5, 'a'))).toBe(true);
    expect(rows.at(0)).toMatchObject({ origem: 'b', irma: true });
  });

  it('take what the server says of a key that lost versions', () => {
    const rows = new KeyRows();
    rows.append([row('a', 3), row('b', 3)]);
    rows.set('a', undefined);
    rows.set('b', row('b', 2));
    rows.set('z', row('z', 1));
    expect(shown(rows)).toEqual(['b 2']);
  });
});
