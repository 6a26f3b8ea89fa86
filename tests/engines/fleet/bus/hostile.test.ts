import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/core/limits.js';
import { decode } from '../../../../src/engines/fleet/bus/decode-messages.js';
import type { TopicParts } from '../../../../src/engines/fleet/bus/topics.js';

const BATCHES: TopicParts = { channel: 'batches', fleet: 'frota', from: 'o1' };
const SYNC: TopicParts = { channel: 'sync', fleet: 'frota', from: 'o1', to: 'o2' };
const PRESENCE: TopicParts = { channel: 'presence', fleet: 'frota', from: 'o1' };

const insert = { op: 'insere', chave: 'k', valor: 'v', versao: 1, ts: 5 };
const lote = { formato: 1, tipo: 'lote', frota: 'frota', origem: 'o1', primeiro: 1, mutacoes: [insert] };
const presenca = {
  ...{ formato: 1, tipo: 'presenca', frota: 'frota', origem: 'o1', endereco: 'a:1', estado: 'servindo' },
  ...{ relogio: 5, resumo: '0f', hash: '0f', recente: [] },
};
const pedido = { formato: 1, tipo: 'pedeLotes', frota: 'frota', de: 'o1', para: 'o2', id: 1, vetor: [] };
const estado = {
  ...pedido,
  tipo: 'estado',
  resultado: 'pagina',
  lotes: [],
  posicaoLog: 0,
  chaves: [],
  progresso: 1,
};

const many = (length: number, item: unknown): unknown[] => new Array<unknown>(length).fill(item);
const withMutation = (changes: object): object => ({ ...lote, mutacoes: [{ ...insert, ...changes }] });

function reasonOf(topic: TopicParts, payload: unknown): string {
  const bytes = Buffer.isBuffer(payload)
    ? payload
    : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  const decoded = decode(topic, 'frota', bytes);
  return decoded.ok ? 'OK' : decoded.reason;
}

describe('hostile payloads', () => {
  it('accepts the ones that the tables below spoil', () => {
    expect(reasonOf(BATCHES, lote)).toBe('OK');
    expect(reasonOf(PRESENCE, presenca)).toBe('OK');
    expect(reasonOf(SYNC, pedido)).toBe('OK');
    expect(reasonOf(SYNC, estado)).toBe('OK');
  });

  it.each<[string, TopicParts, unknown, string]>([
    ['empty', BATCHES, '', 'JSON'],
    ['truncated', BATCHES, JSON.stringify(lote).slice(0, -3), 'JSON'],
    ['garbage', BATCHES, '\u0000\u0001', 'JSON'],
    ['byte order mark', BATCHES, `\ufeff${JSON.stringify(lote)}`, 'JSON'],
    ['not UTF-8', BATCHES, Buffer.from([0x22, 0xff, 0x22]), 'UTF8'],
    ['overlong UTF-8', BATCHES, Buffer.from([0x22, 0xc0, 0x80, 0x22]), 'UTF8'],
    ['10 MB', BATCHES, Buffer.alloc(10 * 1024 * 1024, 0x20), 'TAMANHO'],
    ['one byte too many', BATCHES, Buffer.alloc(limits.payloadBytes + 1, 0x20), 'TAMANHO'],
    ['a number', BATCHES, 1, 'JSON'],
    ['null', BATCHES, 'null', 'JSON'],
    ['a list', BATCHES, [lote], 'JSON'],
    ['deep nesting within', BATCHES, JSON.stringify(lote).replace(/}$/, `,"x":${'['.repeat(400_000)}${']'.repeat(400_000)}}`), 'JSON'], // prettier-ignore
    ['deep nesting', BATCHES, '['.repeat(500_000) + ']'.repeat(500_000), 'JSON'],
    ['deep nesting with escapes', BATCHES, `${'['.repeat(400_000)}"\\ud800"${']'.repeat(400_000)}`, 'JSON'],
    [
      'deep nesting inside',
      BATCHES,
      JSON.stringify(lote).replace('"v"', '['.repeat(9e4) + ']'.repeat(9e4)),
      'JSON',
    ],
    ['no format', BATCHES, { ...lote, formato: undefined }, 'FORMATO'],
    ['later format', BATCHES, { ...lote, formato: 2 }, 'FORMATO'],
    ['format as text', BATCHES, { ...lote, formato: '1' }, 'FORMATO'],
    ['other fleet inside', BATCHES, { ...lote, frota: 'outra' }, 'FROTA'],
    ['other fleet in the topic', { ...BATCHES, fleet: 'outra' }, { ...lote, frota: 'outra' }, 'FROTA'],
    ['unknown type', BATCHES, { ...lote, tipo: 'x' }, 'TIPO'],
    ['type of another topic', BATCHES, presenca, 'TIPO'],
    ['batch to one server', SYNC, { ...lote, de: 'o1', para: 'o2', id: 1 }, 'TIPO'],
    ['forged origin', BATCHES, { ...lote, origem: 'o9' }, 'ORIGEM'],
    ['origin with a dot', BATCHES, { ...lote, origem: 'a.b' }, 'ORIGEM'],
    ['origin as a number', BATCHES, { ...lote, origem: 1 }, 'ORIGEM'],
    ['no origin', BATCHES, { ...lote, origem: undefined }, 'ORIGEM'],
    ['forged presence', PRESENCE, { ...presenca, origem: 'o9' }, 'ORIGEM'],
    ['forged asker', SYNC, { ...pedido, de: 'o9' }, 'ORIGEM'],
    ['other addressee', SYNC, { ...pedido, para: 'o9' }, 'ORIGEM'],
  ])('envelope: %s', (_name, topic, payload, reason) => {
    expect(reasonOf(topic, payload)).toBe(reason);
  });

  it.each<[string, unknown, string]>([
    ['seq 0', { ...lote, primeiro: 0 }, 'SEQUENCIA'],
    ['seq as text', { ...lote, primeiro: '1' }, 'SEQUENCIA'],
    ['half a seq', { ...lote, primeiro: 1.5 }, 'SEQUENCIA'],
    ['seq beyond 2⁵³', { ...lote, primeiro: 2 ** 53 }, 'SEQUENCIA'],
    ['last seq beyond 2⁵³', { ...lote, primeiro: 2 ** 53 - 1, mutacoes: [insert, insert] }, 'SEQUENCIA'],
    ['no mutations', { ...lote, mutacoes: [] }, 'MUTACOES'],
    ['mutations as an object', { ...lote, mutacoes: { 0: insert, length: 1 } }, 'MUTACOES'],
    ['too many mutations', { ...lote, mutacoes: many(limits.batchMutations + 1, insert) }, 'MUTACOES'],
    ['mutation null', { ...lote, mutacoes: [null] }, 'MUTACOES'],
    ['mutation of unknown kind', withMutation({ op: 'x' }), 'MUTACOES'],
    ['kind from a prototype', withMutation({ op: 'constructor' }), 'MUTACOES'],
    ['no key', withMutation({ chave: undefined }), 'CHAVE'],
    ['key as a number', withMutation({ chave: 1 }), 'CHAVE'],
    ['key too long', withMutation({ chave: 'é'.repeat(limits.keyBytes / 2 + 1) }), 'CHAVE'],
    ['value null', withMutation({ valor: null }), 'VALOR'],
    ['value too long', withMutation({ valor: 'v'.repeat(limits.valueBytes + 1) }), 'VALOR'],
    ['half a character in a key', withMutation({ chave: '\ud800' }), 'JSON'],
    ['half a character in a value', withMutation({ valor: 'x\udc00' }), 'JSON'],
    ['version 0', withMutation({ versao: 0 }), 'VERSAO'],
    ['version 2³¹', withMutation({ versao: 2 ** 31 }), 'VERSAO'],
    ['negative version', withMutation({ versao: -1 }), 'VERSAO'],
    ['time beyond the last date', withMutation({ ts: limits.timestampMs + 1 }), 'TEMPO'],
    ['negative time', withMutation({ ts: -1 }), 'TEMPO'],
    ['minus zero', JSON.stringify(lote).replace('"ts":5', '"ts":-0'), 'TEMPO'],
    ['infinite time', JSON.stringify(lote).replace('"ts":5', '"ts":1e999'), 'TEMPO'],
    ['context as an object', withMutation({ contexto: { o2: 1 } }), 'VETOR'],
    ['context null', withMutation({ contexto: null }), 'VETOR'],
    ['context entry too short', withMutation({ contexto: [['o2']] }), 'VETOR'],
    ['context entry too long', withMutation({ contexto: [['o2', 1, 1]] }), 'VETOR'],
    ['context with seq 0', withMutation({ contexto: [['o2', 0]] }), 'SEQUENCIA'],
    ['origin twice', withMutation({ contexto: [['o2', 1], ['o2', 2]] }), 'VETOR'], // prettier-ignore
    [
      'origin twice in a long one',
      { ...lote, depende: [...many(9, 0).map((_, i) => [`a${i}`, 1]), ['a3', 2]] },
      'VETOR',
    ],
    [
      'vector too long',
      { ...lote, depende: many(limits.vectorEntries + 1, 0).map((_, i) => [`a${i}`, 1]) },
      'VETOR',
    ],
    ['removal without what was seen', withMutation({ op: 'remove' }), 'VETOR'],
    ['bad dot to keep', withMutation({ op: 'remove', observado: [], mantem: ['o2'] }), 'VETOR'],
    ['bad list of dots', withMutation({ op: 'removeVersao', pontos: [1] }), 'VETOR'],
  ])('batch: %s', (_name, payload, reason) => {
    expect(reasonOf(BATCHES, payload)).toBe(reason);
  });

  it.each<[string, TopicParts, unknown, string]>([
    ['unknown state', PRESENCE, { ...presenca, estado: 'constructor' }, 'CAMPO'],
    ['long address', PRESENCE, { ...presenca, endereco: 'x'.repeat(1000) }, 'CAMPO'],
    ['hash of no digits', PRESENCE, { ...presenca, hash: 'xyz' }, 'CAMPO'],
    ['hash too long', PRESENCE, { ...presenca, resumo: '0'.repeat(65) }, 'CAMPO'],
    ['waits for nothing', PRESENCE, { ...presenca, espera: 0 }, 'SEQUENCIA'],
    ['number of none', PRESENCE, { ...presenca, numero: 0 }, 'SEQUENCIA'],
    ['number as a text', PRESENCE, { ...presenca, numero: '7' }, 'SEQUENCIA'],
    ['name of two lines', PRESENCE, { ...presenca, nome: 'a\nb' }, 'CAMPO'],
    ['name that turns the line', PRESENCE, { ...presenca, nome: 'a\u202eb' }, 'CAMPO'],
    ['empty name', PRESENCE, { ...presenca, nome: '' }, 'CAMPO'],
    ['name of blanks', PRESENCE, { ...presenca, nome: ' ' }, 'CAMPO'],
    ['long name', PRESENCE, { ...presenca, nome: 'x'.repeat(limits.serverNameUnits + 1) }, 'CAMPO'],
    ['name as a number', PRESENCE, { ...presenca, nome: 7 }, 'CAMPO'],
    ['name null', PRESENCE, { ...presenca, nome: null }, 'CAMPO'],
    ['a look that is none', PRESENCE, { ...presenca, olha: 0 }, 'CAMPO'],
    ['a look that is passed on for ever', PRESENCE, { ...presenca, olha: 9 }, 'CAMPO'],
    ['heard servers that are no list', PRESENCE, { ...presenca, ouve: 's1' }, 'CAMPO'],
    ['a heard server that is none', PRESENCE, { ...presenca, ouve: ['s1', '#'] }, 'ORIGEM'],
    ['one server heard twice', PRESENCE, { ...presenca, ouve: ['s1', 's1'] }, 'CAMPO'],
    [
      'too many heard servers',
      PRESENCE,
      { ...presenca, ouve: Array.from({ length: limits.presenceEntries + 1 }, (_, at) => `s${at}`) },
      'CAMPO',
    ],
    ['program with a blank', PRESENCE, { ...presenca, programa: '1 0' }, 'CAMPO'],
    [
      'long program',
      PRESENCE,
      { ...presenca, programa: '1'.repeat(limits.programVersionUnits + 1) },
      'CAMPO',
    ],
    ['no clock', PRESENCE, { ...presenca, relogio: null }, 'TEMPO'],
    ['too many recent', PRESENCE, { ...presenca, recente: many(65, 0).map((_, i) => [`a${i}`, 1]) }, 'VETOR'],
    ['confirms nothing', SYNC, { ...pedido, tipo: 'confirma' }, 'SEQUENCIA'],
    ['forged confirmation', SYNC, { ...pedido, tipo: 'confirma', seq: 1, de: 'o9' }, 'ORIGEM'],
    ['asks for a clock without id', SYNC, { ...pedido, tipo: 'pedeRelogio', id: -1 }, 'CAMPO'],
    ['a clock that shows nothing', SYNC, { ...pedido, tipo: 'relogio' }, 'TEMPO'],
    ['forged clock', SYNC, { ...pedido, tipo: 'relogio', relogio: 5, de: 'o9' }, 'ORIGEM'],
    ['no id', SYNC, { ...pedido, id: undefined }, 'CAMPO'],
    ['no vector', SYNC, { ...pedido, vetor: undefined }, 'VETOR'],
    ['unknown outcome', SYNC, { ...estado, resultado: 'x' }, 'CAMPO'],
    ['log reply without outcome', SYNC, { ...pedido, tipo: 'lotes', lotes: [], mais: false }, 'CAMPO'],
    ['more as a number', SYNC, { ...pedido, tipo: 'lotes', resultado: 'lotes', lotes: [], mais: 1 }, 'CAMPO'],
    ['batch inside a reply', SYNC, { ...estado, lotes: [{ ...lote, primeiro: 0 }] }, 'SEQUENCIA'],
    ['progress beyond the end', SYNC, { ...estado, progresso: 2 }, 'CAMPO'],
    ['position as a text', SYNC, { ...estado, posicaoLog: '0' }, 'CAMPO'],
    ['bad key', SYNC, { ...estado, chaves: [{ chave: 'k' }] }, 'VERSAO'],
    ['bad cursor', SYNC, { ...estado, cursor: { vaga: -1 } }, 'CAMPO'],
    ['bad place in a history', SYNC, { ...estado, cursor: { vaga: 1, apos: [1, 2, 'o1'] } }, 'CAMPO'],
    ['bad page request', SYNC, { ...pedido, tipo: 'pedeEstado', pagina: null }, 'CAMPO'],
    [
      'too many hashes',
      SYNC,
      { ...estado, resultado: 'abertura', vetor: [], hashes: many(1025, '') },
      'CAMPO',
    ],
  ])('presence and exchange: %s', (_name, topic, payload, reason) => {
    expect(reasonOf(topic, payload)).toBe(reason);
  });

  it('takes no longer than a pass over the bytes', () => {
    const longest = limits.payloadBytes - 1000;
    const worst: unknown[] = [
      `{"a":${'['.repeat(longest / 2)}${']'.repeat(longest / 2)}}`,
      { ...lote, depende: many(limits.vectorEntries, 0).map((_, i) => [`a${i}`, 1]) },
      { ...lote, mutacoes: many(Math.floor(longest / 3), 0) },
      `[${'"\\ud800",'.repeat(Math.floor(longest / 9))}0]`,
      Object.fromEntries(many(60_000, 0).map((_, i) => [`k${i}`, i])),
    ];
    for (const payload of worst) {
      const start = performance.now();
      reasonOf(BATCHES, payload);
      expect(performance.now() - start).toBeLessThan(2_000);
    }
  });
});
