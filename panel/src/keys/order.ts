import type { LineJson } from '../../../src/doors/http/schemas.js';

/** Keys in the order of code points, as the server lists them: halves of characters beyond U+FFFF come last. Pure. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}

/** A UTF-16 unit so that units compare as code points do: surrogates after all others. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** What the order of a key's versions looks at. */
type Ordered = Pick<LineJson, 'versao' | 'ts' | 'origem'>;

/** The order (version, timestamp, origin): the last one answers a query. */
export function compareVersions(a: Ordered, b: Ordered): number {
  return a.versao - b.versao || a.ts - b.ts || compareKeys(a.origem, b.origem);
}

/** Tells versions of one key apart. */
export function versionName({ versao, ts, origem }: Ordered): string {
  return `${versao} ${ts} ${origem}`;
}

/** The first place in a sorted list whose item does not come before. @param compare an item with what is looked for */
export function placeIn<T>(items: readonly T[], compare: (item: T) => number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(items[middle] as T) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
