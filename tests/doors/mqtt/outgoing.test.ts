import { describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { mqttDoorLimits } from '../../../src/doors/mqtt/limits.js';
import { Outgoing } from '../../../src/doors/mqtt/outgoing.js';
import { Refusals } from '../../../src/doors/mqtt/refusals.js';
import { FleetTopics } from '../../../src/doors/mqtt/topic-names.js';
import type { OutgoingMessage, Topics } from '../../../src/ports/topics.js';
import { ManualTime } from '../../engines/fleet/bus/manual-time.js';
import { RecordingLogger } from '../../support/doors.js';

/** A connection whose broker acknowledges when it is told to. */
function stand() {
  const time = new ManualTime();
  const logger = new RecordingLogger();
  const sent: OutgoingMessage[] = [];
  const waiting: ((taken: boolean) => void)[] = [];
  const broker = { connected: true };
  const topics: Topics = {
    get connected() {
      return broker.connected;
    },
    protocol: 5,
    start: () => undefined,
    publish: (message, settled) => {
      sent.push(message);
      waiting.push(settled);
    },
    stop: () => Promise.resolve(),
  };
  const outgoing = new Outgoing(topics, time, logger);
  const refusals = new Refusals(new FleetTopics('padrao'), outgoing, time, logger);
  /** The broker answers all that it has, and what comes then. */
  const settle = (taken = true): void => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) one(taken);
  };
  return { time, logger, sent, waiting, broker, outgoing, refusals, settle };
}

const answer = (number: number, payload = ''): OutgoingMessage => ({ topic: `r/${String(number)}`, payload });

describe('answers on their way to the broker', () => {
  it('go in order, some at once, and the next when one is acknowledged', () => {
    const { sent, waiting, outgoing, settle } = stand();
    for (let i = 0; i < 100; i++) outgoing.send(answer(i));
    expect(sent).toHaveLength(32);
    waiting.shift()?.(true);
    expect(sent).toHaveLength(33);
    settle();
    expect(sent.map(({ topic }) => topic)).toEqual(Array.from({ length: 100 }, (_, i) => `r/${String(i)}`));
    expect(outgoing.dropped).toBe(0);
  });

  it('are dropped beyond a number, beyond bytes, and without a broker', () => {
    const { sent, broker, outgoing, settle } = stand();
    const { outgoingMessages, outgoingBytes } = mqttDoorLimits;
    for (let i = 0; i < 32 + outgoingMessages + 5; i++) outgoing.send(answer(i));
    expect(outgoing.dropped).toBe(5);
    settle();
    expect(sent).toHaveLength(32 + outgoingMessages);
    outgoing.send(answer(0, 'x'.repeat(outgoingBytes - 10)));
    outgoing.send(answer(1, 'x'.repeat(10)));
    expect(outgoing.dropped).toBe(6);
    // What is acknowledged makes room again.
    settle();
    outgoing.send(answer(2, 'x'.repeat(10)));
    broker.connected = false;
    outgoing.send(answer(3));
    expect(outgoing.dropped).toBe(7);
    expect(sent.at(-1)?.topic).toBe('r/2');
  });

  it('that the broker does not take are dropped, and hold nobody up', () => {
    const { sent, outgoing, settle } = stand();
    for (let i = 0; i < 40; i++) outgoing.send(answer(i));
    settle(false);
    expect(sent).toHaveLength(40);
    expect(outgoing.dropped).toBe(40);
    outgoing.send(answer(41));
    expect(sent).toHaveLength(41);
  });
});

describe('refusals', () => {
  const error = new KvsError('CHAVE_INVALIDA', 'a chave não serve');

  it('are published below recusa/ with code and reason, and logged', () => {
    const { logger, sent, refusals } = stand();
    refusals.tell('grava', 'kvs/padrao/recusa/a', 'a', error);
    expect(sent).toEqual([
      {
        topic: 'kvs/padrao/recusa/a',
        payload: '{"op":"grava","codigo":"CHAVE_INVALIDA","motivo":"a chave não serve"}',
        properties: { contentType: 'application/json' },
      },
    ]);
    expect(JSON.stringify(logger.lines)).toContain('CHAVE_INVALIDA');
  });

  it('tell nobody the cause of an error within the server', () => {
    const { sent, refusals } = stand();
    refusals.tell('grava', 't', 'a', KvsError.from(new Error('segredo em /etc')));
    expect(String(sent[0]?.payload)).toContain('INTERNO');
    expect(String(sent[0]?.payload)).not.toContain('segredo');
  });

  it('of questions that cannot be answered are logged alone, and go to no topic that no broker carries', () => {
    const { sent, refusals } = stand();
    refusals.tell('pede', 'kvs/padrao/pede', undefined, error);
    refusals.tell('grava', 't', 'k'.repeat(mqttDoorLimits.topicBytes), error);
    expect(sent).toEqual([]);
  });

  it('of a flood are no flood, and go on when it is over', () => {
    const { time, sent, refusals, settle } = stand();
    const { refusalBurst, refusalEveryMs } = mqttDoorLimits;
    for (let i = 0; i < refusalBurst + 50; i++) refusals.tell('grava', 't', 'a', error);
    settle();
    expect(sent).toHaveLength(refusalBurst);
    expect(refusals.suppressed).toBe(50);
    time.advance(2 * refusalEveryMs);
    for (let i = 0; i < 5; i++) refusals.tell('grava', 't', 'a', error);
    settle();
    expect(sent).toHaveLength(refusalBurst + 2);
  });
});
