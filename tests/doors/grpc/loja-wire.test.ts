import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { grpcLimits } from '../../../src/doors/grpc/limits.js';
import {
  encodeBatchAnswer,
  encodeCounted,
  encodeEvent,
  encodeFullLine,
  encodeSystem,
} from '../../../src/doors/grpc/loja/answers.js';
import {
  decodeBatch,
  decodeCondition,
  decodeInterest,
  decodeLineRequest,
  decodePair,
  decodeRangeOfLines,
  decodeRemoval,
  decodeTtl,
} from '../../../src/doors/grpc/loja/requests.js';
import { loadService, method } from '../../support/door-client.js';

const service = loadService('loja.proto', 'frota.v1.Loja');
const asked = (name: string, request: object): Buffer => method(service, name).requestSerialize(request);
const told = (name: string, bytes: Buffer): unknown => method(service, name).responseDeserialize(bytes);
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');

const text = fc.string({ unit: 'binary', maxLength: 100 });
const uint32 = fc.oneof(fc.nat({ max: 2 ** 32 - 1 }), fc.constantFrom(0, 1, 127, 128, 2 ** 31, 2 ** 32 - 1));
const version = fc.oneof(fc.nat({ max: 2 ** 31 - 1 }), fc.constantFrom(0, 1, 2 ** 28, 2 ** 31 - 1));
const moment = fc.oneof(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.constantFrom(0, 2 ** 32, 2 ** 53 - 1));
const keyed = (key: string) => ({ key, keyBytes: Buffer.byteLength(key) });
const pairOf = (chave: string, valor: string, ttl_s: number) => ({
  ...keyed(chave),
  ...{ value: valor, valueBytes: Buffer.byteLength(valor), ttlSeconds: ttl_s },
});

/** Every decoder, by its RPC. */
const DECODERS = {
  GravaLote: decodeBatch,
  Grava: decodePair,
  Le: decodeLineRequest,
  Lista: decodeRangeOfLines,
  Compara: decodeCondition,
  Remove: decodeRemoval,
  Expira: decodeTtl,
  Observa: decodeInterest,
} as const;

describe('requests of frota.v1.Loja, beside protobufjs', () => {
  it('are decoded as they were encoded', () => {
    fc.assert(
      fc.property(
        text,
        text,
        text,
        uint32,
        version,
        moment,
        fc.boolean(),
        (a, b, c, count, ver, ms, flag) => {
          const pair = { chave: a, valor: b, ttl_s: count };
          expect(decodePair(asked('Grava', pair))).toEqual(pairOf(a, b, count));
          const pares = [pair, {}, { chave: b, valor: c, ttl_s: 0 }];
          expect(decodeBatch(asked('GravaLote', { pares }))).toEqual([
            ...[pairOf(a, b, count), pairOf('', '', 0), pairOf(b, c, 0)],
          ]);
          const none = { version: undefined, timestamp: undefined, back: undefined };
          for (const [set, place] of [
            [{}, {}],
            [{ versao: ver }, { version: ver }],
            [{ em_ms: String(ms) }, { timestamp: ms }],
            [{ antes_da_ultima: count }, { back: count }],
          ] as const) {
            expect(decodeLineRequest(asked('Le', { chave: a, ...set }))).toEqual({
              ...keyed(a),
              ...none,
              ...place,
            });
          }
          const range = { prefixo: a, de: b, ate: c, limite: count, depois: a, so_chaves: flag };
          expect(decodeRangeOfLines(asked('Lista', { ...range, versao: ver, em_ms: String(ms) }))).toEqual({
            ...{
              prefix: keyed(a),
              from: keyed(b),
              to: keyed(c),
              limit: count,
              after: keyed(a),
              keysOnly: flag,
            },
            ...{ version: ver, timestamp: ms },
          });
          const condition = { chave: a, versao: ver, valor: b, remove: flag, ttl_s: count };
          expect(decodeCondition(asked('Compara', condition))).toEqual({
            ...{ ...pairOf(a, b, count), version: ver, removes: flag },
          });
          expect(decodeRemoval(asked('Remove', { chave: a, versao: ver }))).toEqual({
            ...keyed(a),
            version: ver,
          });
          expect(decodeTtl(asked('Expira', { chave: a, ttl_s: count }))).toEqual({
            ...keyed(a),
            ttlSeconds: count,
          });
          for (const [set, from] of [
            [{}, { kind: 'now' }],
            [{ tudo: true }, { kind: 'everything' }],
            [{ tudo: false }, { kind: 'now' }],
            [{ token: c }, c === '' ? { kind: 'now' } : { kind: 'token', token: c }],
          ] as const) {
            const interest = decodeInterest(asked('Observa', { chave: a, prefixo: b, ...set }));
            expect(interest).toEqual({ watched: keyed(a), prefix: keyed(b), from });
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('answers of frota.v1.Loja, beside protobufjs', () => {
  const line = fc.record({
    ...{ key: text, value: text, version, timestamp: moment, origin: text },
    ...{ isHead: fc.boolean(), isSibling: fc.boolean(), isStable: fc.boolean() },
    expiresAt: fc.option(moment, { nil: undefined }),
  });
  type Drawn = typeof line extends fc.Arbitrary<infer T> ? T : never;
  const bare = ({ expiresAt, ...rest }: Drawn) => (expiresAt === undefined ? rest : { ...rest, expiresAt });
  const linha = (of: Drawn, servidor: string) => ({
    ...{ chave: of.key, valor: of.value, versao: of.version, ts_ms: String(of.timestamp), origem: of.origin },
    ...{ servidor, expira_ms: String(of.expiresAt ?? 0), atual: of.isHead, irma: of.isSibling },
    estavel: of.isStable,
  });

  it('are encoded as they are decoded', () => {
    const code = fc.constantFrom('CHAVE_LONGA' as const, 'LIMITE_MEMORIA' as const);
    const refusals = fc.array(fc.record({ index: uint32, code, message: text }), { maxLength: 3 });
    const versions = fc.array(fc.oneof(version, fc.constant(-1)), { maxLength: 5 });
    fc.assert(
      fc.property(
        line,
        text,
        text,
        versions,
        refusals,
        moment,
        (of, server, token, numbers, refused, count) => {
          expect(told('Le', encodeFullLine(bare(of), server))).toEqual(linha(of, server));
          const kinds = ['insert', 'remove', 'expire', 'present', 'restart', 'upToDate'] as const;
          const tipos = ['INSERE', 'REMOVE', 'EXPIRA', 'PRESENTE', 'RECOMECA', 'EM_DIA'];
          for (const [index, kind] of kinds.entries()) {
            const marks = kind === 'restart' || kind === 'upToDate';
            const event = marks ? { kind, token } : { kind, token, line: bare(of) };
            expect(told('Observa', encodeEvent(event, server))).toEqual({
              ...{ tipo: tipos[index], token, linha: marks ? null : linha(of, server) },
            });
          }
          expect(told('GravaLote', encodeBatchAnswer({ versions: numbers, refusals: refused }))).toEqual({
            versoes: numbers,
            recusas: refused.map(({ index, code: codigo, message }) => ({
              indice: index,
              codigo,
              mensagem: message,
            })),
          });
          expect(told('Conta', encodeCounted({ keys: count, versions: of.version }))).toEqual({
            ...{ chaves: String(count), versoes: String(of.version) },
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('tell the state of the fleet', () => {
    const server = { name: 'ana', address: 'h:1', origin: 'o', state: 'atendendo', programVersion: '1' };
    const figures = { keys: 1, versions: 2 ** 40, bytes: 3 };
    const bytes = encodeSystem({
      ...{ fleet: 'f', engine: 'frota', broker: 'b', agrees: true, ...figures, warnings: ['', 'disco'] },
      servers: [
        { ...server, isSelf: true, lag: 0, seenMs: 7 },
        { ...server, isSelf: false, lag: 9, seenMs: 0 },
      ],
    });
    const servidor = { nome: 'ana', endereco: 'h:1', origem: 'o', estado: 'atendendo', versao_programa: '1' };
    expect(told('Estado', bytes)).toEqual({
      ...{ frota: 'f', motor: 'frota', broker: 'b', de_acordo: true, avisos: ['', 'disco'] },
      ...{ chaves: '1', versoes: String(2 ** 40), bytes: '3' },
      servidores: [
        { ...servidor, eu: true, atraso: '0', visto_ms: '7' },
        { ...servidor, eu: false, atraso: '9', visto_ms: '0' },
      ],
    });
  });
});

describe('requests of frota.v1.Loja, by hand', () => {
  it('the last field wins, of a oneof too', () => {
    expect(decodePair(hex('0a0161 120178 1805 0a0162 120179 1806'))).toEqual(pairOf('b', 'y', 6));
    expect(decodeLineRequest(hex('0a0161 1005 1806 2002'))).toMatchObject({ version: undefined, back: 2 });
    expect(decodeLineRequest(hex('0a0161 2002 1005'))).toMatchObject({ version: 5, back: undefined });
    expect(decodeInterest(hex('1801 220178')).from).toEqual({ kind: 'token', token: 'x' });
    expect(decodeInterest(hex('220178 1801')).from).toEqual({ kind: 'everything' });
  });

  it('pass over what they do not know, and what has another wire type', () => {
    expect(decodePair(hex('aa0603616263 080f 0a0161 0d01020304 120178'))).toEqual(pairOf('a', 'x', 0));
    expect(decodeBatch(hex('0805 0a03 0a0161 1a00'))).toEqual([pairOf('a', '', 0)]);
  });

  it('a bool is true whatever else than 0 it is', () => {
    for (const set of ['01', '02', '8080808010', 'ffffffffffffffffff01']) {
      expect(decodeCondition(hex(`20 ${set}`)).removes, set).toBe(true);
    }
    expect(decodeCondition(hex('20 8000')).removes).toBe(false);
  });

  it('negative numbers are refused, and what has no bytes of its own stays with its pair', () => {
    for (const [name, bytes] of [
      ['Le', '10 ffffffffffffffffff01'],
      ['Le', '18 ffffffffffffffffff01'],
      ['Lista', '38 ffffffffffffffffff01'],
      ['Lista', '40 ffffffffffffffffff01'],
      ['Compara', '10 ffffffff0f'],
      ['Remove', '10 ffffffffffffffffff01'],
      // Its pair ends before the value does.
      ['GravaLote', '0a05 0a0161 1205 7878787878'],
      ['GravaLote', '0a04 0a0261'],
    ] as const) {
      expect(() => DECODERS[name](hex(bytes)), `${name} ${bytes}`).toThrow(KvsError);
    }
  });

  it('text that is not UTF-8 is told by its field alone', () => {
    const [pair, other] = decodeBatch(hex('0a06 0a01ff 120178 0a06 0a0161 1201ff'));
    expect(pair).toMatchObject({ key: undefined, value: 'x' });
    expect(other).toMatchObject({ key: 'a', value: undefined });
    expect(decodeRangeOfLines(hex('1201ff')).from.key).toBeUndefined();
  });

  it('a batch with a pair too many is refused before it is read on', () => {
    const most = Buffer.from('0a00'.repeat(grpcLimits.pairsPerBatch), 'hex');
    expect(decodeBatch(most)).toHaveLength(grpcLimits.pairsPerBatch);
    const cut = Buffer.concat([most, hex('0a00 ff')]);
    expect(() => decodeBatch(cut)).toThrow(/no máximo 10000 pares/);
  });

  it('whatever comes is decoded or refused as a request', () => {
    const requests = Object.entries(DECODERS);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom('', '0a', '0a0a0a', '10', '18', '20', '220a', '0a04', '0a020a'),
        fc.nat(),
        (tail, head, seed) => {
          for (const [name, decode] of requests) {
            try {
              decode(Buffer.concat([hex(head), tail]));
            } catch (thrown) {
              expect(thrown).toMatchObject({ code: 'PEDIDO_INVALIDO' });
            }
            // What is cut, or has one byte changed, of a message that is one.
            const whole = Buffer.from(asked(name, SAMPLES[name as keyof typeof DECODERS]));
            const at = seed % whole.length;
            whole[at] = (whole[at] ?? 0) ^ (1 << (seed % 8));
            for (const bytes of [whole, whole.subarray(0, at)]) {
              try {
                decode(bytes);
              } catch (thrown) {
                expect(thrown).toMatchObject({ code: 'PEDIDO_INVALIDO' });
              }
            }
          }
        },
      ),
      { numRuns: 600, seed: 20_261_127 },
    );
  });
});

const SAMPLES: Readonly<Record<keyof typeof DECODERS, object>> = {
  GravaLote: { pares: [{ chave: 'çé', valor: 'x', ttl_s: 300 }, { chave: 'b' }] },
  Grava: { chave: 'çé', valor: 'x', ttl_s: 300 },
  Le: { chave: 'a', em_ms: '1700000000000' },
  Lista: { prefixo: 'a', de: 'b', ate: 'ç', limite: 300, depois: 'd', so_chaves: true, versao: 4 },
  Compara: { chave: 'a', versao: 5, valor: 'x', remove: true, ttl_s: 9 },
  Remove: { chave: 'a', versao: 5 },
  Expira: { chave: 'a', ttl_s: 5 },
  Observa: { chave: 'a', prefixo: 'b', token: 'xyz' },
};
