import { Deviation, NotTried } from '../case.js';
import type { ConformanceCase } from '../case.js';
import { meets, displayed } from '../expectation.js';
import type { Expected } from '../expectation.js';
import type { CameMessage } from '../grpc/server.js';
import { asked, BLANK, NONE_FOUND, NONE_HINT, NONE_NAMED, tuple } from './trial.js';
import type { KvsTrial } from './trial.js';

const NEXT_VERSION = 'Insere responde a nova versão da chave; a primeira é 1.';
const GREATEST = 'Consulta responde a maior versão ≤ à pedida, ou a última se nenhuma foi pedida.';
const BLANK_RULE =
  'Se nada é encontrado, Consulta responde uma Tupla em branco: "" nos textos e 0 na versão.';
const MINIMUM = 'Chaves e valores têm pelo menos 3 caracteres; um mais curto é um erro (-1 em Insere).';
const SNAPSHOT = 'Snapshot mostra, de cada chave, a maior versão ≤ à pedida; a última de cada uma se ≤ 0.';
const IN_ANSWER = 'Um erro esperado vai na resposta (-1), com o motivo no metadado final kvs-erro.';

const LOOK_UP =
  'a busca precisa ser pela maior versão que não passa da pedida (floorEntry num TreeMap, bisect em Python), e não pela versão exata';

/** What `kvs.KVS` says of single requests. */
export const KVS_CASES: readonly ConformanceCase<KvsTrial>[] = [
  {
    id: 'snapshot-de-nada',
    rule: 'Snapshot responde uma só Tupla em branco se nada corresponde.',
    hint: 'um stream vazio não é uma resposta neste contrato: se nenhuma chave corresponde, envie uma Tupla em branco antes de terminar',
    run: async (trial) => {
      const rows = await trial.rows('Snapshot', { versao: 0 }, () => true);
      if (rows.some(({ chave }) => chave !== '')) {
        throw new NotTried('o servidor já tem chaves: só um vazio mostra isso');
      }
      if (!meets(rows, [BLANK])) throw new Deviation(displayed([BLANK]), displayed(rows));
    },
  },
  {
    id: 'insere-conta-1-2-3',
    rule: NEXT_VERSION,
    hint: 'a versão é um contador por chave, que começa em 1 e soma 1 a cada inserção: veja onde o contador nasce e onde é somado',
    run: async (trial) => {
      await trial.insertVersions(trial.key('a'), 3);
    },
  },
  {
    id: 'insere-conta-por-chave',
    rule: 'As versões contam 1, 2, 3, … para cada chave.',
    hint: 'o contador é de todas as chaves juntas: precisa haver um para cada chave',
    run: async (trial) => {
      await trial.insertVersions(trial.key('a'), 2);
      await trial.insert(trial.key('b'), 'valor da outra', 1);
    },
  },
  {
    id: 'insere-o-mesmo-valor',
    rule: 'Insere responde a nova versão da chave, também se o valor é igual ao anterior.',
    hint: 'uma inserção sempre faz uma versão, ainda que o valor não mude: não compare os valores antes',
    run: async (trial) => {
      const chave = trial.key('a');
      await trial.insert(chave, 'o mesmo', 1);
      const valor = await trial.insert(chave, 'o mesmo', 2);
      await trial.query(chave, undefined, tuple(chave, valor, 2));
    },
  },
  {
    id: 'consulta-a-ultima',
    rule: GREATEST,
    hint: 'sem versão, a resposta é a de maior número entre as que existem, com chave, valor e versão preenchidos',
    run: async (trial) => {
      const chave = trial.key('a');
      const [, , last = ''] = await trial.insertVersions(chave, 3);
      await trial.query(chave, undefined, tuple(chave, last, 3));
    },
  },
  {
    id: 'consulta-versao-0-e-negativa',
    rule: NONE_NAMED,
    hint: NONE_HINT,
    run: async (trial) => {
      const chave = trial.key('a');
      const [, last = ''] = await trial.insertVersions(chave, 2);
      await trial.query(chave, 0, tuple(chave, last, 2));
      await trial.query(chave, -1, tuple(chave, last, 2));
      await trial.query(chave, -7, tuple(chave, last, 2));
    },
  },
  {
    id: 'consulta-uma-versao',
    rule: GREATEST,
    hint: 'todas as versões de uma chave ficam guardadas, cada uma com o seu valor: veja se uma inserção não apaga as anteriores',
    run: async (trial) => {
      const chave = trial.key('a');
      const [one = '', two = '', three = ''] = await trial.insertVersions(chave, 3);
      await trial.query(chave, 1, tuple(chave, one, 1));
      await trial.query(chave, 2, tuple(chave, two, 2));
      await trial.query(chave, 3, tuple(chave, three, 3));
    },
  },
  {
    id: 'consulta-a-maior-ate-a-pedida',
    rule: GREATEST,
    hint: LOOK_UP,
    run: async (trial) => {
      const chave = trial.key('a');
      const [, two = ''] = await trial.insertVersions(chave, 2);
      await trial.query(chave, 3, tuple(chave, two, 2));
      await trial.query(chave, 2_000_000_000, tuple(chave, two, 2));
    },
  },
  {
    id: 'consulta-onde-falta-uma',
    rule: GREATEST,
    hint: `a versão pedida foi removida, e a resposta é a maior abaixo dela: ${LOOK_UP}`,
    run: async (trial) => {
      const chave = trial.key('a');
      const [one = '', , three = ''] = await trial.insertVersions(chave, 3);
      await trial.remove(chave, 2, 2);
      await trial.query(chave, 2, tuple(chave, one, 1));
      await trial.query(chave, 3, tuple(chave, three, 3));
    },
  },
  {
    id: 'consulta-abaixo-da-primeira',
    rule: BLANK_RULE,
    hint: 'nenhuma versão é ≤ à pedida, e então a resposta é em branco: não responda a mais próxima acima nem a última',
    run: async (trial) => {
      const chave = trial.key('a');
      await trial.insertVersions(chave, 2);
      await trial.remove(chave, 1, 1);
      await trial.query(chave, 1, NONE_FOUND);
    },
  },
  {
    id: 'consulta-chave-inexistente',
    rule: BLANK_RULE,
    hint: 'responda Tupla.getDefaultInstance() (kvs_pb2.Tupla() em Python): também a chave vem em branco',
    run: async (trial) => {
      const chave = trial.key('nunca');
      await trial.query(chave, undefined, BLANK);
      await trial.query(chave, 1, BLANK);
      await trial.query(chave, -1, BLANK);
    },
  },
  {
    id: 'texto-como-veio',
    rule: 'Chave e valor são texto: voltam como foram enviados.',
    hint: 'acentos, espaços, aspas e quebras de linha são parte do texto: veja como ele é guardado ou transportado (CSV, split, JSON montado à mão, codificação que não é UTF-8)',
    run: async (trial) => {
      const chave = trial.key('ação, "1" e; 2/3');
      const valor = await trial.insert(chave, 'Olá, "mundo";\n  {"a": [1, 2]} | fim 😀 ', 1);
      await trial.query(chave, undefined, tuple(chave, valor, 1));
    },
  },
  {
    id: 'valor-de-3-caracteres',
    rule: MINIMUM,
    hint: 'o mínimo é de caracteres, não de bytes, e o próprio mínimo é aceito (>=): acentos contam um',
    run: async (trial) => {
      const { minimumChars } = trial;
      if (minimumChars === 0) throw new NotTried('--minimo 0: não há mínimo');
      const chave = trial.key('a');
      await trial.call('Insere', { chave, valor: 'ã'.repeat(minimumChars) }, { versao: 1 });
    },
  },
  {
    id: 'valor-curto',
    rule: MINIMUM,
    hint: 'o tamanho do valor não é conferido antes de guardar, ou é contado em bytes; se o mínimo do seu servidor é outro, diga --minimo N (0: nenhum)',
    run: async (trial) => {
      const { minimumChars } = trial;
      if (minimumChars === 0) throw new NotTried('--minimo 0: não há mínimo');
      const chave = trial.key('a');
      await trial.call('Insere', { chave, valor: 'ç'.repeat(minimumChars - 1) }, { versao: -1 });
      await trial.query(chave, undefined, NONE_FOUND, 'o valor recusado foi guardado assim mesmo');
    },
  },
  {
    id: 'chave-curta',
    rule: MINIMUM,
    hint: 'o tamanho da chave não é conferido antes de guardar; se o mínimo do seu servidor é outro, diga --minimo N (0: nenhum)',
    run: async (trial) => {
      const { minimumChars } = trial;
      if (minimumChars === 0) throw new NotTried('--minimo 0: não há mínimo');
      // Too short for the prefix of all others: one that nobody uses.
      const chave = trial.random.padEnd(minimumChars, '~').slice(0, minimumChars - 1);
      const { message } = await trial.callWhole('Consulta', { chave }, {});
      if (Number(message['versao']) > 0) throw new NotTried(`a chave "${chave}" já existe neste servidor`);
      await trial.query(chave, 1, NONE_FOUND);
      await trial.remove(chave, undefined, -1);
      await refusesShort(trial, chave);
    },
  },
  {
    id: 'motivo-do-erro',
    rule: IN_ANSWER,
    hint: 'o contrato pede o motivo no metadado final kvs-erro (Trailers); os clientes vivem sem ele',
    isImplied: true,
    run: async (trial) => {
      const request = asked(trial.key('nunca'), 1);
      const { trailer } = await trial.callWhole('Remove', request, { versao: -1 });
      if (trailer.get('kvs-erro').length > 0) return;
      throw new Deviation('o metadado final kvs-erro com o motivo', 'nenhum metadado kvs-erro');
    },
  },
  {
    id: 'snapshot-ultimas',
    rule: SNAPSHOT,
    hint: 'com versão 0 (ou negativa) Snapshot mostra a última versão de cada chave, cada chave uma vez só',
    run: async (trial) => {
      const [a, b] = [trial.key('a'), trial.key('b')];
      const [, two = ''] = await trial.insertVersions(a, 2);
      const [one = ''] = await trial.insertVersions(b, 1);
      await expectSnapshot(trial, 0, [tuple(a, two, 2), tuple(b, one, 1)]);
      await expectSnapshot(trial, -1, [tuple(a, two, 2), tuple(b, one, 1)]);
    },
  },
  {
    id: 'snapshot-ate-a-versao',
    rule: SNAPSHOT,
    hint: 'de cada chave vai a maior versão que não passa da pedida, também das que têm menos versões; chaves que só têm versões maiores ficam fora',
    run: async (trial) => {
      const [a, b, c] = [trial.key('a'), trial.key('b'), trial.key('c')];
      const [, two = ''] = await trial.insertVersions(a, 3);
      const [one = ''] = await trial.insertVersions(b, 1);
      await trial.insertVersions(c, 3);
      await trial.remove(c, 1, 1);
      await trial.remove(c, 2, 2);
      await expectSnapshot(trial, 2, [tuple(a, two, 2), tuple(b, one, 1)]);
    },
  },
  {
    id: 'snapshot-sem-as-removidas',
    rule: SNAPSHOT,
    hint: 'uma chave sem nenhuma versão não aparece: se a entrada dela fica (por causa do contador), pule-a',
    run: async (trial) => {
      const [a, b] = [trial.key('a'), trial.key('b')];
      await trial.insertVersions(a, 2);
      const [one = ''] = await trial.insertVersions(b, 1);
      await trial.remove(a, undefined, 0);
      await expectSnapshot(trial, 0, [tuple(b, one, 1)]);
    },
  },
];

/** Tries to insert a short key, and takes it away again where it was accepted: it is not below the prefix. */
async function refusesShort(trial: KvsTrial, chave: string): Promise<void> {
  const request = { chave, valor: trial.value('valor comprido') };
  const { message } = await trial.callWhole('Insere', request, {});
  const { versao } = message;
  if (versao === -1) return;
  if (typeof versao === 'number' && versao > 0) await trial.remove(chave, versao, versao);
  throw new Deviation(displayed({ versao: -1 }), displayed(message));
}

async function expectSnapshot(trial: KvsTrial, versao: number, expected: readonly Expected[]): Promise<void> {
  const rows: readonly CameMessage[] = await trial.snapshot(versao);
  if (!meets(rows, expected)) throw new Deviation(displayed(expected), displayed(rows));
}
