/** Which requests a web page may have caused. Pure. */
import { isIP } from 'node:net';

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

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

/**
 * Why a request is refused; `undefined` if it is not. A name of somebody else's may have been made to lead here (DNS
 * rebinding), and a page of another origin may send requests though it cannot read the answers.
 * @param ownNames host names by which people reach this server, beside loopback ones and its own address
 */
export function originProblem(from: RequestOrigin, ownNames: ReadonlySet<string>): string | undefined {
  const name = from.host === undefined ? undefined : hostOf(from.host);
  if (name === undefined) return 'o pedido não diz a quem se dirige (Host)';
  const isOwn = LOOPBACK_NAMES.has(name) || ownNames.has(name) || isAddress(name, from.localAddress);
  if (!isOwn) return `este servidor não se chama ${name}`;
  if (from.fetchSite !== undefined && from.fetchSite !== 'same-origin' && from.fetchSite !== 'none') {
    return 'o pedido vem de uma página de outra origem';
  }
  const isForeign = from.origin !== undefined && from.origin.replace(/^https?:\/\//, '') !== from.host;
  return isForeign ? 'o pedido vem de uma página de outra origem' : undefined;
}

/** The name or address in `name:port`, in lower case and without brackets; `undefined` if it is malformed. */
function hostOf(authority: string): string | undefined {
  const [, name] = /^(\[[0-9a-f:.]+\]|[^:@/?#\s]+)(?::\d{1,5})?$/i.exec(authority) ?? [];
  return name
    ?.toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

function isAddress(name: string, localAddress: string | undefined): boolean {
  return isIP(name) !== 0 && name === localAddress?.replace(/^::ffff:/i, '').toLowerCase();
}
