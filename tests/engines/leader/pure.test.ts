import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takeActions } from '../../../src/cli/leader/arguments.js';
import { KvsError } from '../../../src/core/errors.js';
import type { InsertMutation } from '../../../src/core/mutation.js';
import { Acknowledgements } from '../../../src/engines/leader/acknowledgements.js';
import * as lines from '../../../src/wire/mensagem/console.js';
import { BadLine, decodeLine, mutationOf } from '../../../src/wire/mensagem/decode.js';
import { getAnswer } from '../../../src/wire/mensagem/answers.js';
import { encodeLine, mutationMessage } from '../../../src/wire/mensagem/encode.js';
import { LineReader, LineTooLong } from '../../../src/wire/mensagem/lines.js';
import { MutationLog } from '../../../src/engines/leader/log.js';
import { ManualTime } from '../fleet/bus/manual-time.js';

describe('lines', () => {
  it('are the same however the segments fall', () => {
    const text = fc.array(
      fc.string({ unit: 'grapheme', maxLength: 20 }).map((line) => line.replace(/[\r\n]/g, '')),
    );
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 12 })), (written, cuts) => {
        const budget = { used: 0, max: 1_000 };
        const reader = new LineReader(200, budget);
        const bytes = Buffer.from(written.map((line) => `${line}\n`).join(''));
        const read: string[] = [];
        for (let at = 0, n = 0; at < bytes.length; n++) {
          const end = at + 1 + (cuts[n % Math.max(1, cuts.length)] ?? 5);
          reader.push(bytes.subarray(at, end));
          at = end;
          for (let line = reader.next(); line !== undefined; line = reader.next()) read.push(line.toString());
        }
        expect(read).toEqual(written.filter((line) => line !== ''));
        expect(budget.used).toBe(0);
      }),
    );
  });

  it('have a limit each, and the unfinished ones of all readers one together', () => {
    const budget = { used: 0, max: 15 };
    const reader = new LineReader(10, budget);
    reader.push(Buffer.from('0123456789'));
    expect(() => reader.push(Buffer.from('\n01234567890\n'))).toThrow(LineTooLong);
    expect(reader.next()?.toString()).toBe('0123456789');
    const [one, other] = [new LineReader(10, budget), new LineReader(10, budget)];
    one.push(Buffer.from('12345678'));
    expect(() => other.push(Buffer.from('12345678'))).toThrow(LineTooLong);
    one.discard();
    other.push(Buffer.from('12345678'));
    expect([budget.used, other.isMidLine]).toEqual([8, true]);
  });
});

describe('what waits for a client that does not read, or writes byte by byte', () => {
  const heldBy = (fill: () => unknown): number => {
    const before = process.memoryUsage().heapUsed;
    const kept = fill();
    const bytes = process.memoryUsage().heapUsed - before;
    expect(kept).toBeDefined();
    return bytes;
  };
  const MiB = 1024 * 1024;

  it('a segment of thousands of lines takes the memory of its bytes', () => {
    const lines = '{}\n'.repeat(21_845);
    const bytes = heldBy(() =>
      Array.from({ length: 200 }, () => {
        const reader = new LineReader(1_000, { used: 0, max: 1_000 });
        reader.push(Buffer.from(lines));
        expect(reader.next()?.toString()).toBe('{}');
        return reader;
      }),
    );
    expect(bytes).toBeLessThan(50 * MiB);
  });

  it('and so does a line in segments of one byte', () => {
    const budget = { used: 0, max: MiB };
    const reader = new LineReader(MiB, budget);
    const bytes = heldBy(() => {
      for (let i = 0; i < MiB - 1; i++) reader.push(Buffer.from('x'));
      return reader;
    });
    expect(bytes).toBeLessThan(50 * MiB);
    expect(budget.used).toBe(MiB - 1);
    reader.push(Buffer.from('\n'));
    expect(reader.next()?.equals(Buffer.alloc(MiB - 1, 'x'))).toBe(true);
  });
});

describe('the lines of the contract', () => {
  it('are exactly these', () => {
    const client = lines.addressText('::ffff:10.0.0.7', 5000);
    expect(lines.putReceived(client, 'k', 'v')).toBe('Cliente 10.0.0.7:5000 PUT key:k value:v.');
    expect(lines.putForwarded('k', 'v')).toBe('Encaminhando PUT key:k value:v');
    expect(lines.replicationReceived('k', 'v', 3)).toBe('REPLICATION key:k value:v ts:3.');
    expect(lines.putAcknowledged(client, 'k', 3)).toBe(
      'Enviando PUT_OK ao Cliente 10.0.0.7:5000 da key:k ts:3.',
    );
    expect(lines.getAnswered(client, 'k', 2, 3, 'v')).toBe(
      'Cliente 10.0.0.7:5000 GET key:k ts:2. Meu ts é 3, portanto devolvendo v',
    );
    expect(lines.putDone('k', 'v', 3, '10.0.0.1:10097')).toBe(
      'PUT_OK key: k value v timestamp 3 realizada no servidor 10.0.0.1:10097',
    );
    expect(lines.getDone('k', 'NULL', '10.0.0.1:10097', 0, 0)).toBe(
      'GET key: k value: NULL obtido do servidor 10.0.0.1:10097, meu timestamp 0 e do servidor 0',
    );
  });
});

describe('the rule that nobody goes back in time', () => {
  const row = (version: number) => ({ key: 'k', value: 'v', version, timestamp: 1 });
  it.each([
    [0, undefined, 'NULL', 0],
    [1, undefined, 'TRY_OTHER_SERVER_OR_LATER', 0],
    [0, 1, 'GET_OK', 1],
    [2, 2, 'GET_OK', 2],
    [2, 3, 'GET_OK', 3],
    [3, 2, 'TRY_OTHER_SERVER_OR_LATER', 2],
  ] as const)('the client has seen %j, the server has %j: %s', (seen, version, tipo, timestamp) => {
    const answer = getAnswer('k', seen, version === undefined ? undefined : row(version));
    expect(answer).toMatchObject({ tipo, timestamp, valor: tipo === 'GET_OK' ? 'v' : tipo });
  });
});

describe('Mensagem', () => {
  it('a mutation survives the round trip unchanged', () => {
    const insert: InsertMutation = {
      kind: 'insert',
      key: 'k\n',
      value: '\u0000🙂',
      version: 3,
      timestamp: 9,
      context: [['o2', 4]],
    };
    const dots = [{ origin: 'o1', seq: 2 }];
    for (const mutation of [
      insert,
      { ...insert, context: [] },
      { kind: 'removeDots', key: 'k', version: 2, dots } as const,
      { kind: 'removeObserved', key: 'k', observed: [['o1', 2] as const], keep: dots[0] } as const,
      { kind: 'removeObserved', key: 'k', observed: [['o1', 2] as const], keep: undefined } as const,
    ]) {
      const line = encodeLine(mutationMessage('o1', 7, mutation));
      const message = decodeLine(Buffer.from(line.slice(0, -1)));
      if (message.tipo !== 'REPLICATION' && message.tipo !== 'REMOVAL') throw new Error(message.tipo);
      expect([message.origem, message.seq]).toEqual(['o1', 7]);
      expect(mutationOf(message)).toEqual(mutation);
    }
  });

  it('whatever arrives, only a Mensagem or a refusal comes out', () => {
    const tipos = fc.constantFrom(
      ...[
        'PUT',
        'GET',
        'REPLICATION',
        'REMOVAL',
        'LEADER',
        'LEADER_OK',
        'STATE_PAGE',
        'OPERATION',
        'GET_OK',
        'x',
      ],
    );
    const anything = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.json().map((json) => Buffer.from(json)),
      fc
        .record({
          tipo: tipos,
          chave: fc.anything(),
          valor: fc.anything(),
          seq: fc.anything(),
          vetor: fc.anything(),
        })
        .map((fields) =>
          Buffer.from(JSON.stringify(fields, (_, value: unknown) => (typeof value === 'bigint' ? 0 : value))),
        ),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        try {
          expect(decodeLine(bytes).tipo).toEqual(expect.any(String));
        } catch (error) {
          expect(error).toBeInstanceOf(BadLine);
        }
      }),
    );
  });
});

describe('the wait for confirmations', () => {
  const late = (): KvsError => new KvsError('RESULTADO_DESCONHECIDO', 'tarde');

  it('ends in order, and at the deadline of each', async () => {
    const time = new ManualTime();
    const commits = new Acknowledgements(time, 100, late);
    const ends: string[] = [];
    const wait = (seq: number): void => {
      void commits.wait(seq).then(
        () => ends.push(`${String(seq)} feita`),
        () => ends.push(`${String(seq)} tarde`),
      );
    };
    wait(1);
    wait(2);
    time.advance(50);
    wait(3);
    commits.advance(1);
    commits.advance(0);
    time.advance(60);
    await Promise.resolve();
    await Promise.resolve();
    expect(ends).toEqual(['1 feita', '2 tarde']);
    commits.advance(3);
    wait(3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ends.slice(2)).toEqual(['3 feita', '3 feita']);
    expect([commits.waiting, commits.reached]).toEqual([0, 3]);
  });
});

describe('the log of the leader', () => {
  it('keeps the latest mutations, up to its limit', () => {
    const log = new MutationLog({ logMutations: 3, logBytes: 1_000_000 });
    const mutation = (key: string) =>
      ({ kind: 'insert', key, value: 'v', version: 1, timestamp: 1, context: [] }) as const;
    expect([log.first, log.last]).toEqual([1, 0]);
    for (let seq = 1; seq <= 5_000; seq++) log.append([mutation(`k${String(seq)}`)]);
    expect([log.first, log.last]).toEqual([4_998, 5_000]);
    expect([log.at(4_997), log.at(5_001)]).toEqual([undefined, undefined]);
    expect(log.at(4_998)?.mutation.key).toBe('k4998');
  });
});

describe('command line of the client', () => {
  it('does what is asked in order, with any key and value', () => {
    const words = ['lider-cliente', '--put', '-k', '--get', '--insiste', '--get', '--put', '--put', 'a', ''];
    expect(takeActions(words)).toEqual({
      rest: ['lider-cliente', '--insiste'],
      actions: [
        { kind: 'put', key: '-k', value: '--get' },
        { kind: 'get', key: '--put' },
        { kind: 'put', key: 'a', value: '' },
      ],
    });
    expect(() => takeActions(['lider-cliente', '--put', 'a'])).toThrow('CHAVE e VALOR');
    expect(takeActions(['cliente', '--get', 'x']).actions).toEqual([]);
  });
});
