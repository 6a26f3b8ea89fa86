import type { Client } from 'aedes';
import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { externalBrokers } from '../../../../src/mqtt/broker-source.js';
import { tcpBroker } from '../../../../src/mqtt/broker-url.js';
import type { DropReason } from '../../../../src/wire/checks.js';
import { EmbeddedBroker } from '../../../../src/mqtt/embedded-broker.js';
import { KeyRing } from '../../../../src/engines/fleet/bus/seal/key-ring.js';
import { Opener } from '../../../../src/engines/fleet/bus/seal/opener.js';
import type { SealOptions } from '../../../../src/engines/fleet/bus/seal/sealer.js';
import { parseTopic } from '../../../../src/engines/fleet/bus/topics.js';
import type { PresenceMessage } from '../../../../src/ports/bus.js';
import { eventually } from '../../../support/eventually.js';
import { realTime } from '../../../support/real-time.js';
import { MODES, sealOptions, sealWith, testKey } from './seal-support.js';
import {
  acquaint,
  batch,
  cutConnection,
  insert,
  isLeaveOf,
  LogRecorder,
  oneOfEach,
  presenceOf,
  publish,
  startMember,
} from './support.js';
import type { Member } from './support.js';

/** What an attacker has seen go by. */
interface Recorded {
  readonly topic: string;
  readonly payload: Buffer;
}

let broker: EmbeddedBroker;
let attacker: MqttClient;
let members: Member[];
let recorded: Recorded[];

const join = async (origin: string, seal?: SealOptions, fleet = 'frota'): Promise<Member> => {
  const address = tcpBroker('127.0.0.1', broker.port);
  const member = startMember(origin, externalBrokers([address]), fleet, seal);
  members.push(member);
  await eventually(`${origin} connected`, () => member.bus.connected);
  return member;
};
const acquainted = async (seal: (fleet: string) => SealOptions): Promise<[Member, Member]> => {
  const [a, b] = [await join('oA', seal('frota')), await join('oB', seal('frota'))];
  await acquaint([a, b]);
  return [a, b];
};
const attack = async ({ topic, payload }: Recorded): Promise<void> => {
  await attacker.publishAsync(topic, payload, { qos: 1 });
};
/** Makes the broker deliver a message to a client that never asked for it. */
const deliver = async (clientId: string, { topic, payload }: Recorded): Promise<void> => {
  const { aedes } = broker as unknown as { readonly aedes: { readonly clients: Record<string, Client> } };
  const packet = { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false } as const;
  await new Promise<void>((resolve) => {
    const found = Object.keys(aedes.clients).find((id) => id.startsWith(`${clientId}:`));
    aedes.clients[found ?? '']!.publish(packet, () => {
      resolve();
    });
  });
};
/** Waits until everything that was published before has reached everyone: a message from one client keeps its order. */
const settled = async (witness: Member): Promise<void> => {
  const before = witness.bus.counters.dropped.TOPICO;
  await attack({ topic: 'kvs/frota/presenca/-/-', payload: Buffer.alloc(0) });
  await attack({ topic: 'kvs/frota/presenca/a.b', payload: Buffer.alloc(0) });
  await eventually('settled', () => witness.bus.counters.dropped.TOPICO > before);
};
const droppedOf = ({ bus }: Member): Partial<Record<DropReason, number>> =>
  Object.fromEntries(Object.entries(bus.counters.dropped).filter(([, count]) => count > 0));

beforeEach(async () => {
  broker = await EmbeddedBroker.start({
    ...{ host: '127.0.0.1', port: 0, time: realTime, logger: new LogRecorder() },
  });
  members = [];
  recorded = [];
  attacker = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 4 });
  attacker.on('message', (topic, payload) => recorded.push({ topic, payload }));
  await attacker.subscribeAsync('kvs/#', { qos: 1 });
});
afterEach(async () => {
  await Promise.all(members.map(({ bus }) => bus.stop()));
  await attacker.endAsync(true);
  await broker.stop();
});

describe.each(MODES)('an attacker on the broker of a fleet with %s messages', (mode) => {
  const seal = (fleet: string): SealOptions => sealOptions(mode, fleet);

  /** Two servers that have said everything there is to say, recorded. */
  const conversation = async (): Promise<[Member, Member]> => {
    const [a, b] = await acquainted(seal);
    const sent = oneOfEach('oA', 'oB');
    for (const message of sent) await publish(a.bus, message);
    await eventually('all arrived', () => b.seen.messages.length === sent.length);
    await attack({ topic: 'kvs/marca', payload: Buffer.alloc(0) });
    await eventually('all recorded', () => recorded.some(({ topic }) => topic === 'kvs/marca'));
    recorded = recorded.filter(({ topic }) => topic !== 'kvs/marca');
    return [a, b];
  };

  it('cannot alter a message of any kind in any part', async () => {
    const [, b] = await conversation();
    const [before, delivered] = [droppedOf(b), b.seen.messages.length];
    const theirs = recorded.filter(({ topic }) => topic.endsWith('/oA'));
    let attempts = 0;
    for (const { topic, payload } of theirs) {
      // From the first byte to the last, some forty places: header, body, and what ends it.
      const step = Math.max(1, Math.floor(payload.length / 40));
      for (
        let at = 0;
        at < payload.length;
        at = at === payload.length - 1 ? at + 1 : Math.min(at + step, payload.length - 1)
      ) {
        const altered = Buffer.from(payload);
        altered[at] = (altered[at] as number) ^ 0x04;
        attempts++;
        await attack({ topic, payload: altered });
      }
    }
    await settled(b);
    const counted = Object.entries(droppedOf(b)).map(
      ([reason, count]) => [reason, count - (before[reason as DropReason] ?? 0)] as const,
    );
    const refused = counted.filter(([reason]) => reason !== 'TOPICO').reduce((sum, [, n]) => sum + n, 0);
    expect(theirs.length).toBeGreaterThan(12);
    expect(refused).toBe(attempts);
    expect(b.seen.messages).toHaveLength(delivered);
    expect(Object.keys(droppedOf(b)).sort()).toEqual([
      ...['AUTENTICIDADE', 'CHAVE_FROTA', 'SELO', 'SEM_SELO', 'TOPICO'],
    ]);
  });

  it('cannot replay what is no batch, and a batch only as a duplicate', async () => {
    const [a, b] = await conversation();
    const delivered = [...b.seen.messages];
    const controls = recorded.filter(({ topic }) => !topic.includes('/mutacoes/'));
    for (const message of [...recorded]) await attack(message);
    await settled(b);
    const again = b.seen.messages.slice(delivered.length);
    expect(again).toEqual(delivered.filter(({ type }) => type === 'batch'));
    // Each by whom it reaches: what goes to everyone by both.
    const everyone = controls.filter(({ topic }) => topic.includes('/presenca/')).length;
    const refused = a.bus.counters.dropped.REPETIDA + b.bus.counters.dropped.REPETIDA;
    expect(refused).toBe(controls.length + everyone);
  });

  it('cannot move a message to another topic or to another fleet with the same key', async () => {
    const [, b] = await conversation();
    const other = await join('oB', seal('outra'), 'outra');
    const third = await join('oC', seal('frota'));
    const delivered = b.seen.messages.length;
    for (const { topic, payload } of [...recorded]) {
      for (const moved of [
        topic.replace('/frota/', '/outra/'),
        topic.replace('/oA', '/oZ'),
        topic.replace('/mutacoes/', '/presenca/').replace('/sincronia/oB/', '/sincronia/oC/'),
        topic.replace('/presenca/', '/sincronia/oB/').replace('/mutacoes/', '/sincronia/oB/'),
      ])
        if (moved !== topic) await attack({ topic: moved, payload });
    }
    await settled(b);
    await eventually('counted by all', () => third.bus.counters.dropped.AUTENTICIDADE >= 10);
    await eventually('counted in the other fleet', () => other.bus.counters.dropped.CHAVE_FROTA >= 10);
    expect(b.seen.messages).toHaveLength(delivered);
    expect(other.seen.messages).toEqual([]);
    expect(third.seen.messages).toEqual([]);
    expect(third.bus.counters.dropped.REPETIDA).toBe(0);
  });

  it('cannot bring back anything after everyone has restarted and remembers nothing', async () => {
    const first = await conversation();
    await Promise.all(first.map(({ bus }) => bus.stop()));
    const recording = [...recorded];
    const [c, d] = [await join('oC', seal('frota')), await join('oD', seal('frota'))];
    await acquaint([c, d]);
    for (const message of recording) await attack(message);
    for (const member of [c, d]) await settled(member);
    expect(c.seen.messages).toEqual([]);
    expect(d.seen.messages).toEqual([]);
    // Authenticity alone would not have helped: all of it was sealed with the present key for the topic where it came.
    const opener = new Opener(new KeyRing('frota', [testKey('a')]));
    for (const { topic, payload } of recording) {
      expect(opener.open(topic, parseTopic(topic)?.from ?? '', payload)).toBeTypeOf('object');
    }
    await eventually('counted', () => c.bus.counters.dropped.NAO_VERIFICADA > 0, 10_000);
  });

  it('cannot bring it back by the hand of a broker that delivers to one what was for another', async () => {
    const first = await conversation();
    await Promise.all(first.map(({ bus }) => bus.stop()));
    const recording = [...recorded];
    const late = await join('oC', seal('frota'));
    // A recorded exchange shows that its sender lives, but only to the one for whom it was.
    for (const message of recording) await deliver('kvs:frota:oC', message);
    await settled(late);
    const exchanged = recording.filter(({ topic }) => topic.includes('/sincronia/')).length;
    expect(exchanged).toBeGreaterThan(4);
    expect(late.seen.messages).toEqual([]);
    expect(late.bus.counters.dropped.TOPICO).toBeGreaterThanOrEqual(exchanged);
  });

  it('cannot speak for anyone without the key', async () => {
    const [a, b] = await acquainted(seal);
    const forger = await join('oF', sealOptions(mode, 'frota', 'outra chave'));
    await publish(forger.bus, batch('oF', 1, insert('k', 'forjado')));
    await publish(forger.bus, { ...presenceOf('oF'), address: 'forjado' });
    await publish(forger.bus, { type: 'logRequest', from: 'oF', to: 'oB', id: 1, vector: [] });
    await eventually('refused', () => b.bus.counters.dropped.CHAVE_FROTA === 3);
    expect(a.bus.counters.dropped.CHAVE_FROTA).toBe(2);
    expect([...a.seen.messages, ...b.seen.messages]).toEqual([]);
  });

  it('cannot say that a server has left by the will of an earlier connection', async () => {
    const [a, b] = await acquainted(seal);
    cutConnection(a);
    await eventually('the will', () => b.seen.messages.some(isLeaveOf('oA')));
    const wills = recorded.filter(isWill);
    await eventually('oA back', () => a.bus.connected && a.bus.counters.reconnects === 1);
    await acquaint([a, b]);
    const before = b.seen.messages.length;
    for (const message of [...recorded]) if (message.topic === 'kvs/frota/presenca/oA') await attack(message);
    await settled(b);
    expect(wills).toHaveLength(1);
    expect(b.seen.messages).toHaveLength(before);
    // The one of the present connection counts.
    cutConnection(a);
    await eventually('the next will', () => b.seen.messages.length > before);
    expect(b.seen.messages.at(-1)).toMatchObject({ origin: 'oA', state: 'leaving' });
  });

  const isWill = ({ payload }: Recorded): boolean =>
    mode === 'encrypted' ? payload[4] === 3 : payload.includes('kvs-selo/1 testamento ');
});

describe('a fleet with a key', () => {
  it('delivers the first batches of a server that nobody has met, once it has shown that it lives', async () => {
    const [a, b] = [await join('oA', sealOptions('readable')), await join('oB', sealOptions('readable'))];
    for (let seq = 1; seq <= 5; seq++) void publish(a.bus, batch('oA', seq, insert('k', String(seq))));
    await eventually('all arrived', () => b.seen.messages.length === 5);
    expect(b.seen.messages).toEqual([1, 2, 3, 4, 5].map((seq) => batch('oA', seq, insert('k', String(seq)))));
    expect(droppedOf(b)).toEqual({});
  });

  it('introduces two servers in one round trip, by presences that are as good as any', async () => {
    const [a, b] = [await join('oA', sealOptions('readable')), await join('oB', sealOptions('readable'))];
    await publish(a.bus, { ...presenceOf('oA'), address: 'a:1', recent: [['oA', 3]] });
    await publish(b.bus, { ...presenceOf('oB'), address: 'b:1' });
    const addressOf = (member: Member, origin: string): string | undefined =>
      member.seen.messages.find((m): m is PresenceMessage => m.type === 'presence' && m.origin === origin)
        ?.address;
    await eventually(
      'both know the other',
      () => addressOf(a, 'oB') === 'b:1' && addressOf(b, 'oA') === 'a:1',
    );
  });

  it('encrypts one after the other without a stop: each understands both forms', async () => {
    const [a, b] = [await join('oA', sealOptions('readable')), await join('oB', sealOptions('encrypted'))];
    await acquaint([a, b]);
    const [fromA, fromB] = [oneOfEach('oA', 'oB'), oneOfEach('oB', 'oA')];
    for (const message of fromA) await publish(a.bus, message);
    for (const message of fromB) await publish(b.bus, message);
    // Beside what the other said, each hears its own presences.
    const heard = ({ origin, seen }: Member): unknown[] =>
      seen.messages.filter((message) => message.type !== 'presence' || message.origin !== origin);
    await eventually('all arrived', () => heard(a).length + heard(b).length === fromA.length + fromB.length);
    expect(heard(b)).toEqual(fromA);
    expect(heard(a)).toEqual(fromB);
  });

  it('shows no key and no value to who listens, when encrypted', async () => {
    const [a, b] = await acquainted((fleet) => sealOptions('encrypted', fleet));
    await publish(a.bus, batch('oA', 1, insert('chave-secreta', 'valor-secreto')));
    await eventually('arrived', () => b.seen.messages.length === 1);
    await eventually('recorded', () => recorded.some(({ topic }) => topic === 'kvs/frota/mutacoes/oA'));
    const everything = Buffer.concat(recorded.map(({ payload }) => payload)).toString('latin1');
    for (const secret of ['secret', 'chave-', 'valor', 'insere', 'formato', 'presenca'])
      expect(everything).not.toContain(secret);
  });

  it.each(MODES)('rotates its key under %s messages without losing one', async (mode) => {
    const rings = [new KeyRing('frota', [testKey('a')]), new KeyRing('frota', [testKey('a')])] as const;
    const [a, b] = [await join('oA', sealWith(rings[0], mode)), await join('oB', sealWith(rings[1], mode))];
    await acquaint([a, b]);
    let seq = 0;
    const write = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        seq++;
        await publish(a.bus, batch('oA', seq, insert('k', String(seq))));
      }
    };
    await write();
    for (const names of [['a', 'b'], ['b', 'a'], ['b']]) {
      for (const ring of rings) {
        ring.replace(names.map(testKey));
        await write();
      }
    }
    await eventually('all arrived', () => b.seen.messages.length === seq);
    expect(droppedOf(b)).toEqual({});
    // Who still has only the old key is out.
    const late = await join('oC', sealOptions(mode));
    await publish(late.bus, batch('oC', 1, insert('k', 'velha')));
    await eventually('refused', () => b.bus.counters.dropped.CHAVE_FROTA === 1);
    expect(b.seen.messages).toHaveLength(seq);
  });

  it('drops plain messages, and is told from garbage by a server without a key', async () => {
    const [a, plain] = [await join('oA', sealOptions('readable')), await join('oP')];
    const encrypted = await join('oE', sealOptions('encrypted'));
    await publish(plain.bus, batch('oP', 1, insert('k', 'sem chave')));
    await publish(a.bus, batch('oA', 1, insert('k', 'com chave')));
    await publish(encrypted.bus, presenceOf('oE'));
    await eventually('counted', () => a.bus.counters.dropped.SEM_SELO === 1);
    await eventually('counted', () => plain.bus.counters.dropped.SELADA === 2);
    expect([...a.seen.messages, ...plain.seen.messages].filter(({ type }) => type === 'batch')).toEqual([]);
    expect(a.log.lines.find(({ level }) => level === 'warn')?.fields).toMatchObject({
      ...{ motivo: 'SEM_SELO', origem: 'oP' },
    });
    expect(plain.log.lines.find(({ level }) => level === 'warn')?.fields).toMatchObject({ motivo: 'SELADA' });
  });

  it('never writes a key into its log', async () => {
    const [a, b] = await acquainted((fleet) => sealOptions('encrypted', fleet));
    await attack({ topic: 'kvs/frota/mutacoes/oA', payload: Buffer.from('lixo') });
    await settled(b);
    const log = JSON.stringify([...a.log.lines, ...b.log.lines]);
    for (const form of ['hex', 'base64', 'base64url'] as const)
      expect(log).not.toContain(testKey('a').toString(form).slice(0, 12));
  });
});
