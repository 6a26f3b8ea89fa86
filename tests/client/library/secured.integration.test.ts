import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kvs } from '../../../src/client/library/kvs.js';
import type { KvsOptions } from '../../../src/client/library/public.js';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { tokenText } from '../../../src/ports/access.js';
import { accessControl } from '../../../src/security/access/control.js';
import { Transport } from '../../../src/security/tls/transport.js';
import { credential, secretOf, TableStand } from '../../security/access/support.js';
import { TestCertificates } from '../../support/certificates.js';
import type { Pair } from '../../support/certificates.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { freePort } from '../../support/net.js';
import { realTime } from '../../support/real-time.js';

const TOKEN = tokenText('maria', secretOf('maria'));

describe('the library at servers with TLS, certificates of clients and credentials', () => {
  let files: TestCertificates;
  let own: Pair;
  const servers: Doors[] = [];
  const clients: Kvs[] = [];

  beforeAll(async () => {
    files = await TestCertificates.make();
    own = await files.client('programa');
    const { certificate, key } = await files.server('servidor');
    const access = new TableStand(await credential('maria', 'escrita', ['a/']));
    const { logger } = access;
    const tls = await Transport.open({ certificate, key, ca: files.ca }, true, realTime, logger);
    const engine = new MemoryEngine();
    const peers = () => servers.map(({ port }) => ({ address: `127.0.0.1:${port}`, serving: true }));
    for (let n = 0; n < 2; n++) {
      const doors = await startDoors({
        ...{ port: 0, engine, engineHealth: 'kvs.frota', time: realTime, logger },
        ...{ access: accessControl(access.table), tls, peers },
      });
      doors.setServing(true);
      servers.push(doors);
    }
  });
  afterAll(async () => {
    await Promise.all(clients.map((kvs) => kvs.close()));
    await Promise.all(servers.map((doors) => doors.stop(0)));
    await files.remove();
  });

  const secured = (more: KvsOptions = {}): Kvs => {
    const tls = { ca: files.ca, certificate: own.certificate, key: own.key };
    const kvs = new Kvs({ servers: `127.0.0.1:${servers[0]!.port}`, tls, token: TOKEN, ...more });
    clients.push(kvs);
    return kvs;
  };

  it.each<[string, () => KvsOptions, string, string]>([
    ['no certificate', () => ({ tls: { ca: files.ca } }), 'TLS_RECUSADO', 'tls.certificate'],
    ['no authority', () => ({ tls: true }), 'TLS_RECUSADO', 'tls.ca'],
    ['no token', () => ({ token: undefined }), 'NAO_AUTENTICADO', 'credencial'],
    ['a wrong token', () => ({ token: tokenText('maria', secretOf('x')) }), 'NAO_AUTENTICADO', 'credencial'],
  ])('with %s is refused, and says why', async (_, options, code, message) => {
    const kvs = secured(options());
    const refusal = { code, message: expect.stringContaining(message) as string };
    await expect(kvs.put('a/k', 'v')).rejects.toMatchObject(refusal);
    await expect(kvs.watch({ key: 'a/k' }).next()).rejects.toMatchObject(refusal);
  });

  it('shows its token in no error, with all its causes, of a call that reached nobody', async () => {
    const closed = await Promise.all([freePort(), freePort()]);
    const kvs = new Kvs({ servers: closed.map((port) => `127.0.0.1:${port}`), token: TOKEN, timeoutMs: 300 });
    clients.push(kvs);
    const calls = [kvs.put('a/k', 'v'), kvs.get('a/k'), kvs.remove('a/k'), kvs.watch().next()];
    for (const { status, reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
      expect([status, reason]).toMatchObject(['rejected', { code: 'SEM_SERVIDOR' }]);
      expect(inspect(reason, { depth: 10, showHidden: true })).not.toContain(TOKEN);
    }
  });

  it('is refused what its credential does not cover', async () => {
    const kvs = secured();
    await expect(kvs.put('b/k', 'v')).rejects.toMatchObject({ code: 'NAO_AUTORIZADO' });
    await expect(kvs.watch().next()).rejects.toMatchObject({ code: 'NAO_AUTORIZADO' });
  });

  it('finds the other servers, writes, watches, and goes on at them', async () => {
    const kvs = secured({ discover: true, token: () => Promise.resolve(TOKEN) });
    const watch = kvs.watch({ prefix: 'a/' });
    expect((await watch.next()).value).toMatchObject({ type: 'upToDate' });
    await kvs.put('a/1', 'um');
    expect((await watch.next()).value).toMatchObject({ type: 'insert', line: { value: 'um' } });
    await servers[0]!.stop(0);
    await kvs.put('a/2', 'dois');
    let event = await watch.next();
    while (event.value?.type === 'upToDate') event = await watch.next();
    expect(event.value).toMatchObject({ type: 'insert', line: { value: 'dois' } });
  });
});
