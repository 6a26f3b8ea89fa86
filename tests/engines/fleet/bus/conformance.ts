import mqtt from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseBrokerUrl } from '../../../../src/mqtt/broker-url.js';
import { externalBrokers } from '../../../../src/mqtt/broker-source.js';
import { limits } from '../../../../src/core/limits.js';
import { mqttLimits } from '../../../../src/mqtt/limits.js';
import type { Message } from '../../../../src/ports/bus.js';
import { eventually } from '../../../support/eventually.js';
import { sealOptions } from './seal-support.js';
import type { Mode } from './seal-support.js';
import {
  acquaint,
  batch,
  batchMessage,
  cutConnection,
  insert,
  isLeaveOf,
  oneOfEach,
  presenceOf,
  publish,
  startMember,
} from './support.js';
import type { Member } from './support.js';

/** A broker under test, on a port of its own. */
export interface TestBroker {
  readonly url: string;
  stop(): Promise<void>;
  /** Ends it and starts it again on the same port. */
  restart(): Promise<void>;
}

/** What a broker does besides. */
export interface BrokerTraits {
  /** Brings payloads to subscribers that no server would send; others drop them or cut the sender off. */
  readonly carriesAnySize?: boolean;
  /** Whether the servers have a fleet key, and what they do with it; none by default. */
  readonly seal?: Mode;
}

/** What every broker must carry for the fleet. */
export function busConformance(
  name: string,
  start: () => Promise<TestBroker>,
  traits: BrokerTraits = {},
): void {
  describe(`MqttBus on ${name}`, () => {
    let broker: TestBroker;
    let members: Member[];
    const join = async (origin: string, fleet?: string): Promise<Member> => {
      const seal = traits.seal && sealOptions(traits.seal, fleet);
      const member = startMember(origin, externalBrokers([parseBrokerUrl(broker.url)]), fleet, seal);
      members.push(member);
      await eventually(`${origin} connected`, () => member.bus.connected);
      if (seal) await acquaint(members.filter((other) => other.fleet === member.fleet));
      return member;
    };
    const raw = async (topic: string, payload: string | Buffer): Promise<void> => {
      const client = await mqtt.connectAsync(broker.url, { protocolVersion: 4, reconnectPeriod: 0 });
      client.on('error', () => undefined);
      client.publish(topic, payload, { qos: 1 });
      await eventually('payload on its way', () => client.stream.writableLength === 0 || !client.connected);
      await eventually('client ended', () => {
        client.end();
        return client.disconnected || !client.connected;
      });
    };

    beforeEach(async () => {
      members = [];
      broker = await start();
    });
    afterEach(async () => {
      await Promise.all(members.map(({ bus }) => bus.stop()));
      await broker.stop();
    });

    it('carries every kind of message unchanged, and the exchange to its addressee only', async () => {
      const [a, b, c] = [await join('oA'), await join('oB'), await join('oC')];
      const [before, got] = [a.bus.counters.published, b.bus.counters.received];
      const sent = oneOfEach('oA', 'oB');
      // The last goes to everyone again: who has it has nothing else to come.
      sent.push(...sent.slice(1, 2));
      for (const message of sent) expect(await publish(a.bus, message)).toBe(true);
      await eventually('all arrived', () => b.seen.messages.length === sent.length);
      expect(b.seen.messages).toEqual(sent);
      const toEveryone = sent.filter((message) => !('to' in message));
      await eventually('those to everyone arrived', () => c.seen.messages.length >= toEveryone.length);
      expect(c.seen.messages).toEqual(toEveryone);
      expect(a.bus.counters.published - before).toBe(sent.length);
      expect(b.bus.counters.received - got).toBe(sent.length);
    });

    it('brings its own presence back; its own batches are counted and not delivered', async () => {
      const a = await join('oA');
      const [own, presence] = oneOfEach('oA', 'oB') as [Message, Message];
      expect(await publish(a.bus, own)).toBe(true);
      expect(await publish(a.bus, presence)).toBe(true);
      await eventually('echo', () => a.seen.messages.length === 1 && a.bus.counters.echoes === 1);
      expect(a.seen.messages).toEqual([presence]);
    });

    it('keeps fleets apart', async () => {
      const [a, other, b] = [await join('oA', 'f1'), await join('oB', 'f2'), await join('oC', 'f1')];
      const own = batchMessage(
        { origin: 'oA', first: 1, dependencies: [], mutations: [insert('k', 'own')] },
        'f1',
      );
      await publish(other.bus, batchMessage({ ...own.batch, origin: 'oB' }, 'f2'));
      await publish(a.bus, own);
      await eventually('arrived', () => b.seen.messages.length === 1);
      expect(other.seen.messages).toEqual([]);
      expect(b.seen.messages).toEqual([own]);
      expect(b.bus.counters.dropped.FROTA).toBe(0);
    });

    it('keeps the order of one publisher and loses nothing while all are connected', async () => {
      const [a, b] = [await join('oA'), await join('oB')];
      const total = 500;
      const keys: number[] = [];
      for (let next = 1; next <= total;) {
        const group: Promise<boolean>[] = [];
        while (group.length < mqttLimits.publishWindow && next <= total) {
          keys.push(next);
          group.push(publish(a.bus, batch('oA', next++, insert('k', 'v'.repeat(300)))));
        }
        expect((await Promise.all(group)).every(Boolean)).toBe(true);
      }
      await eventually('all arrived', () => b.seen.messages.length === total);
      expect(b.seen.messages.map((m) => (m.type === 'batch' ? m.batch.first : 0))).toEqual(keys);
    });

    it('carries the largest single mutation', async () => {
      const [a, b] = [await join('oA'), await join('oB')];
      const worst = batch(
        'oA',
        1,
        insert('\u0001'.repeat(limits.keyBytes), '\u0001'.repeat(limits.valueBytes)),
      );
      expect(await publish(a.bus, worst)).toBe(true);
      await eventually('arrived', () => b.seen.messages.length === 1);
      expect(b.seen.messages).toEqual([worst]);
    });

    it('says that a server left: by itself when it stops', async () => {
      const [a, b] = [await join('oA'), await join('oB')];
      await a.bus.stop();
      await eventually('leave', () => b.seen.messages.some(isLeaveOf('oA')));
      expect(b.seen.messages).toHaveLength(1);
    });

    it('says that a server left: by its last will when it is cut off', async () => {
      const [a, b] = [await join('oA'), await join('oB')];
      cutConnection(a);
      await eventually('will', () => b.seen.messages.some(isLeaveOf('oA')));
    });

    it('drops what is invalid, counts it, logs it once with its origin, and goes on', async () => {
      const b = await join('oB');
      await raw('kvs/frota/mutacoes/oX', 'not json');
      await raw('kvs/frota/mutacoes/oX', '{"formato":9}');
      await raw('kvs/frota/presenca/oX', Buffer.from([0xff, 0xfe]));
      await raw('kvs/frota/mutacoes/a.b', 'x');
      await eventually('counted', () => {
        const { dropped } = b.bus.counters;
        if (traits.seal) return dropped.SEM_SELO === 3 && dropped.TOPICO === 1;
        return dropped.JSON === 1 && dropped.FORMATO === 1 && dropped.UTF8 === 1 && dropped.TOPICO === 1;
      });
      const warnings = b.log.lines.filter(({ level }) => level === 'warn');
      const dropped = warnings.filter(({ fields }) => 'origem' in fields);
      expect(dropped).toHaveLength(1);
      expect(dropped[0]?.fields).toMatchObject({ motivo: traits.seal ? 'SEM_SELO' : 'JSON', origem: 'oX' });
      // A presence without a seal: whoever it is of has no key, and that is said too.
      expect(warnings).toHaveLength(traits.seal ? 2 : 1);
      const a = await join('oA');
      await publish(a.bus, presenceOf('oA', 'leaving'));
      await eventually('valid one', () => b.seen.messages.some(isLeaveOf('oA')));
    });

    it('survives a payload of 10 MB', async () => {
      const [a, b] = [await join('oA'), await join('oB')];
      await raw('kvs/frota/mutacoes/oX', Buffer.alloc(10 * 1024 * 1024, 'x'));
      expect(await publish(a.bus, batch('oA', 1, insert('k', 'v')))).toBe(true);
      await eventually('next one', () => b.seen.messages.length === 1);
      expect(b.bus.connected).toBe(true);
      expect(b.bus.counters.dropped.TAMANHO).toBe(traits.carriesAnySize ? 1 : 0);
    });

    it('comes back by itself after the broker was restarted', async () => {
      const [a, b] = [await join('oA'), await join('oB')];
      await broker.restart();
      await eventually('both back', () => a.seen.connects >= 2 && b.seen.connects >= 2);
      expect(a.seen.disconnects).toBeGreaterThanOrEqual(1);
      expect(a.bus.counters.reconnects).toBeGreaterThanOrEqual(1);
      await eventually('carries again', async () => {
        await publish(a.bus, batch('oA', 1, insert('k', 'v')));
        return b.seen.messages.some(({ type }) => type === 'batch');
      });
    });

    it('settles at once with false while no broker is connected, and says so in the log', async () => {
      const a = await join('oA');
      await broker.stop();
      await eventually('disconnected', () => !a.bus.connected);
      const before = performance.now();
      expect(await publish(a.bus, batch('oA', 1, insert('k', 'v')))).toBe(false);
      expect(performance.now() - before).toBeLessThan(500);
      expect(a.log.messages()).toContain('conexão com o broker perdida');
      await eventually('said', () =>
        a.log.messages().some((line) => line.startsWith('broker fora de alcance')),
      );
    });
  });
}
