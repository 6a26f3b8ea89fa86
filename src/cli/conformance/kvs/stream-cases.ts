import type { ConformanceCase } from '../case.js';
import type { StreamStep } from '../grpc/trial.js';
import { asked, NONE_FOUND, tuple } from './trial.js';
import type { KvsTrial } from './trial.js';

const ONE_EACH = 'responde a cada pedido com uma resposta, na ordem, como';
const AS_THEY_ARRIVE =
  'As chamadas nos dois sentidos respondem à medida que os pedidos chegam; nunca esperam o cliente terminar.';
const WAITS =
  'o servidor junta os pedidos e só responde no fim: em Java responda dentro de onNext, não em onCompleted; em Python use yield dentro do laço sobre os pedidos, não uma lista';
const BAD_ONE_HINT =
  'um pedido que falha responde -1 no seu lugar e o stream segue: não o termine, nem pule a resposta';

/** What `kvs.KVS` says of streams. */
export const KVS_STREAM_CASES: readonly ConformanceCase<KvsTrial>[] = [
  {
    id: 'insere-varias',
    rule: `InsereVarias ${ONE_EACH} Insere.`,
    hint: 'as respostas vêm na ordem dos pedidos, e pedidos da mesma chave contam um depois do outro',
    run: async (trial) => {
      const [a, b] = [trial.key('a'), trial.key('b')];
      const insert = (chave: string, name: string, versao: number): StreamStep => [
        { chave, valor: trial.value(name) },
        { versao },
      ];
      await trial.stream('InsereVarias', [
        insert(a, 'valor um', 1),
        insert(b, 'valor um', 1),
        insert(a, 'valor dois', 2),
        insert(a, 'valor três', 3),
        insert(b, 'valor dois', 2),
      ]);
      await trial.query(a, undefined, tuple(a, trial.value('valor três'), 3));
    },
  },
  {
    id: 'insere-varias-com-um-erro',
    rule: `InsereVarias ${ONE_EACH} Insere, também -1.`,
    hint: BAD_ONE_HINT,
    run: async (trial) => {
      const a = trial.key('a');
      const bad: StreamStep[] = trial.minimumChars === 0 ? [] : [[{ chave: a, valor: '' }, { versao: -1 }]];
      await trial.stream('InsereVarias', [
        [{ chave: a, valor: trial.value('valor um') }, { versao: 1 }],
        ...bad,
        [{ chave: a, valor: trial.value('valor dois') }, { versao: 2 }],
      ]);
    },
  },
  {
    id: 'insere-varias-ao-chegar',
    rule: AS_THEY_ARRIVE,
    hint: WAITS,
    run: async (trial) => {
      const a = trial.key('a');
      await trial.dialogue('InsereVarias', [
        [{ chave: a, valor: trial.value('valor um') }, { versao: 1 }],
        [{ chave: a, valor: trial.value('valor dois') }, { versao: 2 }],
        [{ chave: a, valor: trial.value('valor três') }, { versao: 3 }],
      ]);
    },
  },
  {
    id: 'insere-muitas',
    rule: `InsereVarias ${ONE_EACH} Insere.`,
    hint: 'com muitos pedidos seguidos respostas faltam, sobram ou trocam de ordem: se cada pedido vai para uma thread, as respostas precisam voltar na ordem',
    run: async (trial) => {
      const keys = Array.from({ length: 40 }, (_, at) => trial.key(`k${at % 8}`));
      await trial.stream(
        'InsereVarias',
        keys.map((chave, at) => [
          { chave, valor: trial.value(`valor ${at}`) },
          { versao: Math.floor(at / 8) + 1 },
        ]),
      );
    },
  },
  {
    id: 'consulta-varias',
    rule: `ConsultaVarias ${ONE_EACH} Consulta.`,
    hint: 'cada resposta é a de Consulta para o mesmo pedido, também em branco, e na ordem dos pedidos',
    run: async (trial) => {
      const [a, b] = [trial.key('a'), trial.key('b')];
      const [one = '', two = ''] = await trial.insertVersions(a, 2);
      const [other = ''] = await trial.insertVersions(b, 1);
      await trial.stream('ConsultaVarias', [
        [asked(a, 1), tuple(a, one, 1)],
        [asked(trial.key('nunca'), undefined), NONE_FOUND],
        [asked(b, 0), tuple(b, other, 1)],
        [asked(a, undefined), tuple(a, two, 2)],
        [asked(a, 9), tuple(a, two, 2)],
      ]);
    },
  },
  {
    id: 'consulta-varias-ao-chegar',
    rule: AS_THEY_ARRIVE,
    hint: WAITS,
    run: async (trial) => {
      const a = trial.key('a');
      const [one = '', two = ''] = await trial.insertVersions(a, 2);
      await trial.dialogue('ConsultaVarias', [
        [asked(a, 1), tuple(a, one, 1)],
        [asked(a, -1), tuple(a, two, 2)],
      ]);
    },
  },
  {
    id: 'remove-varias',
    rule: `RemoveVarias ${ONE_EACH} Remove, também -1 e 0.`,
    hint: BAD_ONE_HINT,
    run: async (trial) => {
      const [a, b] = [trial.key('a'), trial.key('b')];
      await trial.insertVersions(a, 2);
      await trial.insertVersions(b, 3);
      await trial.stream('RemoveVarias', [
        [asked(a, 1), { versao: 1 }],
        [asked(trial.key('nunca'), 0), { versao: -1 }],
        [asked(b, 0), { versao: 0 }],
        [asked(a, 1), { versao: -1 }],
        [asked(a, 2), { versao: 2 }],
      ]);
      await trial.query(a, undefined, NONE_FOUND);
      await trial.query(b, undefined, NONE_FOUND);
    },
  },
  {
    id: 'remove-varias-ao-chegar',
    rule: AS_THEY_ARRIVE,
    hint: WAITS,
    run: async (trial) => {
      const a = trial.key('a');
      await trial.insertVersions(a, 2);
      await trial.dialogue('RemoveVarias', [
        [asked(a, 2), { versao: 2 }],
        [asked(a, 1), { versao: 1 }],
      ]);
    },
  },
  {
    id: 'stream-sem-pedidos',
    rule: 'As chamadas nos dois sentidos dão uma resposta por pedido: sem pedidos, nenhuma.',
    hint: 'quando o cliente termina sem ter pedido nada, o servidor termina também, sem resposta e sem erro',
    run: async (trial) => {
      for (const method of ['InsereVarias', 'ConsultaVarias', 'RemoveVarias']) await trial.stream(method, []);
    },
  },
];
