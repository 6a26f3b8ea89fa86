import type { ConformanceCase } from '../case.js';
import { NONE_FOUND, NONE_HINT, NONE_NAMED, tuple } from './trial.js';
import type { KvsTrial } from './trial.js';

const REMOVES = 'Remove tira exatamente a versão pedida, e a responde.';
const MISSING = 'Remove responde -1 se a chave ou a versão não existe.';
const COUNTS_ON =
  'Uma chave cujas versões foram todas removidas continua a contar: a próxima inserção recebe a versão seguinte à maior que a chave já teve.';
const EXACT_REMOVAL =
  'Remove com uma versão tira só essa entrada da chave: veja se não remove a chave inteira, ou a maior versão ≤ à pedida';

/** What `kvs.KVS` says of removals, and of counting after them. */
export const KVS_REMOVAL_CASES: readonly ConformanceCase<KvsTrial>[] = [
  {
    id: 'remove-uma-versao',
    rule: REMOVES,
    hint: EXACT_REMOVAL,
    run: async (trial) => {
      const chave = trial.key('a');
      const [one = '', , three = ''] = await trial.insertVersions(chave, 3);
      await trial.remove(chave, 2, 2);
      await trial.query(chave, undefined, tuple(chave, three, 3));
      await trial.query(chave, 1, tuple(chave, one, 1));
    },
  },
  {
    id: 'remove-exatamente-a-versao',
    rule: `${MISSING} Só Consulta procura a maior ≤.`,
    hint: EXACT_REMOVAL,
    run: async (trial) => {
      const chave = trial.key('a');
      const [, , three = ''] = await trial.insertVersions(chave, 3);
      await trial.remove(chave, 9, -1);
      await trial.query(chave, undefined, tuple(chave, three, 3));
      await trial.remove(chave, 2, 2);
      await trial.remove(chave, 2, -1, 'a versão 2 já tinha sido removida: a segunda remoção é um erro (-1)');
      await trial.query(chave, 1, tuple(chave, trial.value('valor um'), 1));
    },
  },
  {
    id: 'remove-todas',
    rule: 'Remove responde 0 se todas as versões foram removidas porque nenhuma foi pedida.',
    hint: 'sem versão, Remove tira todas e responde 0 (não -1, nem a última versão)',
    run: async (trial) => {
      const chave = trial.key('a');
      await trial.insertVersions(chave, 3);
      await trial.remove(chave, undefined, 0);
      await trial.query(chave, undefined, NONE_FOUND);
      await trial.query(chave, 2, NONE_FOUND, 'todas as versões foram removidas, também as antigas');
    },
  },
  {
    id: 'remove-versao-0-e-negativa',
    rule: NONE_NAMED,
    hint: NONE_HINT,
    run: async (trial) => {
      for (const [name, versao] of [
        ['zero', 0],
        ['menos-um', -1],
      ] as const) {
        const chave = trial.key(name);
        await trial.insertVersions(chave, 2);
        await trial.remove(chave, versao, 0);
        await trial.query(chave, undefined, NONE_FOUND);
      }
    },
  },
  {
    id: 'remove-o-que-nao-existe',
    rule: MISSING,
    hint: 'antes de remover, veja se a chave e a versão existem; se não, a resposta é -1, e não 0 nem uma exceção',
    run: async (trial) => {
      const never = trial.key('nunca');
      await trial.remove(never, undefined, -1);
      await trial.remove(never, 1, -1);
    },
  },
  {
    id: 'remove-duas-vezes',
    rule: MISSING,
    hint: 'depois de removidas todas as versões a chave não existe mais: se você guarda o contador dela numa entrada vazia, não a confunda com uma chave que existe',
    run: async (trial) => {
      const chave = trial.key('a');
      await trial.insertVersions(chave, 1);
      await trial.remove(chave, undefined, 0);
      await trial.remove(chave, undefined, -1);
      await trial.remove(chave, 1, -1);
    },
  },
  {
    id: 'conta-depois-de-remover-tudo',
    rule: COUNTS_ON,
    hint: 'as versões recomeçam depois de remover tudo: o contador da chave precisa sobreviver à remoção; guarde-o fora do mapa de versões, ou não apague a entrada da chave',
    run: async (trial) => {
      const chave = trial.key('a');
      await trial.insertVersions(chave, 3);
      await trial.remove(chave, undefined, 0);
      const valor = await trial.insert(chave, 'de novo', 4);
      await trial.query(chave, undefined, tuple(chave, valor, 4));
    },
  },
  {
    id: 'conta-depois-de-remover-uma-a-uma',
    rule: COUNTS_ON,
    hint: 'as versões recomeçam quando a última delas é removida pelo número: veja o que acontece com o contador quando o mapa de versões da chave fica vazio',
    run: async (trial) => {
      const chave = trial.key('a');
      await trial.insertVersions(chave, 2);
      await trial.remove(chave, 2, 2);
      await trial.remove(chave, 1, 1);
      await trial.query(chave, undefined, NONE_FOUND);
      await trial.insert(chave, 'de novo', 3);
    },
  },
  {
    id: 'conta-depois-de-remover-a-ultima',
    rule: 'A nova versão vem depois da maior que a chave já teve (o contrato o diz de chaves sem nenhuma versão).',
    hint: 'a próxima versão é calculada pela maior que existe agora: um número removido volta a ser usado, com outro valor',
    isImplied: true,
    run: async (trial) => {
      const chave = trial.key('a');
      await trial.insertVersions(chave, 2);
      await trial.remove(chave, 2, 2);
      await trial.insert(chave, 'mais um', 3);
    },
  },
];
