import { Deviation } from '../case.js';
import type { ConformanceCase } from '../case.js';
import { Matcher, displayed, SOME_TEXT } from '../expectation.js';
import type { Expected } from '../expectation.js';
import type { GrpcTrial } from '../grpc/trial.js';
import { clockOf, isCovered, clockedVersions } from './clocks.js';

const HEADS = 'Get devolve todas as versões da chave que nenhuma outra substitui: normalmente uma.';
const SUPERSEDES = 'Uma escrita que viu as versões de antes as substitui.';
const INCOMPARABLE = 'Os relógios vetoriais de duas versões devolvidas não são comparáveis.';
const CLOCKS_HINT =
  'ao escrever, junte os relógios das versões que o servidor tem e some 1 à entrada do próprio nó; uma versão cujo relógio é ≤ ao de outra sai';

const DONE: Expected = { success: true, error_message: '' };

/** One version, with a clock and a writer. */
function only(value: string): Expected {
  const clock = new Matcher(
    'um relógio com entradas',
    (given) => typeof given === 'object' && given !== null && clockOf(given).size > 0,
  );
  return { versions: [{ value, vector_clock: clock, writer_node_id: SOME_TEXT }], error_message: '' };
}

/** What `kvstore.KvStore` says of each server. */
export const KVSTORE_CASES: readonly ConformanceCase<GrpcTrial>[] = [
  {
    id: 'put-e-get',
    rule: HEADS,
    hint: 'cada versão leva valor, relógio vetorial e quem a escreveu; Put responde success true sem error_message',
    run: async (trial) => {
      const key = trial.key('a');
      await trial.call('Put', { key, value: 'valor um' }, DONE);
      await trial.call('Get', { key }, only('valor um'));
    },
  },
  {
    id: 'get-chave-inexistente',
    rule: 'Uma chave sem versões não é um erro: nenhuma versão e nenhum error_message.',
    hint: 'responda GetResponse em branco',
    run: async (trial) => {
      await trial.call('Get', { key: trial.key('nunca') }, { versions: [], error_message: '' });
    },
  },
  {
    id: 'put-substitui',
    rule: SUPERSEDES,
    hint: CLOCKS_HINT,
    run: async (trial) => {
      const key = trial.key('a');
      await trial.call('Put', { key, value: 'valor um' }, DONE);
      const [one] = clockedVersions(await trial.call('Get', { key }, only('valor um')));
      await trial.call('Put', { key, value: 'valor dois' }, DONE);
      const [two] = clockedVersions(await trial.call('Get', { key }, only('valor dois')));
      if (one === undefined || two === undefined || isCovered(one.clock, two.clock)) return;
      throw new Deviation('um relógio maior que o da versão substituída', displayed([one.given, two.given]));
    },
  },
  {
    id: 'hora-em-ms',
    rule: 'timestamp são milissegundos desde 1970.',
    hint: 'use System.currentTimeMillis() (time.time_ns() // 1_000_000 em Python); se a hora está certa, compare os relógios das máquinas',
    isImplied: true,
    run: async (trial) => {
      const key = trial.key('a');
      await trial.call('Put', { key, value: 'valor um' }, DONE);
      const now = Date.now();
      const near = new Matcher(
        `perto de ${now}`,
        (ms) => typeof ms === 'number' && Math.abs(ms - now) < 300_000,
      );
      await trial.call('Get', { key }, { versions: [{ timestamp: near }] });
    },
  },
  {
    id: 'texto-como-veio',
    rule: 'Chave e valor são texto: voltam como foram enviados.',
    hint: 'veja como o texto é guardado e transportado: acentos, aspas e quebras de linha são parte dele',
    run: async (trial) => {
      const key = trial.key('ação, "1"');
      const value = 'Olá, "mundo"\n{"a": 1} 😀 fim';
      await trial.call('Put', { key, value }, DONE);
      await trial.call('Get', { key }, only(value));
    },
  },
];

/** What `kvstore.KvStore` says of several servers. */
export const KVSTORE_REPLICA_CASES: readonly ConformanceCase<GrpcTrial>[] = [
  {
    id: 'replica-put',
    rule: 'O que é escrito num servidor aparece nos outros.',
    hint: 'a escrita não chegou aos outros servidores, ou chegou sem o relógio com que foi feita',
    servers: 2,
    run: async (trial) => {
      const key = trial.key('a');
      await trial.call('Put', { key, value: 'valor um' }, DONE);
      for (const at of trial.servers.keys()) await trial.eventually('Get', { key }, only('valor um'), { at });
      await trial.agree('Get', { key });
    },
  },
  {
    id: 'replica-substitui',
    rule: `${SUPERSEDES} Também em outro servidor.`,
    hint: `quem escreve por último viu a versão do outro, e a substitui em todos: ${CLOCKS_HINT}`,
    servers: 2,
    run: async (trial) => {
      const key = trial.key('a');
      const last = trial.servers.length - 1;
      await trial.call('Put', { key, value: 'valor um' }, DONE);
      await trial.eventually('Get', { key }, only('valor um'), { at: last });
      await trial.call('Put', { key, value: 'valor dois' }, DONE, { at: last });
      for (const at of trial.servers.keys())
        await trial.eventually('Get', { key }, only('valor dois'), { at });
    },
  },
  {
    id: 'replica-concorrentes',
    rule: INCOMPARABLE,
    hint: CLOCKS_HINT,
    servers: 2,
    run: async (trial) => {
      const key = trial.key('a');
      const puts = [...trial.servers.keys()].map((at) =>
        trial.call('Put', { key, value: `do servidor ${at + 1}` }, DONE, { at }),
      );
      await Promise.all(puts);
      await trial.agree('Get', { key }, ordered);
      const versions = clockedVersions(await trial.call('Get', { key }, {}));
      const covered = versions.find((one) =>
        versions.some((other) => other !== one && isCovered(one.clock, other.clock)),
      );
      if (versions.length === 0 || covered !== undefined) {
        throw new Deviation(
          'versões com relógios incomparáveis',
          displayed(versions.map(({ given }) => given)),
        );
      }
      await trial.call('Put', { key, value: 'depois de todas' }, DONE);
      for (const at of trial.servers.keys()) {
        await trial.eventually('Get', { key }, only('depois de todas'), { at });
      }
    },
  },
];

/** Versions in an order of their own: the contract says none. */
function ordered(message: Expected): Expected {
  const texts = clockedVersions(message).map(({ given }) => displayed(given));
  return { versions: texts.sort() };
}
