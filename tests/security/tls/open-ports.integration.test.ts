import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort, LOOPBACKS, openPorts } from '../../../src/security/tls/open-ports.js';
import type { Hosts, OpenPorts } from '../../../src/security/tls/open-ports.js';
import { eventually } from '../../support/eventually.js';
import { accepts, hasIPv6 } from '../../support/net.js';

const [V4, V6] = LOOPBACKS;
const bothLoopbacks = await hasIPv6();

describe('one port on several addresses', () => {
  const opened: OpenPorts[] = [];
  const accepted: Socket[] = [];

  const open = async (host: Hosts, port: number): Promise<OpenPorts> => {
    const ports = await openPorts({
      ...{ host, port },
      accept: (socket) => accepted.push(socket.on('error', () => undefined)),
      onError: () => undefined,
    });
    opened.push(ports);
    return ports;
  };
  afterEach(async () => {
    for (const socket of accepted.splice(0)) socket.destroy();
    await Promise.all(opened.splice(0).map((ports) => ports.close()));
  });

  it.skipIf(!bothLoopbacks)('port 0 is the same on all, and connections to any are accepted', async () => {
    const { port } = await open(LOOPBACKS, 0);
    expect(await Promise.all(LOOPBACKS.map((host) => accepts(port, host)))).toEqual([true, true]);
    await eventually('both are let in', () => accepted.length === 2);
  });

  it.skipIf(!bothLoopbacks)('an address given is only that one', async () => {
    const { port } = await open(V4, 0);
    expect(await accepts(port, V6)).toBe(false);
  });

  it('an address that the machine does not have is left out if there is another', async () => {
    // Set aside for documents: nobody has it.
    const { port } = await open([V4, '2001:db8::1'], 0);
    expect(await accepts(port)).toBe(true);
    await expect(open('2001:db8::1', 0)).rejects.toMatchObject({ code: 'CONFIGURACAO' });
  });

  it.skipIf(!bothLoopbacks).each([
    [V4, V6],
    [V6, V4],
  ])('in use only on %s: in use, and %s stays free', async (taken, other) => {
    const port = await freePort(LOOPBACKS);
    await open(taken, port);
    const address = taken === V6 ? `[${V6}]` : V4;
    await expect(open(LOOPBACKS, port)).rejects.toMatchObject({
      code: 'PORTA_EM_USO',
      message: `a porta já está em uso: ${address}:${port}`,
    });
    expect(await accepts(port, other)).toBe(false);
  });

  it.skipIf(!bothLoopbacks)('nobody gets in while an address is missing, nor stays afterwards', async () => {
    const port = await freePort(LOOPBACKS);
    await open(V6, port);
    let over = false;
    const visitors: Socket[] = [];
    const visit = (): void => {
      if (over) return;
      visitors.push(
        connect(port, V4)
          .on('error', () => undefined)
          .on('close', visit),
      );
    };
    visit();
    for (let n = 0; n < 20; n++) {
      await expect(open(LOOPBACKS, port)).rejects.toMatchObject({ code: 'PORTA_EM_USO' });
    }
    over = true;
    expect(accepted).toHaveLength(0);
    await eventually('all are parted', () => visitors.every(({ destroyed }) => destroyed));
  });

  it('of many that want it at once one has it, whole', async () => {
    const port = await freePort(LOOPBACKS);
    const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => open(LOOPBACKS, port)));
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await accepts(port)).toBe(true);
    if (bothLoopbacks) expect(await accepts(port, V6)).toBe(true);
  });
});
