import { Deviation, NotTried } from '../case.js';
import type { ConformanceCase } from '../case.js';
import { Matcher } from '../expectation.js';
import { KVS_SERVICE } from '../kvs/contract.js';
import { blankAnswer, nothingOf } from './trial.js';
import type { KeyValueTrial } from './trial.js';

/** How far the clocks of two machines may be apart, in ms. */
const CLOCKS_APART_MS = 300_000;

const PUT = 'Put responde o valor e a versão de antes (em branco se não havia) e a versão que deu.';
const WALL_CLOCK = 'A versão é a hora em que o valor foi aceito, em milissegundos desde 1970.';
const INCREASING =
  'As versões de uma chave crescem sempre: duas no mesmo milissegundo têm números diferentes.';
const GET = 'Get responde a versão mais nova se ver está ausente ou ≤ 0; senão, a maior versão ≤ a ver.';
const NOTHING = 'Se nada é encontrado, a resposta é a chave pedida, "" e 0.';
const DEL = 'Del remove todas as versões e responde a mais nova das removidas; sem nada, a chave e brancos.';
const TRIM = 'Trim remove todas as versões menos a mais nova, e responde com ela.';

const LOOK_UP =
  'a busca precisa ser pela maior versão que não passa da pedida (floorEntry num TreeMap, bisect em Python), e não pela versão exata';
const NONE_HINT =
  'trate "sem versão" num lugar só: ver é optional, então teste hasVer() (HasField em Python) e também ver <= 0';

/** What `KeyValueStore` says of single requests. */
export const KEYVALUE_CASES: readonly ConformanceCase<KeyValueTrial>[] = [
  {
    id: 'put-primeira',
    rule: PUT,
    hint: 'de uma chave nova, old_val é "" e old_ver é 0; a resposta traz a própria chave e a versão dada',
    run: async (trial) => {
      await trial.put(trial.key('a'), 'valor um');
    },
  },
  {
    id: 'put-hora-em-ms',
    rule: WALL_CLOCK,
    hint: 'use System.currentTimeMillis() (time.time_ns() // 1_000_000 em Python): nem segundos, nem nanossegundos, nem um contador; se a hora está certa, compare os relógios das máquinas',
    run: async (trial) => {
      const now = Date.now();
      const near = new Matcher(
        `perto de ${now}`,
        (ver) => typeof ver === 'number' && Math.abs(ver - now) < CLOCKS_APART_MS,
      );
      await trial.call('Put', { key: trial.key('a'), val: 'valor um' }, { ver: near });
    },
  },
  {
    id: 'put-de-antes',
    rule: PUT,
    hint: 'old_val e old_ver são os da versão mais nova antes desta: leia-os antes de guardar a nova',
    run: async (trial) => {
      const key = trial.key('a');
      const one = await trial.put(key, 'valor um');
      const two = await trial.put(key, 'valor dois', one);
      await trial.put(key, 'valor três', two);
    },
  },
  {
    id: 'put-sempre-crescente',
    rule: INCREASING,
    hint: 'se a hora não passou da última versão da chave, a nova é a última + 1: Math.max(agora, ultima + 1)',
    run: async (trial) => {
      const key = trial.key('a');
      let last = await trial.put(key, 'valor 0');
      for (let count = 1; count <= 10; count++) last = await trial.put(key, `valor ${count}`, last);
      await trial.get(key, undefined, last);
    },
  },
  {
    id: 'get-a-mais-nova',
    rule: GET,
    hint: NONE_HINT,
    run: async (trial) => {
      const key = trial.key('a');
      const [, newest] = await trial.putApart(key);
      await trial.get(key, undefined, newest);
      await trial.get(key, 0, newest);
      await trial.get(key, -1, newest);
    },
  },
  {
    id: 'get-uma-versao',
    rule: GET,
    hint: 'todas as versões de uma chave ficam guardadas: veja se um Put não apaga as anteriores',
    run: async (trial) => {
      const key = trial.key('a');
      const [one, two] = await trial.putApart(key);
      await trial.get(key, one.ver, one);
      await trial.get(key, two.ver, two);
    },
  },
  {
    id: 'get-a-maior-ate-a-pedida',
    rule: GET,
    hint: LOOK_UP,
    run: async (trial) => {
      const key = trial.key('a');
      const [one, two] = await trial.putApart(key);
      await trial.get(key, two.ver + 1_000_000, two);
      await trial.get(key, two.ver - 1, one);
    },
  },
  {
    id: 'get-antes-da-primeira',
    rule: NOTHING,
    hint: 'nenhuma versão é ≤ à pedida: não responda a primeira acima nem a mais nova',
    run: async (trial) => {
      const key = trial.key('a');
      const one = await trial.put(key, 'valor um');
      await trial.get(key, one.ver - 1, nothingOf(key));
      await trial.get(key, 1, nothingOf(key));
    },
  },
  {
    id: 'get-chave-inexistente',
    rule: NOTHING,
    hint: 'a chave da resposta é a do pedido, também quando nada é encontrado',
    run: async (trial) => {
      const key = trial.key('nunca');
      await trial.get(key, undefined, blankAnswer(key));
      await trial.get(key, 1, blankAnswer(key));
    },
  },
  {
    id: 'texto-como-veio',
    rule: 'Chave e valor são texto: voltam como foram enviados; não há tamanho mínimo.',
    hint: 'acentos, espaços, aspas e quebras de linha são parte do texto: veja como ele é guardado ou transportado (CSV, split, JSON montado à mão, codificação que não é UTF-8)',
    run: async (trial) => {
      const strange = trial.key('ação, "1" e; 2/3');
      await trial.get(
        strange,
        undefined,
        await trial.put(strange, 'Olá, "mundo";\n  {"a": [1, 2]} | fim 😀 '),
      );
      const short = trial.key('b');
      await trial.get(short, undefined, await trial.put(short, 'x'));
    },
  },
  {
    id: 'chave-com-exclamacao',
    rule: 'Chaves que contêm "!" funcionam como as outras.',
    hint: 'em disco a chave é a chave e a versão unidas por "!": separe no último "!", e não no primeiro; e "a" não pode ver as versões de "a!b"',
    run: async (trial) => {
      const plain = trial.key('a');
      const marked = trial.key('a!b!1');
      const two = await trial.put(marked, 'valor dois');
      await trial.get(plain, undefined, nothingOf(plain));
      const one = await trial.put(plain, 'valor um');
      await trial.get(marked, undefined, two);
      await trial.get(plain, undefined, one);
      await trial.call('Del', { key: plain }, one);
      await trial.get(marked, undefined, two);
    },
  },
  {
    id: 'valor-vazio',
    rule: 'Não há tamanho mínimo neste serviço: "" é um valor.',
    hint: 'um valor vazio foi recusado ou tomado por "não existe"; o contrato não fala dele em separado',
    isImplied: true,
    run: async (trial) => {
      const key = trial.key('a');
      await trial.get(key, undefined, await trial.put(key, ''));
    },
  },
  {
    id: 'del',
    rule: DEL,
    hint: 'Del tira a chave inteira, com todas as versões, e responde a mais nova delas, lida antes de remover',
    run: async (trial) => {
      const key = trial.key('a');
      const [one, two] = await trial.putApart(key);
      await trial.call('Del', { key }, two);
      await trial.get(key, undefined, nothingOf(key));
      await trial.get(key, one.ver, nothingOf(key), 'as versões antigas ficaram: Del remove todas');
    },
  },
  {
    id: 'del-chave-inexistente',
    rule: DEL,
    hint: 'sem nada a remover a resposta é a chave, "" e 0, e não um erro',
    run: async (trial) => {
      const key = trial.key('nunca');
      await trial.call('Del', { key }, nothingOf(key));
    },
  },
  {
    id: 'put-depois-de-del',
    rule: PUT,
    hint: 'depois de Del a chave é nova: old_val "" e old_ver 0',
    run: async (trial) => {
      const key = trial.key('a');
      const one = await trial.put(key, 'valor um');
      await trial.call('Del', { key }, one);
      const again = await trial.put(key, 'de novo');
      await trial.get(key, undefined, again);
      await trial.call('Del', { key }, again);
      await trial.call('Del', { key }, nothingOf(key), { hint: 'a segunda remoção não encontra nada' });
    },
  },
  {
    id: 'trim',
    rule: TRIM,
    hint: 'fica só a versão mais nova, com o número que tinha; todas as outras são removidas',
    run: async (trial) => {
      const key = trial.key('a');
      const [one, two] = await trial.putApart(key);
      await trial.call('Trim', { key }, two);
      await trial.get(key, undefined, two, 'a versão mais nova fica, com o mesmo número e o mesmo valor');
      await trial.get(key, one.ver, nothingOf(key), 'as versões antigas ainda estão lá');
      await trial.put(key, 'valor seguinte', two);
    },
  },
  {
    id: 'trim-de-uma-so',
    rule: TRIM,
    hint: 'com uma só versão nada é removido, e a resposta é ela',
    run: async (trial) => {
      const key = trial.key('a');
      const one = await trial.put(key, 'valor um');
      await trial.call('Trim', { key }, one);
      await trial.get(key, undefined, one);
    },
  },
  {
    id: 'trim-chave-inexistente',
    rule: NOTHING,
    hint: 'sem nada a aparar a resposta é a chave, "" e 0, e não um erro',
    run: async (trial) => {
      const key = trial.key('nunca');
      await trial.call('Trim', { key }, nothingOf(key));
    },
  },
  {
    id: 'os-dois-nomes',
    rule: 'O serviço é oferecido sob os dois nomes, KeyValueStore e project.KeyValueStore.',
    hint: 'os clientes de um nome não acham o seu servidor pelo outro: registre o mesmo serviço duas vezes, uma com o package project e outra sem',
    isImplied: true,
    run: async (trial) => {
      const key = trial.key('a');
      const one = await trial.put(key, 'valor um');
      const { otherName } = trial.others;
      if (otherName === undefined) throw new Deviation('os dois nomes', `só um deles: ${trial.service}`);
      await trial.call('Get', { key }, one, { of: otherName });
    },
  },
  {
    id: 'mesmos-dados-de-kvs',
    rule: 'As duas portas mostram os mesmos dados: um valor posto aqui é uma versão 1, 2, 3, … de kvs.KVS.',
    hint: 'os dois serviços precisam usar o mesmo armazém',
    run: async (trial) => {
      if (!trial.others.hasKvs) throw new NotTried('o servidor não oferece kvs.KVS');
      const key = trial.key('a');
      await trial.put(key, 'valor dois', await trial.put(key, 'valor um'));
      const expected = { chave: key, valor: 'valor dois', versao: 2 };
      await trial.call('Consulta', { chave: key }, expected, { of: KVS_SERVICE });
      await trial.call(
        'Consulta',
        { chave: key, versao: 1 },
        { valor: 'valor um', versao: 1 },
        { of: KVS_SERVICE },
      );
    },
  },
];
