import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/core/limits.js';
import { portalLimits } from '../../src/portal/limits.js';
import { decodeCsv, encodeCsv } from '../../src/portal/csv.js';
import { changeOfRemoval, changeOfValue, messageOf, parseMessage } from '../../src/portal/changes.js';
import type { Change } from '../../src/portal/changes.js';
import { inParts } from '../../src/portal/dependents.js';
import type { DependentChange } from '../../src/portal/dependents.js';
import {
  alunoKey,
  classesOfAluno,
  classesOfProfessor,
  disciplinaKey,
  endOf,
  enrolmentKey,
  enrolmentsOf,
  partsOfEnrolment,
  professorKey,
  seatsKey,
  teacherKey,
} from '../../src/portal/layout.js';
import { Ledger } from '../../src/portal/ledger.js';
import { withinPlaces } from '../../src/portal/reading.js';
import type { Seat } from '../../src/portal/reading.js';

const id = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
  fc.stringMatching(/^[a%/!0]{1,5}$/),
  fc.constantFrom('%2F', '%25', 'a/b', 'a%2Fb', 'aluno/x'),
);

describe('the keys of the portal', () => {
  it('are never confused, and say whose they are', () => {
    fc.assert(
      fc.property(id, id, id, id, (a, b, c, d) => {
        const of = (x: string, y: string): string[] => [
          ...[alunoKey(x), professorKey(x), disciplinaKey(x), teacherKey(x), seatsKey(x)],
          ...[enrolmentKey(x, y), classesOfAluno(x) + y, classesOfProfessor(x) + y],
        ];
        expect(new Set(of(a, b)).size).toBe(8);
        if (a !== c || b !== d) {
          expect(enrolmentKey(a, b)).not.toBe(enrolmentKey(c, d));
          expect(classesOfAluno(a) + b).not.toBe(classesOfAluno(c) + d);
        }
        expect(partsOfEnrolment(enrolmentKey(a, b))).toEqual({ sigla: a, matricula: b });
        if (a !== c) expect(enrolmentKey(c, d).startsWith(enrolmentsOf(a))).toBe(false);
        const key = Buffer.from(enrolmentKey(a, b));
        expect(Buffer.compare(key, Buffer.from(enrolmentsOf(a)))).toBe(1);
        expect(Buffer.compare(key, Buffer.from(endOf(enrolmentsOf(a))))).toBe(-1);
      }),
    );
  });
});

describe('CSV', () => {
  it('gives back what went in', () => {
    const field = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[ ,"\r\na]*$/));
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 4 }), (fields) => {
        expect(decodeCsv(encodeCsv(fields))).toEqual(fields);
      }),
    );
  });

  it.each<[string, string[] | undefined]>([
    ['11921BSI209,maycon', ['11921BSI209', 'maycon']],
    ['11921BSI209, maycon \n', ['11921BSI209', 'maycon']],
    ['1,"Silva, Paulo"', ['1', 'Silva, Paulo']],
    ['1, "diz ""oi""" ', ['1', 'diz "oi"']],
    ['', ['']],
    [',', ['', '']],
    ['a,', ['a', '']],
    ['"a', undefined],
    ['a"b', undefined],
    ['"a"b', undefined],
  ])('%j', (line, fields) => {
    expect(decodeCsv(line)).toEqual(fields);
  });
});

describe('messages', () => {
  it('say what was changed, and are read back', () => {
    const fields = fc.tuple(id, fc.string({ unit: 'binary' }));
    const base = fc.constantFrom('aluno' as const, 'professor' as const);
    fc.assert(
      fc.property(
        base,
        fc.constantFrom('create' as const, 'update' as const),
        fields,
        (kind, action, [key, nome]) => {
          const change: Change = { base: kind, action, fields: [key, nome] };
          const { topic, payload } = messageOf(change);
          expect(parseMessage(topic, Buffer.from(payload))).toEqual(change);
        },
      ),
    );
    expect(messageOf({ base: 'disciplina', action: 'delete', fields: ['GBC074'] })).toEqual({
      topic: 'portal/admin/disciplina/delete',
      payload: 'GBC074',
    });
  });

  it('that are too large, or no text, are refused', () => {
    const topic = 'portal/admin/aluno/create';
    for (const payload of [',Maria', '"",Maria', ' ,Maria']) {
      expect(() => parseMessage(topic, Buffer.from(payload))).toThrow('o campo matricula está vazio');
    }
    expect(() => parseMessage(topic, Buffer.alloc(0))).toThrow('carga vazia: esperado matricula,nome');
    expect(() => parseMessage(topic, Buffer.from('a'))).toThrow('carga com 1 campo: esperado matricula,nome');
    expect(() => parseMessage(topic, Buffer.alloc(limits.portalPayloadBytes + 1, 'a'))).toThrow(
      'carga maior',
    );
    expect(() => parseMessage(topic, Buffer.from([0xff, 0x2c, 0x41]))).toThrow('UTF-8');
  });
});

it('what somebody wrote by hand, larger than the portal accepts, is no change to show', () => {
  const longest = 'x'.repeat(portalLimits.identifierBytes);
  const named = (nome: string): string => JSON.stringify({ acao: 'create', nome });
  const name = 'y'.repeat(portalLimits.nameBytes);
  expect(changeOfValue(alunoKey(longest), named(name))).toMatchObject({ fields: [longest, name] });
  expect(changeOfRemoval(alunoKey(longest))).toMatchObject({ action: 'delete', fields: [longest] });
  expect(changeOfValue(alunoKey(`${longest}x`), named(name))).toBeUndefined();
  expect(changeOfValue(alunoKey(longest), named(`${name}y`))).toBeUndefined();
  expect(changeOfRemoval(alunoKey(`${longest}x`))).toBeUndefined();
});

describe('the ledger of what is missing', () => {
  const change = (id: string, nome: string): Change => ({
    base: 'aluno',
    action: 'create',
    fields: [id, nome],
  });

  it('matches changes and messages as a multiset', () => {
    const ledger = new Ledger();
    const message = messageOf(change('aaaa', 'nome'));
    ledger.expect(message, 10);
    ledger.expect(message, 10);
    expect([ledger.consume(message), ledger.consume(message), ledger.consume(message)]).toEqual([
      true,
      true,
      false,
    ]);
    ledger.hold(change('aaaa', 'nome'), 10);
    ledger.hold(change('aaaa', 'nome'), 10);
    expect(ledger.changed(change('aaaa', 'nome'))).toBe(true);
    expect(ledger.takeHeld()).toHaveLength(1);
  });

  it('forgets in time, and never grows without limit', () => {
    const ledger = new Ledger();
    ledger.hold(change('aaaa', 'nome'), 10);
    ledger.expect(messageOf(change('bbbb', 'nome')), 10);
    ledger.extendTo(20);
    ledger.forgetUntil(19);
    expect(ledger.heldCount).toBe(1);
    ledger.forgetUntil(20);
    expect([ledger.heldCount, ledger.takeExpected()]).toEqual([0, []]);
    for (let i = 0; i < portalLimits.messages + 100; i++) {
      ledger.hold(change(`a${i}`, 'nome'), 100);
      ledger.expect(messageOf(change(`b${i}`, 'nome')), 100);
    }
    expect(ledger.heldCount).toBe(portalLimits.messages);
    const held = ledger.takeHeld();
    expect([held.length, held[0]?.fields[0]]).toEqual([portalLimits.messages, 'a100']);
    expect(ledger.takeExpected()[0]?.payload).toBe('b100,nome');
  });
});

describe('the seats', () => {
  it('go to the first, by timestamp and then by origin, in whatever order they are read', () => {
    const seat = fc.record({ timestamp: fc.integer({ min: 1, max: 4 }), origin: fc.constantFrom('a', 'b') });
    fc.assert(
      fc.property(fc.array(seat, { maxLength: 8 }), fc.nat(8), (items, vagas) => {
        const seats: Seat[] = items.map((item, i) => ({
          ...item,
          key: '',
          version: 1,
          matricula: String(i),
        }));
        const kept = withinPlaces(seats, { sigla: 's', nome: 'n', vagas });
        expect(kept).toHaveLength(Math.min(vagas, seats.length));
        const reversed = withinPlaces([...seats].reverse(), { sigla: 's', nome: 'n', vagas });
        expect(new Set(reversed)).toEqual(new Set(kept));
        for (const out of seats.filter((one) => !kept.includes(one))) {
          for (const inside of kept)
            expect([inside.timestamp, inside.origin] <= [out.timestamp, out.origin]).toBe(true);
        }
      }),
    );
  });

  it('dependent changes go in as few steps as fit, and none too large', () => {
    const link: DependentChange = {
      guards: [{ key: 'k', version: 1 }],
      writes: [
        { kind: 'removeAll', key: 'k' },
        { kind: 'removeAll', key: 'm' },
      ],
    };
    const parts = inParts(Array.from({ length: 40 }, () => link));
    expect(parts.map(({ writes }) => writes.length)).toEqual([30, 30, 20]);
    expect(inParts([])).toEqual([]);
    const long = { guards: [{ key: 'k'.repeat(limits.keyBytes), version: 1 }], writes: [] };
    expect(inParts([long, long, long]).map(({ guards }) => guards.length)).toEqual([2, 1]);
  });
});
