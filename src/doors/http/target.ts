/** Whom and what a request means. Pure. */

interface Target {
  /** Name and port of the server; `undefined` if the request does not say. */
  readonly host: string | undefined;
  /** Without the query. */
  readonly path: string;
}

const HOST_FIELDS: ReadonlySet<string> = new Set([':authority', 'host']);

/** `http://name:port/path`, which every server must understand (RFC 9112, 3.2.2), as proxies are asked. */
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * @param url as in the first line of the request, or `:path`
 * @param raw names and values of the header fields in turn
 * @returns `undefined` if the request names several hosts: whoever stands between may go by another one than we
 */
export function requestTarget(url: string, raw: readonly string[]): Target | undefined {
  const hosts = new Set<string>();
  for (let at = 0; at < raw.length; at += 2) {
    if (HOST_FIELDS.has(raw[at]?.toLowerCase() ?? '')) hosts.add(raw[at + 1]?.toLowerCase() ?? '');
  }
  const [, authority, rest] = ABSOLUTE.exec(url) ?? [];
  if (authority !== undefined) hosts.add(authority.toLowerCase());
  if (hosts.size > 1) return undefined;
  const [host] = hosts;
  const [path = ''] = (rest ?? url).split(/[?#]/);
  return { host, path: path || '/' };
}
