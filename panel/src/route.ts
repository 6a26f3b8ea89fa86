import { signal } from '@preact/signals';

/** The views of the page, in the order in which they are offered. */
export const VIEWS = ['agora', 'chaves', 'numeros', 'eventos'] as const;
export type View = (typeof VIEWS)[number];

/** Where the reader is: a view, and in that of keys the key that is open. */
interface RoutePlace {
  readonly view: View;
  readonly key: string | undefined;
}

/** Longest key that the address bar carries; longer ones stay in memory. */
const ADDRESS_KEY_CHARS_MAX = 1024;

/** The place that the part of an address after `#` names. Pure. */
function placeOf(hash: string): RoutePlace {
  const [, name = '', rest = ''] = /^#\/([a-z]*)(?:\/(.*))?$/s.exec(hash) ?? [];
  const view = VIEWS.find((one) => one === name) ?? 'agora';
  if (view !== 'chaves' || rest === '') return { view, key: undefined };
  try {
    return { view, key: decodeURIComponent(rest) };
  } catch {
    return { view, key: undefined };
  }
}

/** The part of the address after `#` for a place. Pure. */
export function hashOf({ view, key }: RoutePlace): string {
  // Half a character cannot be encoded; no key of a server holds one.
  const isCarried = key !== undefined && key.length <= ADDRESS_KEY_CHARS_MAX && !/\p{Cs}/u.test(key);
  return isCarried && key !== '' ? `#/${view}/${encodeURIComponent(key)}` : `#/${view}`;
}

export const place = signal<RoutePlace>({ view: 'agora', key: undefined });

/** Follows the address from now on, also when the reader goes back. */
export function followAddress(): void {
  place.value = placeOf(location.hash);
  addEventListener('hashchange', () => {
    if (location.hash !== hashOf(place.value)) place.value = placeOf(location.hash);
  });
}

/** Goes to a place; the reader may come back from it. */
export function go(to: RoutePlace): void {
  place.value = to;
  if (location.hash !== hashOf(to)) location.hash = hashOf(to);
}
