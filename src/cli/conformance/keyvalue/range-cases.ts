import { NotTried } from '../case.js';
import type { ConformanceCase } from '../case.js';
import { greaterThan } from '../expectation.js';
import type { Expected } from '../expectation.js';
import { timedKey, nothingOf } from './trial.js';
import type { KeyValueTrial, PutVersion } from './trial.js';

const RANGE = 'GetRange mostra todas as chaves de fr a to, ambas incluídas, em ordem.';
const RANGE_VERSION =
  'A versão pedida é a maior das duas; de uma chave sem nada tão antigo vão a chave, "" e 0.';
const DEL_RANGE = 'DelRange remove todas as chaves do intervalo: uma resposta por chave, em ordem, como Del.';
const ONE_EACH = 'responde a cada pedido com uma resposta, na ordem, como';
const AS_THEY_ARRIVE =
  'As chamadas nos dois sentidos respondem à medida que os pedidos chegam; nunca esperam o cliente terminar.';
const WAITS =
  'o servidor junta os pedidos e só responde no fim: em Java responda dentro de onNext, não em onCompleted; em Python use yield dentro do laço sobre os pedidos, não uma lista';
const BOTH_ENDS =
  'as duas pontas fazem parte do intervalo (subMap(fr, true, to, true) num TreeMap), e não precisam existir';

/** What `KeyValueStore` says of ranges and streams. */
export const KEYVALUE_RANGE_CASES: readonly ConformanceCase<KeyValueTrial>[] = [
  {
    id: 'getrange',
    rule: RANGE,
    hint: BOTH_ENDS,
    run: async (trial) => {
      const { b, c, d } = await fourKeys(trial);
      await trial.range('GetRange', [b.key, d.key], [undefined, undefined], [b, c, d]);
    },
  },
  {
    id: 'getrange-pontas-inexistentes',
    rule: RANGE,
    hint: BOTH_ENDS,
    run: async (trial) => {
      const { b, c } = await fourKeys(trial);
      const ends = [trial.key('aa'), trial.key('cc')] as const;
      await trial.range('GetRange', ends, [undefined, undefined], [b, c]);
      const empty = [trial.key('x'), trial.key('y')] as const;
      await trial.range('GetRange', empty, [0, -1], [], 'um intervalo sem chaves não tem respostas');
    },
  },
  {
    id: 'getrange-versao',
    rule: RANGE_VERSION,
    hint: 'use Math.max(fr.ver, to.ver) para todas as chaves, e em cada uma a maior versão ≤ a ela; uma chave sem versão tão antiga aparece em branco, e não falta',
    run: async (trial) => {
      const [a, b] = [trial.key('a'), trial.key('b')];
      const [old, recent] = await trial.putApart(a);
      const later = await trial.put(b, 'mais tarde');
      if (later.ver <= old.ver) throw new NotTried('o relógio do servidor andou para trás');
      await trial.range('GetRange', [a, b], [1, old.ver], [old, nothingOf(b)]);
      await trial.range('GetRange', [a, b], [old.ver, undefined], [old, nothingOf(b)]);
      const newest = Math.max(recent.ver, later.ver);
      await trial.range('GetRange', [a, b], [old.ver, newest], [recent, later]);
    },
  },
  {
    id: 'getrange-sem-as-removidas',
    rule: RANGE,
    hint: 'uma chave removida não existe mais: não a mostre em branco',
    run: async (trial) => {
      const { b, c, d } = await fourKeys(trial);
      await trial.call('Del', { key: c.key }, c);
      await trial.range('GetRange', [b.key, d.key], [undefined, undefined], [b, d]);
    },
  },
  {
    id: 'delrange',
    rule: DEL_RANGE,
    hint: `cada resposta é a versão mais nova que foi removida; ${BOTH_ENDS}`,
    run: async (trial) => {
      const { a, b, c, d } = await fourKeys(trial);
      await trial.range('DelRange', [b.key, c.key], [undefined, undefined], [b, c]);
      await trial.get(b.key, undefined, nothingOf(b.key));
      await trial.get(c.key, undefined, nothingOf(c.key));
      await trial.get(a.key, undefined, a, 'uma chave fora do intervalo foi removida');
      await trial.get(d.key, undefined, d, 'uma chave fora do intervalo foi removida');
    },
  },
  {
    id: 'delrange-sem-chaves',
    rule: DEL_RANGE,
    hint: 'um intervalo sem chaves não tem respostas, e não é um erro',
    run: async (trial) => {
      const ends = [trial.key('x'), trial.key('y')] as const;
      await trial.range('DelRange', ends, [undefined, undefined], []);
    },
  },
  {
    id: 'getall',
    rule: `GetAll ${ONE_EACH} Get.`,
    hint: 'cada resposta é a de Get para o mesmo pedido, também em branco, e na ordem dos pedidos',
    run: async (trial) => {
      const { a, b } = await fourKeys(trial);
      const never = trial.key('nunca');
      await trial.stream('GetAll', [
        [timedKey(b.key, undefined), b],
        [timedKey(never, 0), nothingOf(never)],
        [timedKey(a.key, a.ver), a],
        [timedKey(a.key, 1), nothingOf(a.key)],
      ]);
    },
  },
  {
    id: 'getall-ao-chegar',
    rule: AS_THEY_ARRIVE,
    hint: WAITS,
    run: async (trial) => {
      const { a, b } = await fourKeys(trial);
      await trial.dialogue('GetAll', [
        [timedKey(a.key, undefined), a],
        [timedKey(b.key, undefined), b],
      ]);
    },
  },
  {
    id: 'putall',
    rule: `PutAll ${ONE_EACH} Put.`,
    hint: 'cada resposta é a de Put para o mesmo pedido; o segundo Put da mesma chave vê o primeiro, e a sua versão é maior',
    run: async (trial) => {
      const [a, b] = [trial.key('a'), trial.key('b')];
      await trial.stream('PutAll', [
        [{ key: a, val: 'valor um' }, fresh(a)],
        [{ key: b, val: 'valor um' }, fresh(b)],
        [
          { key: a, val: 'valor dois' },
          { key: a, old_val: 'valor um', old_ver: greaterThan(0), ver: greaterThan(0) },
        ],
      ]);
      await trial.get(a, undefined, { key: a, val: 'valor dois' });
    },
  },
  {
    id: 'putall-no-mesmo-ms',
    rule: 'As versões de uma chave crescem sempre: duas no mesmo milissegundo têm números diferentes.',
    hint: 'se a hora não passou da última versão da chave, a nova é a última + 1: Math.max(agora, ultima + 1)',
    run: async (trial) => {
      await trial.putMany(trial.key('a'), 50);
    },
  },
  {
    id: 'putall-ao-chegar',
    rule: AS_THEY_ARRIVE,
    hint: WAITS,
    run: async (trial) => {
      const [a, b] = [trial.key('a'), trial.key('b')];
      await trial.dialogue('PutAll', [
        [{ key: a, val: 'valor um' }, fresh(a)],
        [{ key: b, val: 'valor um' }, fresh(b)],
      ]);
    },
  },
  {
    id: 'delall',
    rule: `DelAll ${ONE_EACH} Del.`,
    hint: 'cada resposta é a de Del para o mesmo pedido, também em branco, e o stream segue',
    run: async (trial) => {
      const { a, b } = await fourKeys(trial);
      const never = trial.key('nunca');
      await trial.stream('DelAll', [
        [{ key: a.key }, a],
        [{ key: never }, nothingOf(never)],
        [{ key: b.key }, b],
        [{ key: a.key }, nothingOf(a.key)],
      ]);
      await trial.get(a.key, undefined, nothingOf(a.key));
    },
  },
  {
    id: 'delall-ao-chegar',
    rule: AS_THEY_ARRIVE,
    hint: WAITS,
    run: async (trial) => {
      const { a, b } = await fourKeys(trial);
      await trial.dialogue('DelAll', [
        [{ key: a.key }, a],
        [{ key: b.key }, b],
      ]);
    },
  },
  {
    id: 'stream-sem-pedidos',
    rule: 'As chamadas nos dois sentidos dão uma resposta por pedido: sem pedidos, nenhuma.',
    hint: 'quando o cliente termina sem ter pedido nada, o servidor termina também, sem resposta e sem erro',
    run: async (trial) => {
      for (const method of ['PutAll', 'GetAll', 'DelAll']) await trial.stream(method, []);
    },
  },
];

/** Four keys, put out of order. */
async function fourKeys(trial: KeyValueTrial): Promise<Record<'a' | 'b' | 'c' | 'd', PutVersion>> {
  const put = (name: string): Promise<PutVersion> => trial.put(trial.key(name), `valor de ${name}`);
  const d = await put('d');
  const b = await put('b');
  const a = await put('a');
  return { a, b, c: await put('c'), d };
}

/** The answer to a put of a new key. */
function fresh(key: string): Expected {
  return { key, old_val: '', old_ver: 0, ver: greaterThan(0) };
}
