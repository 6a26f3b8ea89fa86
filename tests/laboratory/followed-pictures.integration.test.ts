import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { followPictures } from '../../src/supervisor/picture.js';
import { eventually } from '../support/eventually.js';

describe('how a server says that it is', () => {
  it('is read again where the stream breaks off, or did not begin', async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests++;
      if (requests === 1) response.destroy();
      else if (requests === 2) response.writeHead(503).end('no JSON');
      else {
        const line = { tipo: 'quadro', dados: { chaves: requests, versoes: 1 }, broker: { aqui: true } };
        response.write(`${JSON.stringify(line)}\n`, () => {
          if (requests === 3) response.destroy();
        });
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const keys: [number, boolean][] = [];
    const end = followPictures((server.address() as AddressInfo).port, {
      onOrigin: () => undefined,
      onPicture: (picture) => keys.push([picture.keys, picture.isBroker]),
    });
    await eventually('it is read after each failure', () => keys.length === 2);
    expect(keys).toEqual([
      [3, true],
      [4, true],
    ]);
    end();
    const closed = once(server, 'close');
    server.close();
    // The last stream ends with whoever reads it.
    await closed;
    expect(requests).toBe(4);
  });
});
