import { BlockList, isIP, isIPv4 } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether only this machine reaches an IP address, in any notation. Names are not addresses. */
export function isLoopback(address: string): boolean {
  const plain = address.replace(/%.*$/, '');
  return isIP(plain) !== 0 && LOOPBACK.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
}

/**
 * Whether a token may go to a server unencrypted. Names other than `localhost` may stand for any machine.
 * @param host of the server, as given to the client
 */
export function isOnThisMachine(host: string): boolean {
  return isLoopback(host) || host.toLowerCase() === 'localhost';
}
