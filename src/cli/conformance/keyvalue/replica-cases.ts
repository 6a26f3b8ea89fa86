import type { ConformanceCase } from '../case.js';
import type { Expected } from '../expectation.js';
import { SAME_DATA } from '../same-data.js';
import { nothingOf } from './trial.js';
import type { KeyValueTrial, PutVersion } from './trial.js';

const NOT_SEEN =
  'a escrita não chegou aos outros servidores: veja se eles usam as mesmas réplicas (ou o mesmo broker e tópico), e se quem recebe a aplica com a versão que veio, sem dar outra';

/** What `KeyValueStore` says of several servers of the same data. */
export const KEYVALUE_REPLICA_CASES: readonly ConformanceCase<KeyValueTrial>[] = [
  {
    id: 'replica-put',
    rule: SAME_DATA,
    hint: NOT_SEEN,
    servers: 2,
    run: async (trial) => {
      const key = trial.key('a');
      const [one, two] = await trial.putApart(key);
      await seen(trial, key, undefined, two);
      await seen(trial, key, one.ver, one);
    },
  },
  {
    id: 'replica-put-em-outro',
    rule: 'Put num servidor responde o valor de antes também se outro o pôs.',
    hint: `old_val e old_ver vêm do que todos os servidores guardaram, não só este: ${NOT_SEEN}`,
    servers: 2,
    run: async (trial) => {
      const key = trial.key('a');
      const one = await trial.put(key, 'valor um');
      await seen(trial, key, undefined, one);
      const two = await trial.put(key, 'valor dois', one, trial.servers.length - 1);
      await seen(trial, key, undefined, two);
    },
  },
  {
    id: 'replica-del',
    rule: SAME_DATA,
    hint: `a remoção precisa chegar aos outros também: ${NOT_SEEN}`,
    servers: 2,
    run: async (trial) => {
      const key = trial.key('a');
      const one = await trial.put(key, 'valor um');
      await seen(trial, key, undefined, one);
      await trial.call('Del', { key }, one, { at: 1 });
      await seen(trial, key, undefined, nothingOf(key));
    },
  },
  {
    id: 'replica-trim',
    rule: SAME_DATA,
    hint: `o que Trim remove precisa sair dos outros também: ${NOT_SEEN}`,
    servers: 2,
    run: async (trial) => {
      const key = trial.key('a');
      const [one, two] = await trial.putApart(key);
      await seen(trial, key, undefined, two);
      await trial.call('Trim', { key }, two, { at: 1 });
      await seen(trial, key, one.ver, nothingOf(key));
      await seen(trial, key, undefined, two);
    },
  },
  {
    id: 'replica-intervalo',
    rule: SAME_DATA,
    hint: `as operações em stream e em intervalo precisam chegar aos outros: ${NOT_SEEN}`,
    servers: 2,
    run: async (trial) => {
      const put: PutVersion[] = [];
      for (const name of ['a', 'b', 'c']) put.push(await trial.put(trial.key(name), `valor de ${name}`));
      const [first, , last] = put;
      if (first === undefined || last === undefined) return;
      const request = { fr: { key: first.key }, to: { key: last.key } };
      for (const at of trial.servers.keys()) {
        await trial.eventuallyRows('GetRange', request, () => true, put, { at });
      }
      await trial.expectRows('DelRange', request, () => true, put, { at: 1 });
      for (const at of trial.servers.keys()) {
        await trial.eventuallyRows('GetRange', request, () => true, [], { at });
      }
    },
  },
  {
    id: 'replica-ao-mesmo-tempo',
    rule: 'Depois de escritas ao mesmo tempo em vários servidores, todos acabam com os mesmos valores.',
    hint: 'cada servidor ficou com o valor que recebeu por último: é preciso uma regra que dê em todos o mesmo vencedor, qualquer que seja a ordem de chegada',
    isImplied: true,
    servers: 2,
    run: async (trial) => {
      const keys = Array.from({ length: 5 }, (_, at) => trial.key(`k${at}`));
      await Promise.all(
        trial.servers.flatMap((_, at) =>
          keys.map((key) => trial.call('Put', { key, val: `do servidor ${at + 1}` }, { key }, { at })),
        ),
      );
      for (const key of keys) await trial.agree('Get', { key });
    },
  },
];

/** Every server shows this, in time. */
async function seen(
  trial: KeyValueTrial,
  key: string,
  ver: number | undefined,
  expected: Expected,
): Promise<void> {
  const request = ver === undefined ? { key } : { key, ver };
  for (const at of trial.servers.keys()) await trial.eventually('Get', request, expected, { at });
}
