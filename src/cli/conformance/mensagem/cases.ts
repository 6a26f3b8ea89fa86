import { NULL, TRY_OTHER } from '../../../wire/mensagem/messages.js';
import { Deviation } from '../case.js';
import type { ConformanceCase } from '../case.js';
import { displayed } from '../expectation.js';
import { saysNull, saysTryOther } from './dialect.js';
import type { MensagemTrial, StampedValue } from './trial.js';

const UNKNOWN_KEY = 'GET de uma chave desconhecida responde o valor NULL, se o timestamp do cliente é 0.';
const SEEN_KEY = `GET de quem já viu mais do que o servidor tem responde ${TRY_OTHER}.`;
const VALUE = 'GET responde o valor e o timestamp do servidor se este é ≥ ao do cliente.';
const PUT_OK = 'PUT guarda o valor com o próximo timestamp da chave e responde PUT_OK com ele.';
const LINES = 'Cada Mensagem é um objeto JSON numa linha, nos dois sentidos.';

/** What the leader system says of each server. */
export const MENSAGEM_CASES: readonly ConformanceCase<MensagemTrial>[] = [
  {
    id: 'get-chave-desconhecida',
    rule: UNKNOWN_KEY,
    hint: 'uma chave que ninguém escreveu não é um erro: a resposta leva "NULL" (tipo ou valor) e timestamp 0',
    run: async (trial) => {
      for (const at of trial.places) await trial.get(at, trial.key('nunca'), 0, NULL);
    },
  },
  {
    id: 'get-chave-desconhecida-ja-vista',
    rule: `${SEEN_KEY} Também de uma chave que ele não tem.`,
    hint: 'quem manda um timestamp maior que 0 já viu a chave: compare o timestamp antes de ver se a chave existe (uma chave que falta tem timestamp 0)',
    run: async (trial) => {
      for (const at of trial.places) await trial.get(at, trial.key('nunca'), 7, TRY_OTHER);
    },
  },
  {
    id: 'put-e-get',
    rule: PUT_OK,
    hint: 'depois de PUT_OK o mesmo servidor responde o valor escrito, com o timestamp que PUT_OK disse',
    run: async (trial) => {
      const key = trial.key('a');
      const stored = await trial.put(0, key, 'valor um');
      await trial.get(0, key, 0, stored);
    },
  },
  {
    id: 'timestamp-cresce',
    rule: PUT_OK,
    hint: 'cada PUT da mesma chave recebe um timestamp maior que o anterior: quem o dá é o líder, um contador por chave',
    run: async (trial) => {
      const key = trial.key('a');
      let last = await trial.put(0, key, 'valor 1');
      for (let count = 2; count <= 4; count++) {
        const at = (count - 1) % trial.places.length;
        const next = await trial.put(at, key, `valor ${count}`);
        if (next.timestamp <= last.timestamp) {
          throw new Deviation(`um timestamp maior que ${last.timestamp}`, String(next.timestamp));
        }
        last = next;
      }
      await trial.get(0, key, last.timestamp, last);
    },
  },
  {
    id: 'get-com-timestamp-igual-ou-menor',
    rule: VALUE,
    hint: 'a comparação é timestamp do servidor >= timestamp do cliente (e não só >), e a resposta leva o do servidor, não o do cliente',
    run: async (trial) => {
      const key = trial.key('a');
      const one = await trial.put(0, key, 'valor um');
      await trial.get(0, key, one.timestamp, one);
      const two = await trial.put(0, key, 'valor dois');
      await trial.get(0, key, one.timestamp, two);
      await trial.get(0, key, 0, two);
    },
  },
  {
    id: 'get-com-timestamp-maior',
    rule: SEEN_KEY,
    hint: 'o servidor devolveu algo mais antigo do que o cliente já viu: compare os timestamps antes de responder o valor',
    run: async (trial) => {
      const key = trial.key('a');
      const { timestamp } = await trial.put(0, key, 'valor um');
      for (const at of trial.places) await trial.get(at, key, timestamp + 5, TRY_OTHER);
    },
  },
  {
    id: 'chaves-separadas',
    rule: PUT_OK,
    hint: 'cada chave tem o seu valor e o seu timestamp: veja se o mapa é pela chave',
    run: async (trial) => {
      const [a, b] = [trial.key('a'), trial.key('b')];
      const one = await trial.put(0, a, 'valor de a');
      const other = await trial.put(0, b, 'valor de b');
      await trial.get(0, a, one.timestamp, one);
      await trial.get(0, b, other.timestamp, other);
    },
  },
  {
    id: 'texto-como-veio',
    rule: 'Chave e valor são texto: voltam como foram enviados.',
    hint: 'acentos, aspas e quebras de linha são parte do texto: use uma biblioteca de JSON (Gson, json) e UTF-8 nas duas pontas, também entre os servidores',
    run: async (trial) => {
      const key = trial.key('ação "1"');
      const stored = await trial.put(0, key, 'Olá, "mundo"\n{"a": 1} 😀 fim');
      await trial.get(0, key, stored.timestamp, stored);
    },
  },
  {
    id: 'uma-linha-por-resposta',
    rule: LINES,
    hint: 'a resposta não termina com "\\n": quem lê linhas espera para sempre; use println (ou some "\\n") e flush',
    isTelling: true,
    run: async (trial) => {
      const request = trial.line(0, { tipo: 'GET', chave: trial.key('nunca'), timestamp: 0 });
      const [answer] = await trial.raw(0, [request], 1);
      if (answer?.isLine !== true)
        throw new Deviation('uma linha terminada por "\\n"', 'um JSON sem fim de linha');
    },
  },
  {
    id: 'linha-em-pedacos',
    rule: LINES,
    hint: 'TCP não guarda fronteiras: leia até o "\\n" (readLine, makefile().readline()), e não o que um só recv ou read trouxer',
    isTelling: true,
    run: async (trial) => {
      const request = trial.line(0, { tipo: 'GET', chave: trial.key('nunca'), timestamp: 0 });
      const half = Math.floor(request.length / 2);
      const [answer] = await trial.raw(0, [request.slice(0, half), request.slice(half)], 1);
      if (answer === undefined || !saysNull(answer.reading)) {
        throw new Deviation('valor NULL', displayed(answer?.reading ?? null));
      }
    },
  },
  {
    id: 'varias-na-mesma-conexao',
    rule: LINES,
    hint: 'o contrato não diz que a conexão fecha depois de uma resposta: leia linhas num laço, até o cliente fechar',
    isImplied: true,
    isTelling: true,
    run: async (trial) => {
      const request = trial.line(0, { tipo: 'GET', chave: trial.key('nunca'), timestamp: 0 });
      await trial.raw(0, [request, request], 2);
    },
  },
  {
    id: 'cliente-parado',
    rule: 'Um cliente que se conecta e não pede nada não para os outros.',
    hint: 'o servidor atende uma conexão de cada vez: trate cada uma numa thread (ou tarefa) própria',
    isImplied: true,
    isTelling: true,
    run: async (trial) => {
      const idle = await trial.idle(0);
      try {
        await trial.get(0, trial.key('nunca'), 0, NULL);
      } finally {
        idle.close();
      }
    },
  },
  {
    id: 'linha-invalida',
    rule: 'Uma linha que não é uma Mensagem não derruba o servidor.',
    hint: 'trate o erro ao ler o JSON dentro da conexão em que ele veio: uma linha ruim de um cliente não pode parar os outros',
    isImplied: true,
    isTelling: true,
    run: async (trial) => {
      await trial.raw(0, ['isto não é JSON\n'], 0);
      await trial.get(0, trial.key('nunca'), 0, NULL);
    },
  },
];

const FORWARDS =
  'Um servidor que não é o líder encaminha o PUT ao líder, e repassa a resposta dele ao cliente.';
const ACKNOWLEDGED =
  'PUT_OK só é respondido quando todos os outros servidores já têm a escrita (REPLICATION_OK).';

/** What the leader system says of its servers together. */
export const MENSAGEM_REPLICA_CASES: readonly ConformanceCase<MensagemTrial>[] = [
  {
    id: 'put-por-qualquer-servidor',
    rule: FORWARDS,
    hint: 'um PUT feito a este servidor não chegou aos outros: se ele não é o líder, não o guarde nele mesmo: encaminhe-o ao líder, que o replica a todos (também a quem encaminhou)',
    servers: 2,
    run: async (trial) => {
      for (const at of trial.places) {
        const key = trial.key(`pelo-${at + 1}`);
        const stored = await trial.put(at, key, `valor pelo servidor ${at + 1}`);
        for (const other of trial.places) await trial.getEventually(other, key, 0, stored);
      }
    },
  },
  {
    id: 'put-ok-depois-de-replicar',
    rule: ACKNOWLEDGED,
    hint: 'PUT_OK veio antes de todos terem a escrita: o líder manda REPLICATION a todos os outros, espera o REPLICATION_OK de cada um, e só então responde',
    servers: 2,
    run: async (trial) => {
      for (const at of trial.places) {
        const key = trial.key(`pelo-${at + 1}`);
        const stored = await trial.put(at, key, `valor pelo servidor ${at + 1}`);
        for (const other of trial.places) await trial.get(other, key, stored.timestamp, stored);
      }
    },
  },
  {
    id: 'um-so-timestamp',
    rule: 'Todos os servidores guardam a chave com o timestamp que o líder deu.',
    hint: 'REPLICATION leva o timestamp do líder, e quem a recebe guarda esse: um servidor que conta por si fica com outro',
    servers: 2,
    run: async (trial) => {
      const key = trial.key('a');
      let last: StampedValue | undefined;
      for (const at of [...trial.places, ...trial.places]) {
        last = await trial.put(at, key, `valor pelo servidor ${at + 1}`);
      }
      if (last === undefined) return;
      for (const at of trial.places) await trial.get(at, key, last.timestamp, last);
    },
  },
  {
    id: 'put-ao-mesmo-tempo',
    rule: 'PUTs simultâneos da mesma chave recebem timestamps diferentes, e todos os servidores acabam com o do maior.',
    hint: 'dois PUTs ao mesmo tempo leram o mesmo contador, ou uma REPLICATION atrasada escreveu por cima de uma mais nova: proteja o contador com um lock, e só aplique um timestamp maior que o que já tem',
    servers: 2,
    run: async (trial) => {
      const key = trial.key('a');
      const puts = [...trial.places, ...trial.places, ...trial.places];
      const stored = await Promise.all(puts.map((at, index) => trial.put(at, key, `valor ${index + 1}`)));
      const sorted = [...stored].sort((one, other) => one.timestamp - other.timestamp);
      const timestamps = sorted.map(({ timestamp }) => timestamp);
      if (new Set(timestamps).size < timestamps.length) {
        throw new Deviation('timestamps todos diferentes', timestamps.join(', '));
      }
      const last = sorted.at(-1);
      if (last === undefined) return;
      for (const at of trial.places) await trial.get(at, key, last.timestamp, last);
    },
  },
  {
    id: 'nunca-o-passado',
    rule: 'Um cliente nunca recebe um valor mais antigo do que um que já viu.',
    hint: 'um servidor atrasado respondeu o valor que tinha: se o timestamp dele é menor que o do cliente, a resposta é TRY_OTHER_SERVER_OR_LATER',
    servers: 2,
    run: async (trial) => {
      const key = trial.key('a');
      let seen = 0;
      for (let round = 0; round < 6; round++) {
        const at = round % trial.places.length;
        ({ timestamp: seen } = await trial.put(at, key, `valor ${round + 1}`));
        for (const other of trial.places) {
          const answer = await trial.ask(other, { tipo: 'GET', chave: key, timestamp: seen });
          if (saysTryOther(answer) || (answer.timestamp ?? 0) >= seen) continue;
          throw new Deviation(`um timestamp ≥ ${seen}, ou ${TRY_OTHER}`, displayed(answer));
        }
      }
    },
  },
];
