/** Whom and what a request means. Pure. */

interface Target {
  /** Name and port of the server; `undefined` if the request does not say. */
  readonly host: string | undefined;
  /** Without the query. */
  readonly path: string;
  /** What follows the question mark; `undefined` without one. */
  readonly query: string | undefined;
}

/** `http://name:port/path`, which every server must understand (RFC 9112, 3.2.2), as proxies are asked. */
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * @param url as in the first line of the request, or `:path`
 * @param raw names and values of the header fields in turn
 * @returns `undefined` if the request names several hosts: whoever stands between may go by another one than we
 */
export function requestTarget(url: string, raw: readonly string[]): Target | undefined {
  let host: string | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    if (!isHostField(raw[at] ?? '')) continue;
    const named = raw[at + 1]?.toLowerCase();
    if (host !== undefined && host !== named) return undefined;
    host = named;
  }
  let target = url;
  if (!url.startsWith('/')) {
    const [, authority, rest] = ABSOLUTE.exec(url) ?? [];
    if (authority !== undefined) {
      if (host !== undefined && host !== authority.toLowerCase()) return undefined;
      host = authority.toLowerCase();
      target = rest ?? '';
    }
  }
  const end = target.indexOf('#');
  if (end >= 0) target = target.slice(0, end);
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  return { host, path: path || '/', query: mark < 0 ? undefined : target.slice(mark + 1) };
}

function isHostField(name: string): boolean {
  return (
    (name.length === 4 && name.toLowerCase() === 'host') ||
    (name.length === 10 && name.toLowerCase() === ':authority')
  );
}
