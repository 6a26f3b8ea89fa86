import { describe, expect, it } from 'vitest';
import { soleServerLimits } from '../../../src/call/limits.js';
import { MqttDoor } from '../../../src/doors/mqtt/door.js';
import { mqttDoorLimits } from '../../../src/doors/mqtt/limits.js';
import type { OutgoingMessage, Topics, TopicsListener } from '../../../src/ports/topics.js';
import { ManualTime } from '../../engines/fleet/bus/manual-time.js';
import { MemoryDoor } from '../../support/memory-call.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { verbs } from '../../support/verbs.js';

/** A server with the door, and a broker's side of its connection. */
function stand(leads = true) {
  const time = new ManualTime();
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
  const state = { leads };
  const door = new MqttDoor({
    ...{ fleet: 'padrao', topics, leads: () => state.leads, servers: { serverName: String }, seam, logger },
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
  return { door, hear, pass, published, state, value: (key: string) => verbs(engine).query(key)?.value };
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
});
