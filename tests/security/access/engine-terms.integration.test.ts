import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accessLimits } from '../../../src/security/access/limits.js';
import { etcdAvailable } from '../../support/etcd.js';
import type { Demands } from '../../support/terms-client.js';
import { grpcCalls, Guest } from './calls.js';
import type { Call, Outcome } from './calls.js';
import { STANDS } from './guarded-stands.js';
import type { EngineName, GuardedStand } from './guarded-stands.js';
import { bearer, NOBODIES } from './people.js';
import type { Who } from './people.js';

/**
 * Sessions, confirmations and request ids of callers with a prefix, over every engine: they work within the prefix, open
 * nothing outside it, and are no credentials: whoever has somebody else's token or id may do what they might without.
 */

// Partitions offer no sessions, and no portal.
const ENGINES = (Object.keys(STANDS) as EngineName[]).filter((name) => name !== 'particoes');
const TRAILING_TOKEN = /^(?:f1|c2)\./;

/** Later than any server's start: what has this id is known to be remembered, if it was there. */
const BEGUN_MS = Date.now() + 60_000;
let ids = 0;
/** A request id that nobody has used. */
function newId(): string {
  return `${BEGUN_MS.toString(36)}-engine-terms-${String(++ids)}`;
}

describe.each(ENGINES)('%s', (engine) => {
  describe.skipIf(engine === 'consenso' && !etcdAvailable())('what known callers demand', () => {
    let stand: GuardedStand;
    let calls: readonly Call[];
    const guest = new Guest();

    beforeAll(async () => {
      stand = await STANDS[engine]();
      calls = grpcCalls();
    }, 90_000);
    afterAll(async () => {
      guest.close();
      await stand.close();
    }, 30_000);
    afterEach(() => stand.revoke());
    beforeEach(async () => {
      for (const key of ['a/k1', 'b/k1'])
        expect(await as('raiz', 0, 'kvs.KVS/Insere', key)).toMatchObject({ code: 'OK' });
      await stand.settle();
    });

    const make = (
      authorization: string | undefined,
      server: number,
      name: string,
      request: object | undefined,
      demands: Demands,
    ) => {
      stand.access.time.advance(accessLimits.attemptMs);
      const call = calls.find((one) => one.name === name)!;
      return guest.make(call, stand.ports[server]!, request ?? call.request(''), {
        authorization,
        ...demands,
      });
    };
    const as = (
      who: Who,
      server: number,
      name: string,
      key: string,
      demands: Demands = {},
    ): Promise<Outcome> => {
      const call = calls.find((one) => one.name === name)!;
      return make(bearer(who), server, name, call.request(key), demands);
    };
    const insert = (
      who: Who,
      server: number,
      chave: string,
      valor: string,
      demands: Demands = {},
    ): Promise<Outcome> => make(bearer(who), server, 'kvs.KVS/Insere', { chave, valor }, demands);

    const state = async (): Promise<string> => {
      await stand.settle();
      return stand.state();
    };

    /** Every version of every key. */
    const exported = async (): Promise<readonly object[]> => {
      await stand.settle();
      return (await as('raiz', 0, 'kvs.Copia/Exporta', '')).replies;
    };

    /** Runs what must be refused so, counted once, and change nothing. */
    const refused = async (code: string, attempt: () => Promise<Outcome>): Promise<Outcome> => {
      const before = await state();
      const counted = { ...stand.access.table.refusals };
      const outcome = await attempt();
      expect(outcome).toMatchObject({ code, replies: [] });
      if (code === 'NAO_AUTENTICADO' || code === 'NAO_AUTORIZADO') counted[code]++;
      expect(stand.access.table.refusals).toEqual(counted);
      expect(await state()).toBe(before);
      return outcome;
    };

    describe('sessions', () => {
      it('go from server to server within the prefix', async () => {
        for (const server of [0, 1]) {
          const valor = `valor ${String(server)}`;
          const written = await insert('maria', server, 'a/k1', valor, { sessao: 'nova' });
          expect(written).toMatchObject({ code: 'OK', extras: [expect.stringMatching(TRAILING_TOKEN)] });
          const [sessao = ''] = written.extras;
          const read = await as('maria', 1 - server, 'kvs.KVS/Consulta', 'a/k1', { sessao });
          expect(read).toMatchObject({
            code: 'OK',
            replies: [{ valor }],
            extras: [expect.stringMatching(TRAILING_TOKEN)],
          });
          for (const name of ['KeyValueStore/GetAll', 'KeyValueStore/GetRange', 'kvs.KVS/ConsultaVarias']) {
            const outcome = await as('maria', 1 - server, name, 'a/k1', { sessao });
            expect([name, outcome.code, JSON.stringify(outcome.replies)]).toEqual([
              name,
              'OK',
              expect.stringContaining(valor),
            ]);
          }
        }
      });

      it('show nothing outside it, by any call', async () => {
        const { extras } = await insert('raiz', 0, 'b/k1', 'segredo', { sessao: 'nova' });
        const [sessao = ''] = extras;
        for (const { name, needs, request } of calls) {
          for (const server of [0, 1]) {
            const ask = () => make(bearer('maria'), server, name, request('b/k1'), { sessao });
            if (needs === 'walk') {
              const { code, replies } = await ask();
              expect([name, code]).toEqual([name, 'OK']);
              expect(replies.length).toBeGreaterThan(0);
              for (const row of replies)
                expect(row).toMatchObject({ chave: expect.stringMatching(/^a\//) as string });
            } else if (needs !== 'known') {
              const { extras: given, reason } = await refused('NAO_AUTORIZADO', ask);
              expect(given.filter((extra) => !TRAILING_TOKEN.test(extra))).toEqual([]);
              expect(reason).not.toContain('segredo');
            }
          }
        }
      });

      it('of one caller give another what that one may have anyway', async () => {
        const written = await insert('maria', 0, 'a/k1', 'de maria', { sessao: 'nova' });
        const [sessao = ''] = written.extras;
        expect(await as('jose', 1, 'kvs.KVS/Consulta', 'a/k1', { sessao })).toMatchObject({
          code: 'OK',
          replies: [{ valor: 'de maria' }],
        });
        await refused('NAO_AUTORIZADO', () => insert('jose', 1, 'a/k1', 'de jose', { sessao }));
        await refused('NAO_AUTORIZADO', () => as('ana', 1, 'kvs.KVS/Consulta', 'a/k1', { sessao }));
        await refused('NAO_AUTORIZADO', () => as('srv', 1, 'kvs.KVS/Snapshot', '', { sessao }));
        const shown = await as('ana', 1, 'kvs.KVS/Snapshot', '', { sessao });
        expect(shown.replies).toMatchObject([{ chave: 'b/k1' }]);
        for (const authorization of Object.values(NOBODIES)) {
          for (const { name, request } of calls) {
            const ask = () => make(authorization, 1, name, request('a/k1'), { sessao });
            expect((await refused('NAO_AUTENTICADO', ask)).extras).toEqual([]);
          }
        }
      });

      // Replicas are asked, and not waited for.
      it.skipIf(engine === 'consenso')('are waited for, and then it is asked again who waits', async () => {
        const { extras } = await insert('raiz', 0, 'b/k1', 'um', { sessao: 'nova' });
        // As one that has seen the write after this one.
        const next = (seq: string): string => (parseInt(seq, 36) + 1).toString(36);
        const sessao = extras[0]!.replace(/(?<=^f1\..*:)[0-9a-z]+$/, next);
        expect(sessao).not.toBe(extras[0]);
        const counted = stand.access.table.refusals.NAO_AUTENTICADO;
        let isOver = false;
        const waiting = insert('rita', 1, 'a/k1', 'tarde', { sessao }).finally(() => (isOver = true));
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(isOver).toBe(false);
        stand.revoke('rita');
        await insert('raiz', 0, 'b/k1', 'dois');
        expect(await waiting).toMatchObject({ code: 'NAO_AUTENTICADO', replies: [] });
        expect(stand.access.table.refusals.NAO_AUTENTICADO).toBe(counted + 1);
        stand.revoke();
        expect(JSON.stringify(await exported())).not.toContain('tarde');
      });

      it('see the portal through the same rules', async () => {
        const aluno = { matricula: '11921BSI209', nome: 'Maria' };
        const made = await make(bearer('paula'), 0, 'project.PortalAdministrativo/NovoAluno', aluno, {
          sessao: 'nova',
        });
        expect(made).toMatchObject({ code: 'OK' });
        const [sessao = ''] = made.extras;
        const look = (who: Who) =>
          make(
            bearer(who),
            1,
            'project.PortalAdministrativo/ObtemAluno',
            { id: aluno.matricula },
            { sessao },
          );
        for (const who of ['paula', 'pedro', 'tania'] as const)
          expect(await look(who)).toMatchObject({ replies: [aluno] });
        for (const who of ['alice', 'maria', 'srv'] as const)
          await refused('NAO_AUTORIZADO', () => look(who));
        const rename = (who: Who) =>
          make(
            bearer(who),
            1,
            'project.PortalAdministrativo/EditaAluno',
            { ...aluno, nome: 'Mal' },
            { sessao },
          );
        for (const who of ['pedro', 'tania', 'alice', 'ana'] as const)
          await refused('NAO_AUTORIZADO', () => rename(who));
      });
    });

    describe('confirmations', () => {
      it('are had within the prefix, and told of nothing outside it', async () => {
        for (const server of [0, 1]) {
          expect(await insert('maria', server, 'a/k1', 'confirmado', { confirmacao: 1 })).toMatchObject({
            code: 'OK',
            extras: [],
          });
          for (const { name, needs, request } of calls.filter(({ needs: need }) => need.includes('write'))) {
            const ask = (who: Who) => () =>
              make(bearer(who), server, name, request('b/k1'), { confirmacao: 1, prazo: 200 });
            expect([name, (await refused('NAO_AUTORIZADO', ask('maria'))).extras]).toEqual([name, []]);
            if (needs === 'write') await refused('NAO_AUTORIZADO', ask('jose'));
          }
        }
      });
    });

    describe('request ids', () => {
      it('are honoured for who may write the key, and for nobody else', async () => {
        const pedido = newId();
        const first = await insert('maria', 0, 'a/k1', 'uma vez', { pedido });
        if (stand.engines[0]!.capabilities.remembersRequests !== true) {
          expect(first).toMatchObject({ code: 'NAO_SUPORTADO' });
        } else {
          expect(first).toMatchObject({ code: 'OK', extras: [pedido] });
          // From memory, also on the other server once it knows.
          const before = await exported();
          expect(await insert('maria', 0, 'a/k1', 'uma vez', { pedido, tentativa: 2 })).toEqual(first);
          expect(await insert('raiz', 0, 'a/k1', 'uma vez', { pedido, tentativa: 2 })).toEqual(first);
          await stand.settle();
          expect(await insert('maria', 1, 'a/k1', 'uma vez', { pedido, tentativa: 2 })).toEqual(first);
          expect(await exported()).toEqual(before);
        }
        for (const server of [0, 1]) {
          for (const tentativa of [1, 2, 9]) {
            const replay = (authorization: string | undefined) => () =>
              make(
                authorization,
                server,
                'kvs.KVS/Insere',
                { chave: 'a/k1', valor: 'uma vez' },
                { pedido, tentativa },
              );
            for (const authorization of Object.values(NOBODIES)) {
              expect((await refused('NAO_AUTENTICADO', replay(authorization))).extras).toEqual([]);
            }
            if (first.code !== 'OK') continue;
            for (const who of ['jose', 'ana', 'srv', 'tania'] as const) {
              expect((await refused('NAO_AUTORIZADO', replay(bearer(who)))).extras).toEqual([]);
            }
            // Nor is it told of, or undone, by whoever names a key of their own.
            const own = () => insert('ana', server, 'b/k1', 'uma vez', { pedido, tentativa });
            expect((await refused('PEDIDO_REPETIDO', own)).extras).toEqual([]);
          }
        }
        const row = (await as('maria', 1, 'kvs.KVS/Consulta', 'a/k1')).replies[0] as {
          readonly versao: number;
        };
        if (first.code === 'OK') expect(row).toMatchObject({ ...first.replies[0], valor: 'uma vez' });
      });

      // The others do not write while they are apart.
      it.runIf(engine.startsWith('frota'))(
        'of one caller undo nothing of another, also when servers meet that were apart',
        async () => {
          const pedido = newId();
          await stand.apart!(async () => {
            expect(await insert('maria', 0, 'a/k1', 'de maria', { pedido })).toMatchObject({ code: 'OK' });
            const later = { pedido, tentativa: 9 };
            expect(await insert('ana', 1, 'b/k1', 'de ana', later)).toMatchObject({ code: 'OK' });
          });
          await stand.settle();
          for (const server of [0, 1]) {
            const read = (key: string) => as('raiz', server, 'kvs.KVS/Consulta', key);
            expect(await read('a/k1')).toMatchObject({ replies: [{ valor: 'de maria' }] });
            expect(await read('b/k1')).toMatchObject({ replies: [{ valor: 'de ana' }] });
          }
        },
      );

      it('on streams tell strangers no more than anything else', async () => {
        for (const { name, request, service, method } of calls) {
          const { requestStream, responseStream } = service![method]!;
          if (!requestStream && !responseStream) continue;
          const ask = () => make(undefined, 0, name, request('a/k1'), { pedido: newId() });
          expect((await refused('NAO_AUTENTICADO', ask)).extras).toEqual([]);
        }
      });
    });
  });
});
