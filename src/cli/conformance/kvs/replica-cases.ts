import type { ConformanceCase } from '../case.js';
import type { Expected } from '../expectation.js';
import { SAME_DATA } from '../same-data.js';
import { asked, NONE_FOUND, tuple } from './trial.js';
import type { KvsTrial } from './trial.js';

const NOT_SEEN =
  'a escrita não chegou aos outros servidores: veja se ela é publicada, se os outros assinam o mesmo tópico no mesmo broker, e se quem recebe a aplica';

/** What `kvs.KVS` says of several servers of the same data. */
export const KVS_REPLICA_CASES: readonly ConformanceCase<KvsTrial>[] = [
  {
    id: 'replica-insere',
    rule: SAME_DATA,
    hint: NOT_SEEN,
    servers: 2,
    run: async (trial) => {
      const a = trial.key('a');
      const [, two = ''] = await trial.insertVersions(a, 2);
      await seen(trial, a, undefined, tuple(a, two, 2));
      await seen(trial, a, 1, tuple(a, trial.value('valor um'), 1));
    },
  },
  {
    id: 'replica-versoes-concordam',
    rule: 'A versão seguinte conta a partir das que os outros servidores fizeram.',
    hint: 'cada servidor conta por si: ao aplicar a inserção de outro, a versão que veio com ela precisa entrar no contador local',
    servers: 2,
    run: async (trial) => {
      const a = trial.key('a');
      const one = await trial.insert(a, 'valor um', 1);
      await seen(trial, a, undefined, tuple(a, one, 1));
      const two = await trial.insert(a, 'valor dois', 2, undefined, trial.servers.length - 1);
      await seen(trial, a, undefined, tuple(a, two, 2));
      await trial.insert(a, 'valor três', 3);
    },
  },
  {
    id: 'replica-remove-uma-versao',
    rule: SAME_DATA,
    hint: `a remoção de uma versão precisa ser publicada com o número dela: ${NOT_SEEN}`,
    servers: 2,
    run: async (trial) => {
      const a = trial.key('a');
      const [one = '', two = ''] = await trial.insertVersions(a, 2);
      await seen(trial, a, undefined, tuple(a, two, 2));
      await trial.remove(a, 2, 2, undefined, 1);
      await seen(trial, a, undefined, tuple(a, one, 1));
    },
  },
  {
    id: 'replica-remove-todas',
    rule: SAME_DATA,
    hint: `a remoção de todas as versões precisa ser publicada também: ${NOT_SEEN}`,
    servers: 2,
    run: async (trial) => {
      const a = trial.key('a');
      const [, two = ''] = await trial.insertVersions(a, 2);
      await seen(trial, a, undefined, tuple(a, two, 2));
      await trial.remove(a, undefined, 0, undefined, 1);
      await seen(trial, a, undefined, NONE_FOUND);
    },
  },
  {
    id: 'replica-conta-depois-de-remover',
    rule: 'Uma chave cujas versões foram todas removidas continua a contar, em todos os servidores.',
    hint: 'o contador sobrevive à remoção só no servidor que a fez: quem a recebe dos outros também precisa guardar a maior versão que viu',
    servers: 2,
    run: async (trial) => {
      const a = trial.key('a');
      const [, two = ''] = await trial.insertVersions(a, 2);
      await seen(trial, a, undefined, tuple(a, two, 2));
      await trial.remove(a, undefined, 0);
      await seen(trial, a, undefined, NONE_FOUND);
      const three = await trial.insert(a, 'de novo', 3, undefined, trial.servers.length - 1);
      await seen(trial, a, undefined, tuple(a, three, 3));
    },
  },
  {
    id: 'replica-insere-varias',
    rule: SAME_DATA,
    hint: `as operações em stream precisam ser publicadas como as outras: ${NOT_SEEN}`,
    servers: 2,
    run: async (trial) => {
      const keys = ['a', 'b', 'c'].map((name) => trial.key(name));
      const valor = trial.value('valor um');
      await trial.stream(
        'InsereVarias',
        keys.map((chave) => [{ chave, valor }, { versao: 1 }]),
        { at: 1 },
      );
      for (const chave of keys) await seen(trial, chave, undefined, tuple(chave, valor, 1));
      await trial.stream(
        'RemoveVarias',
        keys.map((chave) => [asked(chave, 1), { versao: 1 }]),
        { at: 0 },
      );
      for (const chave of keys) await seen(trial, chave, undefined, NONE_FOUND);
    },
  },
  {
    id: 'replica-ao-mesmo-tempo',
    rule: 'Depois de escritas ao mesmo tempo em vários servidores, todos acabam com as mesmas versões e os mesmos valores.',
    hint: 'cada servidor ficou com o valor que recebeu por último: é preciso uma regra que dê em todos o mesmo vencedor (por exemplo hora e identificador de quem escreveu), qualquer que seja a ordem de chegada',
    isImplied: true,
    servers: 2,
    run: async (trial) => {
      const keys = Array.from({ length: 5 }, (_, at) => trial.key(`k${at}`));
      await Promise.all(
        trial.servers.flatMap((_, at) =>
          keys.map((chave) =>
            trial.call('Insere', { chave, valor: trial.value(`do servidor ${at + 1}`) }, {}, { at }),
          ),
        ),
      );
      for (const chave of keys) await trial.agree('Consulta', asked(chave, undefined));
    },
  },
];

/** Every server shows this, in time. */
async function seen(
  trial: KvsTrial,
  chave: string,
  versao: number | undefined,
  expected: Expected,
): Promise<void> {
  for (const at of trial.servers.keys())
    await trial.eventually('Consulta', asked(chave, versao), expected, { at });
}
