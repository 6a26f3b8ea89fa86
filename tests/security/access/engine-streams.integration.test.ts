import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accessLimits } from '../../../src/security/access/limits.js';
import { DoorClient } from '../../support/door-client.js';
import { etcdAvailable } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { KvsClient } from '../../support/kvs-client.js';
import { MensagemClient } from '../../support/mensagem-client.js';
import { grpcCalls } from './calls.js';
import type { Call } from './calls.js';
import { STANDS } from './guarded-stands.js';
import type { EngineName, GuardedStand } from './guarded-stands.js';
import { bearer } from './people.js';

/** What is open when a credential is revoked, by every door of every engine: it ends, is counted, and changes nothing more. */

// Partitions offer no sessions, and no portal.
const ENGINES = (Object.keys(STANDS) as EngineName[]).filter((name) => name !== 'particoes');

/** Enough that the server cannot have sent all of it to somebody who does not read. */
const LARGE_ROWS = 60;
const LARGE_CHARS = 60_000;

describe.each(ENGINES)('%s', (engine) => {
  describe.skipIf(engine === 'consenso' && !etcdAvailable())('a credential revoked meanwhile', () => {
    let stand: GuardedStand;
    let calls: readonly Call[];
    const clients: { close(): void }[] = [];

    beforeAll(async () => {
      stand = await STANDS[engine]();
      calls = grpcCalls();
    }, 90_000);
    afterEach(() => stand.revoke());
    afterAll(async () => {
      for (const client of clients) client.close();
      await stand.close();
    }, 30_000);

    const open = <T extends DoorClient>(client: T, who = 'rita'): T => {
      client.metadata.set('authorization', bearer(who));
      clients.push(client);
      return client;
    };
    const admin = (server: number): KvsClient => open(new KvsClient(stand.ports[server]!), 'raiz');

    /** What the servers have, when both have the same. */
    const state = async (): Promise<string> => {
      await stand.settle();
      return stand.state();
    };
    const counted = (): number => stand.access.table.refusals.NAO_AUTENTICADO;

    it('ends every open stream at its next request', async () => {
      const raiz = admin(0);
      const streams = calls.filter(({ service, method }) => service![method]!.requestStream);
      expect(streams.length).toBe(3 + 2 * 3 + 1 + 1 + 2);
      for (const { name, service, method, request } of streams) {
        for (const port of stand.ports) {
          for (const key of ['a/k1', 'a/k2']) await raiz.insere(key, 'valor');
          await stand.settle();
          const call = open(new DoorClient(service!, port)).open<object>(method);
          const answers: object[] = [];
          const ended = new Promise<number>((resolve) => {
            call.on('status', ({ code }: { readonly code: number }) => {
              resolve(code);
            });
          });
          call.on('error', () => undefined);
          call.on('data', (answer: object) => answers.push(answer));
          call.write(request('a/k1'));
          await eventually(`an answer of ${name}`, () => answers.length === 1);
          const [before, refused] = [await state(), counted()];
          stand.revoke('rita');
          call.write(request('a/k2'));
          expect([name, await ended]).toEqual([name, status.UNAUTHENTICATED]);
          expect([name, answers.length, counted() - refused]).toEqual([name, 1, 1]);
          expect([name, await state()]).toEqual([name, before]);
          stand.revoke();
        }
      }
    });

    it('ends every walk at its next row', async () => {
      const raiz = admin(0);
      const rows = Array.from(
        { length: LARGE_ROWS },
        (_, i) => [`a/g/${String(i)}`, 'x'.repeat(LARGE_CHARS)] as const,
      );
      await raiz.insereVarias(rows);
      await stand.settle();
      const walks = calls.filter(({ method }) => ['Snapshot', 'Exporta', 'GetRange'].includes(method));
      expect(walks.length).toBe(4);
      for (const { name, service, method, request } of walks) {
        for (const port of stand.ports) {
          const client = open(new DoorClient(service!, port));
          const call = client.openStream<object>(method, method === 'GetRange' ? request('a/') : request(''));
          const ended = new Promise<number>((resolve) => {
            call.on('status', ({ code }: { readonly code: number }) => {
              resolve(code);
            });
          });
          call.on('error', () => undefined);
          let shown = 0;
          await new Promise<void>((resolve) => {
            call.on('data', () => {
              if (++shown > 1) return;
              call.pause();
              resolve();
            });
          });
          const refused = counted();
          stand.revoke('rita');
          call.resume();
          expect([name, await ended]).toEqual([name, status.UNAUTHENTICATED]);
          expect(shown).toBeLessThan(LARGE_ROWS);
          expect([name, counted() - refused]).toEqual([name, 1]);
          stand.revoke();
        }
      }
    });

    it('ends a watch within a second, although nothing comes', async (context) => {
      context.skip(stand.engines[0]!.capabilities.watches !== true, 'nothing can be watched');
      const { service, method, request } = calls.find(({ method: rpc }) => rpc === 'Observa')!;
      const watches = stand.ports.map((port) => {
        const client = open(new DoorClient(service!, port));
        const call = client.openStream<{ readonly tipo: string }>(method, request('a/k1'));
        const events: string[] = [];
        call.on('error', () => undefined);
        call.on('data', ({ tipo }: { readonly tipo: string }) => events.push(tipo));
        const ended = new Promise<number>((resolve) => {
          call.on('status', ({ code }: { readonly code: number }) => {
            resolve(code);
          });
        });
        return { events, ended };
      });
      await eventually('all watches to be up to date', () =>
        watches.every(({ events }) => events.includes('EM_DIA')),
      );
      const refused = counted();
      stand.revoke('rita');
      stand.access.time.advance(accessLimits.watchCheckMs);
      expect(await Promise.all(watches.map(({ ended }) => ended))).toEqual(
        watches.map(() => status.UNAUTHENTICATED),
      );
      expect(counted() - refused).toBe(watches.length);
    });

    it('is refused on an open connection of Mensagem', async () => {
      for (const address of stand.addresses) {
        const client = await MensagemClient.open(address);
        clients.push(client);
        const credencial = bearer('rita').replace('Bearer ', '');
        const put = { tipo: 'PUT', chave: 'a/k1', valor: 'valor', credencial };
        expect(await client.ask(put)).toMatchObject({ tipo: 'PUT_OK' });
        const [before, refused] = [await state(), counted()];
        stand.revoke('rita');
        expect(await client.ask(put)).toMatchObject({ tipo: 'ERROR', codigo: 'NAO_AUTENTICADO' });
        expect(await client.ask({ ...put, tipo: 'GET', timestamp: 0 })).toMatchObject({
          codigo: 'NAO_AUTENTICADO',
        });
        expect(counted() - refused).toBe(2);
        expect(await state()).toBe(before);
        stand.revoke();
        expect(await client.ask(put)).toMatchObject({ tipo: 'PUT_OK' });
      }
    });
  });
});
