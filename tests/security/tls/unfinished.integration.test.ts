import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { tlsLimits } from '../../../src/security/tls/limits.js';
import { RefusedConnections } from '../../../src/security/tls/acceptor.js';
import { plainFront } from '../../../src/security/tls/plain-acceptor.js';
import { RecordingLogger } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { realTime } from '../../support/real-time.js';

it('connections that say nothing are bounded also where they come from one port to many addresses', async () => {
  const refused = new RefusedConnections('teste', realTime, new RecordingLogger());
  const front = plainFront({ refused, onSocket: () => undefined });
  const server = createServer(front.accept);
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  const ports: (number | undefined)[] = [];
  for (let n = 0; n < tlsLimits.handshakes + 20; n++) {
    const host = `127.1.${String(1 + (n >> 7))}.${String(1 + (n & 127))}`;
    const socket = connect({ host, port, localAddress: '127.0.0.1', localPort: ports[0] });
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    ports.push(socket.localPort);
  }
  expect(new Set(ports).size).toBe(1);
  await eventually('the first of them give way', () => refused.counts.APERTO_LENTO === 20);
  front.cutUnfinished();
  await new Promise((resolve) => server.close(resolve));
}, 30_000);
