import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordingContext } from '../../src/laboratory/recording-context.js';
import type { CallMade, MessageSent, RecordedEngine, RecordedEvent } from '../../src/laboratory/recording.js';
import { eventSentence } from '../../src/laboratory/sentences.js';
import type { SentenceContext } from '../../src/laboratory/sentences.js';
import { SMALL_RECORDING } from './recordings.js';

const { header, events } = SMALL_RECORDING;

function contextOf(engine: RecordedEngine, known: readonly RecordedEvent[] = events): SentenceContext {
  return {
    header: {
      ...header,
      engine,
      hosts: [...header.hosts, { id: 'r1', kind: 'replica', name: 'r1', address: '' }],
    },
    sent: (message) =>
      known.find((one): one is MessageSent => one.kind === 'sent' && one.message === message),
    made: (call) => known.find((one): one is CallMade => one.kind === 'call' && one.call === call),
    nameOf: (origin) => (origin === 'zX81' ? 'n1' : origin),
  };
}

function sentOf(type: string, body: unknown, more: Partial<MessageSent> = {}): MessageSent {
  return {
    ...{ kind: 'sent', n: 1, t: 0, host: 'n1', message: 'm9', topic: '', type, bytes: 9 },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...more,
  };
}

function told(
  engine: RecordedEngine,
  event: RecordedEvent,
  known: readonly RecordedEvent[] = events,
): string[] {
  const context = contextOf(engine, known);
  return (['pt', 'en'] as const).map((language) => eventSentence(event, context, language));
}

describe('sentences', () => {
  it('tell what each kind of event was', () => {
    expect(events.map((event) => told('frota', event))).toMatchSnapshot();
  });

  it('tell what a batch does, the first few of it', () => {
    const insert = (chave: string, versao: number) => ({ op: 'insere', chave, valor: 'azul', versao });
    const mutacoes = [insert('casa/1', 2), { op: 'remove', chave: 'b' }, insert('c', 1), insert('d', 1)];
    const batch = sentOf('batch', { primeiro: 3, mutacoes: mutacoes.slice(0, 1) });
    expect(told('frota', batch)).toEqual([
      'n1 publicou o lote 3 (insere casa/1 = azul → versão 2)',
      'n1 published batch 3 (inserts casa/1 = azul → version 2)',
    ]);
    expect(told('frota', sentOf('batch', { primeiro: 3, mutacoes }))[0]).toBe(
      'n1 publicou o lote 3–6 (insere casa/1 = azul → versão 2; remove b; insere c = azul → versão 1; e mais 1)',
    );
  });

  it('tell what each message of each engine was, whatever is missing in it', () => {
    const types: Readonly<Record<RecordedEngine, readonly string[]>> = {
      frota: [
        ...['batch', 'presence', 'logRequest', 'logReply', 'vectorRequest', 'vectorReply', 'stateRequest'],
        ...['stateReply', 'confirm', 'clockRequest', 'clockReply', 'challenge', 'answer'],
      ],
      lider: [
        ...['LEADER', 'LEADER_OK', 'LEADER_STALE', 'SERVING', 'REPLICATION', 'REMOVAL', 'STEP'],
        ...['REPLICATION_OK', 'STATE_REQUEST', 'STATE_BEGIN', 'STATE_PAGE', 'STATE_OK', 'PING', 'PONG'],
        ...['FOLLOWER', 'FOLLOWER_OK', 'PUT', 'PUT_OK', 'OPERATION', 'OPERATION_OK', 'COMMIT', 'COMMIT_OK'],
        ...['ERROR', 'UNKNOWN_OUTCOME'],
      ],
      consenso: ['Txn', 'Range', 'Watch', 'LeaseGrant'],
    };
    for (const [engine, names] of Object.entries(types) as [RecordedEngine, readonly string[]][]) {
      for (const type of names) {
        for (const host of ['n1', 'r1']) {
          const [pt = '', en = ''] = told(engine, sentOf(type, '{', { host, to: 'n2' }));
          // Only a kind that is not known is called by its type alone.
          expect(pt).not.toContain(`a mensagem ${type}`);
          expect(en).not.toContain(`the message ${type}`);
          expect(pt.startsWith(`${host} `) && en.startsWith(`${host} `)).toBe(true);
        }
      }
      expect(told(engine, sentOf('toString', {}, { to: 'n2' }))[0]).toBe(
        'n1 enviou a mensagem toString a n2',
      );
    }
  });

  it('name servers where a vector names their origins', () => {
    const request = sentOf('logRequest', { vetor: [['zX81', 3]] }, { to: 'n2' });
    expect(told('frota', request)[0]).toContain('(n1:3)');
  });

  it('name whoever missed a message, and the server with the broker', () => {
    const context = recordingContext(SMALL_RECORDING);
    const said = (event: RecordedEvent): string[] =>
      (['pt', 'en'] as const).map((language) => eventSentence(event, context, language));
    const missed = { kind: 'missed', n: 10, t: 9, host: 'n2', message: 'm1' } as const;
    expect([...said({ ...missed, why: 'isolated' }), ...said({ ...missed, why: 'dropped' })]).toEqual([
      expect.stringMatching(/^n2 não recebeu .* de n1: estava isolado$/),
      expect.stringMatching(/^n2 did not get .* of n1: it was isolated$/),
      expect.stringMatching(/^n2 não recebeu .* de n1, que o laboratório descartou$/),
      expect.stringMatching(/^n2 did not get .* of n1, which the laboratory dropped$/),
    ]);
    expect(said({ kind: 'host', n: 10, t: 9, host: 'n2', change: 'hosts' })).toEqual([
      ...['O broker está embutido em n2 agora', 'The broker runs within n2 now'],
    ]);
  });

  it('tell refusals, and calls that nobody answered', () => {
    const call: RecordedEvent = {
      ...{ kind: 'call', n: 1, t: 0, host: 'n2', call: 'k', client: 'c1', operation: 'insert', key: 'a' },
    };
    const answer = (code: string): RecordedEvent => ({
      ...{ kind: 'answer', n: 2, t: 1, host: 'n2', call: 'k', code, message: 'sem maioria', lines: [] },
    });
    expect(told('consenso', answer('SEM_MAIORIA'), [call])).toEqual([
      'n2 recusou o pedido de c1, SEM_MAIORIA: sem maioria',
      'n2 refused c1, SEM_MAIORIA: sem maioria',
    ]);
    expect(told('consenso', answer('SEM_RESPOSTA'), [call])[1]).toBe(
      'c1 got no answer of n2: nobody knows what happened',
    );
  });

  it('are short, in one line, and never fail, whatever a message says', () => {
    const hostile = fc.oneof(
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.string(),
      fc.constant(
        JSON.stringify({ mutacoes: [null, 7, { chave: 'x'.repeat(65_536), op: 'insere' }], vetor: [[]] }),
      ),
      fc.constant(
        '{"mutacoes":[{"op":"remove","chave":"\\u202e\\nfim"}],"lotes":[[null]],"__proto__":{"seq":1}}',
      ),
    );
    const types = [
      'batch',
      'logReply',
      'logRequest',
      'stateReply',
      'REPLICATION',
      'STATE_PAGE',
      'Txn',
      'Range',
    ];
    const engines = ['frota', 'lider', 'consenso'] as const;
    fc.assert(
      fc.property(hostile, fc.constantFrom(...types), fc.constantFrom(...engines), (body, type, engine) => {
        for (const sentence of told(engine, sentOf(type, body, { to: 'n2' }))) {
          expect(sentence.length).toBeLessThan(1_200);
          expect(sentence).not.toMatch(/[\n\u202e]/u);
        }
      }),
    );
  });
});
