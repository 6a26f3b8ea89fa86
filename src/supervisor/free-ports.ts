import { freePort, LOOPBACKS } from '../security/tls/open-ports.js';

/** So many different ports that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort(LOOPBACKS));
  return [...ports];
}
