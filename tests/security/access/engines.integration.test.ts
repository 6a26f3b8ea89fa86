import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/ports/engine.js';
import { accessLimits } from '../../../src/security/access/limits.js';
import { etcdAvailable } from '../../support/etcd.js';
import { redisAvailable } from '../../support/redis-cluster.js';
import { grpcCalls, Guest, MENSAGEM_CALLS } from './calls.js';
import type { Call, Outcome } from './calls.js';
import { STANDS } from './guarded-stands.js';
import type { EngineName, GuardedStand } from './guarded-stands.js';
import { bearer, EVERYBODY, may, NFC, NFD, NOBODIES } from './people.js';
import type { Who } from './people.js';

/** The same table of attempts by every door of every engine: each has its refusal, is counted, and changes nothing. */

/** Keys that are there before anybody tries anything. */
const INSIDE = 'a/k1';
const SEED = [INSIDE, 'b/k1', 'b/z', 'abc', 'A/k1', `${NFC}/k1`, `${NFD}/k1`, 'portal/aluno/41921BSI000'];

/** Keys that look like those of maria, who has `a/` and an e with an acute accent as one code point. */
const ESCAPES = [
  ...['b/k1', 'abc', 'a.k1', 'A/k1', ' a/k1', '/a/k1', './a/k1', '../a/k1', 'a%2Fk1', 'a\\k1', 'a\0/k1'],
  ...['\u0430/k1', '\uff41/k1', 'a\u2215k1', '\ufeffa/k1', `${NFD}/k1`, 'portal/aluno/1'],
];

/** Ranges that no one prefix of theirs covers, though their ends may each lie within one. */
const RANGES: readonly (readonly [from: string, to: string])[] = [
  ['a/', 'b/'],
  ['a', 'a/z'],
  ['', '\u{10ffff}'],
  ['a/k1', `${NFC}/k1`],
  ['b/', 'b/z'],
  ['a/z', 'A/'],
];

const ENGINES = Object.keys(STANDS) as EngineName[];

const isMissing = (engine: EngineName): boolean =>
  (engine === 'consenso' && !etcdAvailable()) || (engine === 'particoes' && !redisAvailable());

describe.each(ENGINES)('%s', (engine) => {
  describe.skipIf(isMissing(engine))('with credentials', { timeout: 90_000 }, () => {
    let stand: GuardedStand;
    let calls: readonly Call[];
    const guest = new Guest();

    beforeAll(async () => {
      stand = await STANDS[engine]();
      calls = grpcCalls();
      // No portal without steps of several keys.
      if (stand.engines[0]!.capabilities.commits === 'none')
        calls = calls.filter(({ needs }) => !needs.startsWith('portal'));
      if (stand.addresses.length > 0) calls = [...calls, ...MENSAGEM_CALLS];
      for (const chave of SEED) {
        expect(await as('raiz', callNamed('kvs.KVS/Insere'), 0, chave)).toMatchObject({ code: 'OK' });
      }
      await stand.settle();
    }, 90_000);
    afterAll(async () => {
      guest.close();
      await stand.close();
    }, 30_000);

    const callNamed = (name: string): Call => calls.find((call) => call.name === name)!;

    /** Every server that offers a call. */
    const serversOf = ({ service }: Call): readonly (number | string)[] =>
      service === undefined ? stand.addresses : stand.ports;

    const ask = (call: Call, at: number | string, request: object, authorization: string | undefined) => {
      // Whoever fails once a second is told so each time.
      stand.access.time.advance(accessLimits.attemptMs);
      return guest.make(call, at, request, { authorization });
    };
    const as = (who: Who, call: Call, server: number, key: string): Promise<Outcome> =>
      ask(call, serversOf(call)[server]!, call.request(key), bearer(who));

    /** All versions of all keys, as an administrator exports them from each server. */
    const contents = async (): Promise<readonly (readonly object[])[]> => {
      await stand.settle();
      const all = await Promise.all(
        stand.ports.map((_, server) => as('raiz', callNamed('kvs.Copia/Exporta'), server, '')),
      );
      for (const { code } of all) expect(code).toBe('OK');
      return all.map(({ replies }) => replies);
    };

    const refusals = (): number => {
      const { NAO_AUTENTICADO, NAO_AUTORIZADO, LIMITE_TENTATIVAS } = stand.access.table.refusals;
      expect(LIMITE_TENTATIVAS).toBe(0);
      return NAO_AUTENTICADO + NAO_AUTORIZADO;
    };

    /** Runs attempts that must all be refused with a code, each counted once, and change nothing. */
    const allRefused = async (
      code: 'NAO_AUTENTICADO' | 'NAO_AUTORIZADO',
      attempts: Iterable<readonly [what: string, attempt: () => Promise<Outcome>]>,
    ): Promise<number> => {
      const before = { contents: await contents(), state: await stand.state() };
      let tried = 0;
      for (const [what, attempt] of attempts) {
        const counted = stand.access.table.refusals[code];
        const all = refusals();
        const outcome = await attempt();
        expect([what, outcome]).toEqual([
          what,
          { code, replies: [], extras: [], reason: expect.stringContaining('') as string },
        ]);
        expect([what, stand.access.table.refusals[code] - counted, refusals() - all]).toEqual([what, 1, 1]);
        tried++;
      }
      expect(await contents()).toEqual(before.contents);
      expect(await stand.state()).toBe(before.state);
      return tried;
    };

    it('the table names every call that is offered', async () => {
      const list = callNamed('grpc.reflection.v1.ServerReflection/ServerReflectionInfo');
      const { replies } = await ask(list, stand.ports[0]!, list.request(''), bearer('raiz'));
      const [{ listServicesResponse }] = replies as [
        { listServicesResponse: { service: { name: string }[] } },
      ];
      // Health answers everybody.
      const offered = listServicesResponse.service
        .map(({ name }) => name)
        .filter((name) => name !== 'grpc.health.v1.Health');
      const named = calls.filter(({ service }) => service !== undefined);
      expect(new Set(named.map(({ name }) => name.split('/')[0]))).toEqual(new Set(offered));
      const methods = named.flatMap(({ name, service }) => {
        const [offeredBy = ''] = name.split('/');
        return Object.keys(service!).map((method) => `${offeredBy}/${method}`);
      });
      expect(new Set(named.map(({ name }) => name))).toEqual(new Set(methods));
    });

    it('nobody without a good credential is let in, whatever the call', async () => {
      // A wrong credential hears the same by every door, whatever is wrong with it.
      const reasons = new Set<string>();
      const attempt = async (
        call: Call,
        at: number | string,
        shown: string | undefined,
      ): Promise<Outcome> => {
        const outcome = await ask(call, at, call.request(INSIDE), shown);
        // The client here sends no field without a token.
        if (shown !== undefined && /\S \S/.test(shown)) reasons.add(outcome.reason);
        return outcome;
      };
      const attempts = function* () {
        for (const [what, authorization] of Object.entries(NOBODIES)) {
          for (const call of calls) {
            for (const at of serversOf(call)) {
              yield [`${what}: ${call.name}`, () => attempt(call, at, authorization)] as const;
            }
          }
        }
      };
      expect(await allRefused('NAO_AUTENTICADO', attempts())).toBeGreaterThan(600);
      expect([...reasons]).toHaveLength(1);
    });

    it('nobody does what role or prefixes do not cover', async () => {
      const attempts = function* () {
        for (const who of EVERYBODY) {
          for (const call of calls) {
            for (const key of keysOf(call)) {
              if (allows(who, call, key)) continue;
              for (const [server] of serversOf(call).entries()) {
                yield [`${who} ${key}: ${call.name}`, () => as(who, call, server, key)] as const;
              }
            }
          }
        }
      };
      expect(await allRefused('NAO_AUTORIZADO', attempts())).toBeGreaterThan(600);
    });

    it('keys and ranges that look like covered ones are not', async () => {
      const attempts = function* () {
        for (const call of calls.filter(({ needs }) => needs === 'read' || needs === 'write')) {
          for (const key of ESCAPES) {
            for (const [server] of serversOf(call).entries()) {
              yield [`${key}: ${call.name}`, () => as('maria', call, server, key)] as const;
            }
          }
        }
        for (const call of calls.filter(({ method }) => method === 'GetRange' || method === 'DelRange')) {
          for (const [from, to] of RANGES) {
            const request = { fr: { key: from }, to: { key: to } };
            for (const at of stand.ports) {
              yield [`${from} … ${to}: ${call.name}`, () => ask(call, at, request, bearer('maria'))] as const;
            }
          }
        }
      };
      expect(await allRefused('NAO_AUTORIZADO', attempts())).toBeGreaterThan(600);
    });

    it('a refusal says the same of keys that are there and keys that are not', async () => {
      for (const call of calls.filter(({ needs }) => needs === 'read' || needs === 'write')) {
        const there = await as('maria', call, 1, 'b/k1');
        expect(there.code).toBe('NAO_AUTORIZADO');
        expect([call.name, await as('maria', call, 1, 'b/nada')]).toEqual([call.name, there]);
      }
    });

    it('everybody may do what role and prefixes cover, and nothing else changes', async () => {
      const [outside] = (await contents()).map((rows) => rows.filter((row) => !keyOf(row).startsWith('a/')));
      for (const who of EVERYBODY) {
        for (const call of calls.filter(({ needs }) => !needs.startsWith('portal'))) {
          for (const [server] of serversOf(call).entries()) {
            const key = `a/${call.name}/${who}/${server}`;
            if (!allows(who, call, key)) continue;
            for (let i = 0; i < 2; i++) await as('raiz', callNamed('kvs.KVS/Insere'), 0, key);
            await stand.settle();
            const state = await stand.state();
            const outcome = await as(who, call, server, key);
            if (!offers(stand.engines[0]!, call)) {
              expect([call.name, outcome.code]).toEqual([call.name, 'NAO_SUPORTADO']);
              expect([call.name, await stand.state()]).toEqual([call.name, state]);
              continue;
            }
            expect([who, call.name, outcome]).toEqual([
              who,
              call.name,
              { ...outcome, code: 'OK', reason: '' },
            ]);
            await stand.settle();
            if (call.needs === 'write' || call.needs === 'administer')
              expect([call.name, await stand.state()]).not.toEqual([call.name, state]);
            else expect([call.name, await stand.state()]).toEqual([call.name, state]);
            if (call.needs === 'walk') {
              const shown = outcome.replies.map(keyOf);
              const all = new Set((await contents())[server]!.map(keyOf));
              expect([who, new Set(shown)]).toEqual([
                who,
                new Set([...all].filter((one) => may(who, 'read', one))),
              ]);
            }
          }
        }
      }
      for (const rows of await contents()) {
        expect(rows.filter((row) => !keyOf(row).startsWith('a/'))).toEqual(outside);
      }
    });

    it('the portal is for whoever has a prefix that covers its keys', async () => {
      for (const who of ['paula', 'raiz'] as const) {
        for (const [server] of stand.ports.entries()) {
          for (const call of calls.filter(({ needs }) => needs.startsWith('portal'))) {
            const outcome = await as(who, call, server, '');
            expect([call.name, outcome]).toMatchObject([call.name, { code: 'OK', reason: '' }]);
            if (call.needs === 'portal write') expect(outcome.replies).toMatchObject([{ status: 0 }]);
            else {
              const text = JSON.stringify(outcome.replies);
              expect([call.name, text]).toEqual([call.name, expect.stringMatching(/Maria|Paulo|Sistemas/)]);
              await stand.settle();
              expect(await as('pedro', call, 1 - server, '')).toEqual(outcome);
              expect(await as('tania', call, 1 - server, '')).toEqual(outcome);
            }
          }
        }
      }
    });
  });
});

/** Keys with which a call is tried: for those that name one, inside and outside of most people's prefixes. */
function keysOf({ needs }: Call): readonly string[] {
  return needs === 'read' || needs === 'write' ? [INSIDE, 'b/k1', 'portal/aluno/41921BSI000'] : [''];
}

function allows(who: Who, { needs }: Call, key: string): boolean {
  switch (needs) {
    case 'read':
    case 'write':
      return may(who, needs, key);
    case 'walk':
      return who !== 'srv';
    case 'administer':
      return who === 'raiz';
    case 'known':
      return true;
    case 'portal read':
      return may(who, 'read', 'portal/');
    case 'portal write':
      return may(who, 'write', 'portal/');
  }
}

function offers({ capabilities }: Engine, { capability }: Call): boolean {
  return capability === undefined || capabilities[capability] === true;
}

/** Of a row that an export or a snapshot shows. */
function keyOf(row: object): string {
  return (row as { readonly chave: string }).chave;
}
