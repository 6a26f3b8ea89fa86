import { decode, decodeSealed } from '../../src/engines/fleet/bus/decode-messages.js';
import { encode } from '../../src/engines/fleet/bus/encode-messages.js';
import { KeyRing } from '../../src/engines/fleet/bus/seal/key-ring.js';
import { Opener } from '../../src/engines/fleet/bus/seal/opener.js';
import { Sealer } from '../../src/engines/fleet/bus/seal/sealer.js';
import { parseTopic } from '../../src/engines/fleet/bus/topics.js';
import type { TopicParts } from '../../src/engines/fleet/bus/topics.js';
import { testKey } from '../engines/fleet/bus/seal-support.js';
import { same } from './target.js';
import type { FuzzTarget } from './target.js';

const FLEET = 'frota';
const BATCHES: TopicParts = { channel: 'batches', fleet: FLEET, from: 'o1' };
const PRESENCE: TopicParts = { channel: 'presence', fleet: FLEET, from: 'o1' };
const SYNC: TopicParts = { channel: 'sync', fleet: FLEET, from: 'o1', to: 'o2' };

/** What a message means must not change when it is written and read again. */
function messages(topic: TopicParts, seeds: readonly object[], words: readonly string[]): FuzzTarget {
  return {
    run: (input) => {
      decodeSealed(topic, FLEET, input);
      const read = decode(topic, FLEET, input);
      if (!read.ok) return;
      const again = decode(topic, FLEET, encode(FLEET, read.message));
      if (!again.ok) throw new Error(`written again it is refused: ${again.reason}`);
      // What a batch was read from is kept as it came.
      const plain = (message: object): string => JSON.stringify({ ...message, packed: '' });
      same('a message', plain(read.message), plain(again.message));
    },
    seeds: seeds.map((seed) => JSON.stringify(seed)),
    words,
  };
}

const head = { formato: 1, frota: FLEET };
const insert = { op: 'insere', chave: 'k', valor: 'v', versao: 1, ts: 5 };
const parties = { de: 'o1', para: 'o2', id: 1 };

export const busTargets: Readonly<Record<string, FuzzTarget>> = {
  lote: messages(
    BATCHES,
    [
      { ...head, tipo: 'lote', origem: 'o1', primeiro: 1, mutacoes: [insert] },
      {
        ...{ ...head, tipo: 'lote', origem: 'o1', primeiro: 7, depende: [['o2', 3]] },
        mutacoes: [
          { ...insert, contexto: [['o1', 1]], expira: 9 },
          { op: 'remove', chave: 'k', observado: [['o1', 1]] },
        ],
      },
    ],
    [
      '"op":',
      '"insere"',
      '"remove"',
      '"observado":',
      '"mantem":',
      '"pontos":',
      '"depende":',
      '"expira":',
      '"pedido":',
      '"piso":',
    ],
  ),
  presenca: messages(
    PRESENCE,
    [
      {
        ...{ ...head, tipo: 'presenca', origem: 'o1', endereco: 'a:1', estado: 'servindo' },
        ...{
          relogio: 5,
          resumo: '0f',
          hash: '0f',
          recente: [['o1', 2]],
          numero: 3,
          nivel: 2,
          nome: 'n1',
          ve: 2,
          ouve: ['o2'],
        },
      },
    ],
    [
      '"recente":',
      '"numero":',
      '"nivel":',
      '"nome":',
      '"programa":',
      '"ouve":',
      '"portal":',
      '"entrando"',
      '"saiu"',
    ],
  ),
  sincronia: messages(
    SYNC,
    [
      { ...head, tipo: 'pedeLotes', ...parties, vetor: [['o1', 3]], so: true },
      { ...head, tipo: 'lotes', ...parties, resultado: 'lotes', lotes: [], mais: false },
      {
        ...{ ...head, tipo: 'estado', ...parties, resultado: 'pagina', lotes: [], posicaoLog: 0 },
        ...{ chaves: [], progresso: 1 },
      },
      { ...head, tipo: 'pedeEstado', ...parties },
      { ...head, tipo: 'confirma', de: 'o1', para: 'o2', seq: 4 },
      { ...head, tipo: 'pedeRelogio', ...parties },
    ],
    [
      '"vetor":',
      '"chaves":',
      '"cursor":',
      '"partes":',
      '"entradas":',
      '"abertura"',
      '"perdido"',
      '"pedeVetor"',
      '"relogio":',
    ],
  ),
  topico: {
    run: (input) => {
      parseTopic(input.toString('utf8'));
    },
    seeds: ['kvs/frota/mutacoes/o1', 'kvs/frota/sincronia/o1/o2', 'kvs/frota/presenca/o1'],
  },
  selo: sealed(),
};

/** Whatever is changed in a sealed payload, it is not opened, or opens as it was. */
function sealed(): FuzzTarget {
  const topic = 'kvs/frota/mutacoes/o1';
  const ring = new KeyRing(FLEET, [testKey('a')]);
  const opener = new Opener(ring, 16);
  const body = Buffer.from('{"um":"lote"}');
  const seeds = [false, true].map((encrypts) => {
    const sealer = new Sealer('o1', { ring, encrypts, drawBytes: (count) => Buffer.alloc(count, 7) });
    return sealer.seal(topic, 'batch', 1, body);
  });
  return {
    run: (input) => {
      const opened = opener.open(topic, 'o1', input);
      if (typeof opened === 'string') return;
      same('what was sealed', opened.body.toString(), body.toString());
    },
    seeds,
  };
}
