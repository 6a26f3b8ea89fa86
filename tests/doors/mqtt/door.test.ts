import { describe, expect, it } from 'vitest';
import { soleServerLimits } from '../../../src/call/limits.js';
import { requestId } from '../../../src/client/request-id.js';
import { limits } from '../../../src/core/limits.js';
import { MqttDoor } from '../../../src/doors/mqtt/door.js';
import { mqttDoorLimits } from '../../../src/doors/mqtt/limits.js';
import type { OutgoingMessage, Topics, TopicsListener } from '../../../src/ports/topics.js';
import { ManualTime } from '../../engines/fleet/bus/manual-time.js';
import { MemoryDoor } from '../../support/memory-call.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { verbs } from '../../support/verbs.js';

/** Ids of requests tell the time of our days. */
class CivilTime extends ManualTime {
  override wallMs(): number {
    return Date.UTC(2026, 0) + this.monotonicMs();
  }
}

/** A server with the door, and a broker's side of its connection. */
function stand(leads = true, hasOthers = false) {
  const time = new CivilTime();
  const { engine, seam, logger } = new MemoryDoor(new MemoryEngine(), { time });
  const published: OutgoingMessage[] = [];
  let listener: TopicsListener | undefined;
  const topics: Topics = {
    ...{ connected: true, protocol: 5 },
    start: (given) => {
      listener = given;
    },
    publish: (message, settled) => {
      published.push(message);
      setImmediate(() => {
        settled(true);
      });
    },
    stop: () => Promise.resolve(),
  };
  const state = { leads, hasOthers };
  const door = new MqttDoor({
    ...{ fleet: 'padrao', topics, leads: () => state.leads, servers: { serverName: String }, seam, logger },
    hasOthers: () => state.hasOthers,
  });
  door.start();
  /** Time goes on in steps: a server that does not look for long takes itself for asleep. */
  const pass = (ms: number): void => {
    for (let gone = 0; gone < ms; gone += 100) time.advance(100);
  };
  pass(soleServerLimits.takeoverMs + 1_000);
  const hear = (topic: string, payload: string, retained = false): void => {
    listener?.onMessage({ topic: `kvs/padrao/${topic}`, payload: Buffer.from(payload), retained });
  };
  /** Asks, and returns what is published then. */
  const ask = async (question: object): Promise<Record<string, unknown> | undefined> => {
    published.length = 0;
    hear('pede/ana/1', JSON.stringify(question));
    await new Promise((resolve) => setImmediate(resolve));
    const [answer] = published;
    return answer && (JSON.parse(String(answer.payload)) as Record<string, unknown>);
  };
  const value = (key: string) => verbs(engine).query(key)?.value;
  return { door, time, hear, ask, pass, published, state, value };
}

describe('the door of MQTT', () => {
  it('does what is published now, and never what a broker had retained', () => {
    const { door, hear, value } = stand();
    expect(door.acts).toBe(true);
    hear('grava/luz', 'ON');
    hear('grava/luz', 'de 2025', true);
    hear('remove/luz', '*', true);
    expect(value('luz')).toBe('ON');
    hear('remove/luz', '*');
    expect(value('luz')).toBeUndefined();
  });

  it('remembers writes while another server acts, and does what is left when it takes over', () => {
    const { door, hear, pass, state, value } = stand(false);
    hear('grava/velha', 'esquecida');
    pass(mqttDoorLimits.holdMs + 1_000);
    hear('grava/feita', 'por outro');
    hear('grava/deixada', 'por fazer');
    hear('grava/retida', 'de 2025', true);
    door.inserted('feita', 'por outro');
    expect(value('deixada')).toBeUndefined();
    state.leads = true;
    pass(soleServerLimits.takeoverMs + 1_000);
    expect(['velha', 'feita', 'deixada', 'retida'].map(value)).toEqual([
      ...[undefined, undefined, 'por fazer', undefined],
    ]);
  });

  it('does nothing twice for one request id, also after another server has acted meanwhile', async () => {
    const { time, ask, hear, pass, state, value } = stand();
    const idNow = (): string => requestId(time.wallMs(), 'abcdefghijkl');
    hear('grava/a', '1');
    const question = { op: 'remove', chave: 'a', pedido: idNow() };
    const done = { chave: 'a', removidas: 1 };
    expect(await ask(question)).toEqual(done);
    hear('grava/a', '2');
    expect(await ask(question)).toEqual(done);
    expect(value('a')).toBe('2');
    // Another one acts, and does what this one does not hear of.
    pass(5_000);
    state.leads = false;
    state.hasOthers = true;
    const elsewhere = { op: 'remove', chave: 'a', pedido: idNow() };
    expect(await ask(elsewhere)).toBeUndefined();
    pass(1_000);
    state.leads = true;
    pass(soleServerLimits.takeoverMs + 1_000);
    expect(await ask(elsewhere)).toMatchObject({ codigo: 'RESULTADO_DESCONHECIDO' });
    expect(await ask(question)).toEqual(done);
    expect(value('a')).toBe('2');
    pass(limits.requestSkewMs);
    expect(await ask({ ...elsewhere, pedido: idNow() })).toEqual(done);
    expect(value('a')).toBeUndefined();
  });

  it('answers what it was asked just before it acts, where no other server can have', async () => {
    for (const hasOthers of [false, true]) {
      const { ask, pass, published, state } = stand(false, hasOthers);
      expect(await ask({ op: 'insere', chave: 'a', valor: '1' })).toBeUndefined();
      state.leads = true;
      pass(200);
      expect(await ask({ op: 'insere', chave: 'a', valor: '2' })).toBeUndefined();
      pass(soleServerLimits.takeoverMs + 1_000);
      const answers = published.map(({ payload }) => JSON.parse(String(payload)) as unknown);
      if (hasOthers) expect(answers).toEqual([]);
      else expect(answers).toEqual([expect.objectContaining({ valor: '2', versao: 1 })]);
    }
  });

  it('takes what a process hears that had stood still as what comes before it acts again', async () => {
    const { door, time, ask, pass, published } = stand();
    time.sleep(10_000);
    expect(await ask({ op: 'insere', chave: 'a', valor: '1' })).toBeUndefined();
    expect(door.acts).toBe(false);
    pass(soleServerLimits.takeoverMs + 1_000);
    expect(published).toHaveLength(1);
  });
});
