/** Which requests a web page may have caused. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { repeated } from './repeated.js';
import { requestTarget } from './target.js';

/** What a request says of where it comes from and whom it means. */
interface RequestOrigin {
  /** `Host` or `:authority`. */
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`. */
  readonly fetchSite: string | undefined;
  /** The address of ours that the connection came to. */
  readonly localAddress: string | undefined;
}

/**
 * The same for a call of gRPC, whose clients may go by any name: only a browser says where a request comes from. A page
 * can send one, under a name that was made to lead here, to a port with TLS whose certificate was clicked through.
 */
export function foreignCallProblem(
  { headers, raw, connection }: ForeignCall,
  ownNames: ReadonlySet<string>,
  origins: ReadonlySet<string>,
): string | undefined {
  const { origin, 'sec-fetch-site': site } = headers;
  if (origin === undefined && site === undefined) return undefined;
  const target = requestTarget('/', raw);
  if (target === undefined) return 'o pedido diz a quem se dirige (Host) de duas maneiras';
  const { localAddress } = connection.socket;
  const from = { host: target.host, origin, fetchSite: site?.toString(), localAddress };
  return originProblem(from, ownNames, origins);
}

/** What is looked at of a call. */
interface ForeignCall {
  readonly headers: IncomingHttpHeaders;
  readonly raw: readonly string[];
  readonly connection: { readonly socket: { readonly localAddress?: string | undefined } };
}

const NO_ORIGINS: ReadonlySet<string> = new Set();

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

/**
 * Why a request is refused; `undefined` if it is not. A name of somebody else's may have been made to lead here (DNS
 * rebinding), and a page of another origin may send requests though it cannot read the answers.
 * @param ownNames host names by which people reach this server, beside loopback ones and its own address; in lower case
 * @param origins of pages that may ask all the same; in lower case
 */
export function originProblem(
  from: RequestOrigin,
  ownNames: ReadonlySet<string>,
  origins: ReadonlySet<string> = NO_ORIGINS,
): string | undefined {
  const name = from.host === undefined ? undefined : hostOf(from.host);
  if (name === undefined) return 'o pedido não diz a quem se dirige (Host)';
  const isOwn = LOOPBACK_NAMES.has(name) || ownNames.has(name) || isAddress(name, from.localAddress);
  if (!isOwn) return `este servidor não se chama ${repeated(name)}`;
  if (from.origin !== undefined && origins.has(from.origin.toLowerCase())) return undefined;
  if (from.fetchSite !== undefined && from.fetchSite !== 'same-origin' && from.fetchSite !== 'none') {
    return 'o pedido vem de uma página de outra origem';
  }
  const isForeign = from.origin !== undefined && withoutScheme(from.origin) !== from.host?.toLowerCase();
  return isForeign ? 'o pedido vem de uma página de outra origem' : undefined;
}

/**
 * Whether a person follows a link to a page as a whole, which browsers say: no script, frame or part of another page gets
 * anything of the answer. Pure.
 */
export function isFollowedLink(headers: IncomingHttpHeaders): boolean {
  return (
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document' &&
    headers['sec-fetch-user'] === '?1' &&
    headers.origin === undefined
  );
}

function withoutScheme(origin: string): string {
  return origin.toLowerCase().replace(/^https?:\/\//, '');
}

/** The name or address in `name:port`, as people write it at its shortest; `undefined` if it is malformed. */
function hostOf(authority: string): string | undefined {
  const [, name] = /^(\[[0-9a-f:.]+\]|[^:@/?#[\]\s]+)(?::\d{0,5})?$/i.exec(authority) ?? [];
  if (name === undefined) return undefined;
  if (!name.startsWith('[')) return name.toLowerCase().replace(/\.$/, '');
  const url = `http://${name}/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : undefined;
}

function isAddress(name: string, localAddress: string | undefined): boolean {
  return isIP(name) !== 0 && name === localAddress?.replace(/^::ffff:/i, '').toLowerCase();
}
