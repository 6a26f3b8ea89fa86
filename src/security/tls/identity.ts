import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { PeerCertificate } from 'node:tls';

/**
 * Checks that a certificate is for this name or address. Node.js 22 (22.23) finds no IPv6 address in any certificate,
 * so OpenSSL looks for those. @returns the reason if it is not
 */
export function checkIdentity(name: string, shown: PeerCertificate): Error | undefined {
  if (!isIPv6(name)) return checkServerIdentity(name, shown);
  if (new X509Certificate(shown.raw).checkIP(name) !== undefined) return undefined;
  const error = new Error(`${name} is not among the addresses of the certificate`);
  return Object.assign(error, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
}
