import { describe, expect, it } from 'vitest';
import { laboratoryLimits } from '../../src/laboratory/limits.js';
import { MessageBook } from '../../src/laboratory/message-book.js';
import type { Observation, SeenMessage, TracedStep } from '../../src/laboratory/observation.js';
import { readRecording } from '../../src/laboratory/read-recording.js';
import type { HostChange, RecordedEvent } from '../../src/laboratory/recording.js';
import { Weaver } from '../../src/laboratory/weaver.js';
import { recordingText } from '../../src/laboratory/write-recording.js';
import { SMALL_RECORDING } from './recordings.js';

/** Long enough for everything to be told, and for senders who never tell to be given up. */
const LATE_MS = 100_000;

function message(digest: string, more: Partial<SeenMessage> = {}): SeenMessage {
  return {
    ...{ from: undefined, to: undefined, topic: 'kvs/f/mutacoes/a', type: 'batch', bytes: 2, body: '{}' },
    ...{ isCut: false, digest, ...more },
  };
}

function traced(t: number, host: string, step: TracedStep['step'], seen: SeenMessage): TracedStep {
  return { kind: 'traced', t, host, step, message: seen, effect: 'applied', applied: 1 };
}

function relayed(t: number, seen: SeenMessage): Observation {
  return { kind: 'relayed', t, message: seen };
}

interface Woven {
  readonly broker?: string | undefined;
  readonly silent?: readonly string[];
  readonly isListening?: boolean;
  readonly sender?: string | undefined;
}

const SERVERS = new Set(['n1', 'n2', 'n3']);

function weaver({ broker = 'broker', silent = [], isListening = true, sender }: Woven = {}): Weaver {
  return new Weaver({
    ...{ broker: broker === '' ? undefined : broker, silent: new Set(silent) },
    servers: SERVERS,
    isListening: () => isListening,
    senderOf: () => sender,
  });
}

/** What is told of observations that came in this order, once all have waited long enough. */
function woven(observations: readonly Observation[], options: Woven = {}): RecordedEvent[] {
  const made = weaver(options);
  for (const observation of observations) made.take(observation, 0);
  return made.weave(LATE_MS);
}

/** An event in short: `sent m1 n1`. */
function short(event: RecordedEvent): string {
  const inferred = 'isInferred' in event ? ' inferred' : '';
  return `${event.kind} ${'message' in event ? event.message : ''} ${event.host}${inferred}`;
}

describe('events are woven from what servers and broker tell', () => {
  it('a message leaves, passes the broker and arrives, in whatever order that is learned', () => {
    const seen = message('d1');
    const told = [traced(1, 'n1', 'sent', seen), relayed(3, seen), traced(2.5, 'n2', 'received', seen)];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ]) {
      const events = woven(order.flatMap((at) => told[at] ?? []));
      expect(events.map(short)).toEqual(['sent m1 n1', 'relayed m1 broker', 'received m1 n2']);
      // The recorder heard of it later than another subscriber.
      expect(events.map(({ t }) => t)).toEqual([1, 2.5, 2.5]);
      expect(events.map(({ n }) => n)).toEqual([1, 2, 3]);
    }
  });

  it('equal messages are taken first in, first out, for each receiver; one more is a copy of the last', () => {
    const seen = message('same');
    const events = woven([
      ...[
        traced(1, 'n1', 'sent', seen),
        relayed(1.1, seen),
        traced(2, 'n1', 'sent', seen),
        relayed(2.1, seen),
      ],
      ...[traced(3, 'n2', 'received', seen), traced(4, 'n3', 'received', seen)],
      ...[traced(5, 'n2', 'received', seen), traced(6, 'n2', 'received', seen)],
    ]);
    expect(events.filter(({ kind }) => kind === 'received').map(short)).toEqual([
      ...['received m1 n2', 'received m1 n3', 'received m2 n2', 'received m2 n2'],
    ]);
  });

  it('of equal messages one that has left long ago was lost, where a later one may be meant', () => {
    const seen = message('pong');
    const lost = [traced(1, 'n1', 'sent', seen), relayed(1.1, seen)];
    const later = [traced(1_001, 'n1', 'sent', seen), relayed(1_001.1, seen)];
    const arrival = traced(1_002, 'n2', 'received', seen);
    const arrived = (events: readonly RecordedEvent[]): string[] =>
      events.filter(({ kind }) => kind === 'received').map(short);
    expect(arrived(woven([...lost, ...later, arrival]))).toEqual(['received m2 n2']);
    // However late it is, if there is no other.
    expect(arrived(woven([...lost, arrival]))).toEqual(['received m1 n2']);
  });

  it('what never arrives is only sent; what is lost on purpose is dropped where it was lost', () => {
    const [out, lost, within] = [message('out'), message('lost'), message('in')];
    const events = woven([
      ...[traced(1, 'n1', 'droppedOut', out), traced(2, 'n1', 'sent', lost)],
      ...[traced(3, 'n1', 'sent', within), relayed(3.5, within), traced(4, 'n2', 'droppedIn', within)],
    ]);
    expect(events.map(short)).toEqual([
      ...['sent m1 n1', 'dropped m1 n1', 'sent m2 n1', 'sent m3 n1', 'relayed m3 broker', 'dropped m3 n2'],
    ]);
  });

  it('waits for a sender that tells late, and infers one that never does', () => {
    const made = weaver({ sender: 'n1' });
    const [late, never] = [message('late'), message('never')];
    made.take(relayed(10, late), 10);
    made.take(relayed(11, never), 11);
    expect(made.weave(1_000)).toEqual([]);
    made.take(traced(9, 'n1', 'sent', late), 1_000);
    expect(made.weave(1_100).map(short)).toEqual(['sent m1 n1', 'relayed m1 broker']);
    expect(made.weave(1_600).map(short)).toEqual(['sent m2 n1 inferred', 'relayed m2 broker']);
  });

  it('a message that nobody sent is of the broker: a last will', () => {
    const events = woven([relayed(1, message('will')), traced(2, 'n2', 'received', message('will'))]);
    expect(events.map(short)).toEqual(['sent m1 broker inferred', 'relayed m1 broker', 'received m1 n2']);
  });

  it('a message that arrives while nobody listened to the broker has passed it all the same', () => {
    const seen = message('d');
    const told = [traced(1, 'n1', 'sent', seen), traced(2, 'n2', 'received', seen)];
    expect(woven(told, { isListening: false }).map(short)).toEqual([
      ...['sent m1 n1', 'relayed m1 broker inferred', 'received m1 n2'],
    ]);
    expect(woven(told).map(short)).toEqual(['sent m1 n1', 'received m1 n2']);
  });

  it('says who missed a message: whoever was cut off as it passed, all where it was dropped as it left', () => {
    const plain = (host: string, change: HostChange, t: number): Observation => ({
      ...{ kind: 'plain', event: { kind: 'host', t, host, change } },
    });
    const at = (digest: string, t: number): Observation[] => [
      ...[traced(t, 'n1', 'sent', message(digest)), relayed(t + 1, message(digest))],
      traced(t + 2, 'n3', 'received', message(digest)),
    ];
    const to = message('to', { to: 'n3', topic: 'kvs/f/sincronia/c/a' });
    const made = weaver();
    const all: Observation[] = [
      ...['n1', 'n2', 'n3'].map((host) => plain(host, 'serving', 0)),
      ...at('before', 5),
      ...[plain('n2', 'isolated', 10), ...at('within', 20)],
      ...[traced(25, 'n1', 'sent', to), relayed(26, to), traced(27, 'n3', 'received', to)],
      ...[plain('n2', 'connected', 30), ...at('after', 40), traced(50, 'n1', 'droppedOut', message('out'))],
    ];
    for (const observation of all) made.take(observation, 0);
    const missed = [...made.weave(200), ...made.weave(LATE_MS)].filter((event) => event.kind === 'missed');
    expect(missed.map(({ host, message: id, why, t }) => [host, id, why, t])).toEqual([
      ...[
        ['n2', 'm5', 'dropped', 50],
        ['n3', 'm5', 'dropped', 50],
      ],
      ['n2', 'm2', 'isolated', 21],
    ]);
  });

  it('says of nobody that a message was missed that it got after all, as its isolation ended', () => {
    const made = weaver();
    const change = (host: string, change: HostChange): void => {
      made.take({ kind: 'plain', event: { kind: 'host', t: 0, host, change } }, 0);
    };
    change('n2', 'isolated');
    made.take(traced(1, 'n1', 'sent', message('d')), 0);
    made.take(relayed(2, message('d')), 0);
    expect(made.weave(200).map(short)).toEqual(['host  n2', 'sent m1 n1', 'relayed m1 broker']);
    made.take(traced(3, 'n2', 'received', message('d')), 300);
    expect(made.weave(LATE_MS).map(short)).toEqual(['received m1 n2']);
  });

  it('takes as long for each message, however many wait for a sender that has not told yet', () => {
    /** How often each of so many arrivals is looked at. */
    const looks = (count: number): number => {
      let read = 0;
      const made = weaver();
      for (let at = 0; at < count; at++) {
        const arrival = traced(at, 'n2', 'received', message(`d${at}`));
        Object.defineProperty(arrival, 'step', {
          get: () => {
            read++;
            return 'received';
          },
        });
        made.take(arrival, 0);
      }
      expect(made.weave(200)).toEqual([]);
      return read / count;
    };
    expect(looks(1_000)).toBe(looks(10));
  });

  it('takes as long for each of equal messages, however many there are', () => {
    /** Looks at what was sent before, for each of so many. */
    const looks = (count: number): number => {
      let read = 0;
      const book = new MessageBook();
      const seen = message('same');
      for (let at = 0; at < count; at++) {
        const known = book.sent('n1', at, seen);
        Object.defineProperty(known, 'relays', {
          get: () => {
            read++;
            return 1;
          },
        });
        book.free(seen, undefined, at);
      }
      return read / count;
    };
    expect(looks(4_000)).toBeLessThanOrEqual(laboratoryLimits.equalMessages);
  });

  it('over TCP equal messages are told apart by their two ends', () => {
    const pong = (from: string, to: string): SeenMessage =>
      message('pong', { from, to, topic: '', type: 'PONG' });
    const events = woven(
      [
        ...[traced(1, 'n3', 'sent', pong('n3', 'n1')), traced(2, 'n2', 'sent', pong('n2', 'n1'))],
        ...[traced(3, 'n1', 'received', pong('n2', 'n1')), traced(4, 'n1', 'received', pong('n3', 'n1'))],
      ],
      { broker: '' },
    );
    expect(events.map(short)).toEqual(['sent m1 n3', 'sent m2 n2', 'received m2 n1', 'received m1 n1']);
  });

  it('a replica tells nothing: an answer shows that the request came there; one without is lost', () => {
    const ask = message('q', { from: 'n1', to: 'bd1', topic: '', type: 'Txn' });
    const reply = message('r', { from: 'bd1', to: 'n1', topic: '', type: 'Txn' });
    const events = woven(
      [traced(0, 'n1', 'sent', ask), traced(2, 'n1', 'sent', ask), traced(4, 'n1', 'received', reply)],
      { broker: '', silent: ['bd1'] },
    );
    expect(events.map(short)).toEqual([
      ...['sent m1 n1', 'sent m2 n1', 'received m2 bd1 inferred', 'sent m3 bd1 inferred', 'received m3 n1'],
    ]);
    expect(events[2]?.t).toBe(3);
  });

  it('what it tells is a recording that its reader accepts', () => {
    const hosts = [
      ...SMALL_RECORDING.header.hosts,
      { id: 'n3', kind: 'server', name: 'n3', address: '' } as const,
    ];
    const mark = { kind: 'mark', t: 9, host: 'n1', text: 'x' } as const;
    const seen = [message('a'), message('b')];
    const events = woven([
      ...seen.flatMap((one) => [
        traced(3, 'n3', 'received', one),
        relayed(1, one),
        traced(5, 'n2', 'droppedIn', one),
      ]),
      { kind: 'plain', event: mark },
    ]);
    const recording = { header: { ...SMALL_RECORDING.header, hosts }, events };
    expect(readRecording(recordingText(recording)).recording).toEqual(recording);
  });
});
