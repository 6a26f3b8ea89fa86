import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedBroker } from '../../../src/mqtt/embedded-broker.js';
import { Eavesdropper } from '../../support/eavesdropper.js';
import { eventually } from '../../support/eventually.js';
import type { KvsError } from '../../../src/core/errors.js';
import { mosquittoAvailable, startMosquitto } from '../../support/mosquitto.js';
import { RecordingLogger } from '../../support/doors.js';
import { realRandom, realTime } from '../../support/real-time.js';
import { verbs } from '../../support/verbs.js';
import { sealOptions } from '../../engines/fleet/bus/seal-support.js';
import { heardMarks, openLabFleet, settle, writeAll } from './lab-fleet.js';
import type { LabServer } from './lab-fleet.js';
import type { TracedMessage } from '../../../src/ports/trace.js';
import { marksOf, TraceReader, without } from './trace-reader.js';

/** The origin that a topic names as the sender. */
const senderOf = (topic: string): string | undefined => topic.split('/').at(-1);

/** Some fields of a message, as it travelled. */
const wireOf = ({ body }: TracedMessage): { de?: string; para?: string; id?: number } =>
  JSON.parse(Buffer.from(body).toString()) as object;

interface TestBroker {
  readonly url: string;
  stop(): Promise<void>;
}

async function embedded(): Promise<TestBroker> {
  const logger = new RecordingLogger();
  const ports = { time: realTime, random: realRandom, logger };
  const broker = await EmbeddedBroker.start({ ...ports, host: '127.0.0.1', port: 0 });
  return { url: `mqtt://127.0.0.1:${broker.port}`, stop: () => broker.stop() };
}

const BROKERS: [string, () => Promise<TestBroker>][] = [['the embedded broker', embedded]];
if (mosquittoAvailable()) BROKERS.push(['Mosquitto', () => startMosquitto()]);

const isLeave = ({ body }: TracedMessage): boolean => Buffer.from(body).includes('"estado":"saindo"');

describe.each(BROKERS)('the laboratory of a fleet on %s', (name, start) => {
  let broker: TestBroker;
  let servers: readonly LabServer[];
  let outsider: Eavesdropper;
  /** Messages before all servers heard each other. */
  let joined = 0;
  const [a, b, c] = [0, 1, 2].map((i) => () => servers[i]!) as [
    () => LabServer,
    () => LabServer,
    () => LabServer,
  ];
  const fleet = 'lab';

  beforeAll(async () => {
    broker = await start();
    outsider = await Eavesdropper.open(broker.url, fleet);
    const seal = name === 'Mosquitto' ? () => sealOptions('encrypted', fleet) : undefined;
    servers = await openLabFleet(broker.url, fleet, seal);
    await outsider.caughtUp();
    joined = outsider.heard.length;
  }, 30_000);
  afterAll(async () => {
    await Promise.all(servers.map(({ engine }) => engine.stop()));
    await outsider.close();
    await broker.stop();
  });

  /**
   * What reached the broker, and what each server tells of it.
   * @param away a server that did not get all of it
   */
  const compare = async (away?: string): Promise<{ unheard: string[] }> => {
    await outsider.caughtUp();
    const heard = outsider.heard.slice(joined);
    const sent = (): string[] => servers.flatMap(({ trace }) => marksOf(trace.of('envia')));
    const wills = new Set(marksOf(servers.flatMap(({ trace }) => trace.of('recebe').filter(isLeave))));
    const unsent = without(heardMarks(outsider.heard), sent());
    expect(unsent.filter((mark) => !wills.has(mark))).toEqual([]);
    for (const { origin, trace } of servers.filter((server) => server.origin !== away)) {
      const forIt = heardMarks(
        heard.filter(({ topic }) => {
          const [, , channel, first, second] = topic.split('/');
          return channel === 'sincronia' ? first === origin && second !== origin : first !== origin;
        }),
      );
      const came = (): string[] => marksOf(trace.of('recebe', 'descarta_entrada'));
      await eventually(`${origin} tells all that came`, () => without(forIt, came()).length === 0);
    }
    // What has come until now was heard before, or will be in a moment.
    const arrived = servers.flatMap(({ trace }) => marksOf(trace.of('recebe', 'descarta_entrada')));
    const told = sent();
    await outsider.caughtUp();
    const all = heardMarks(outsider.heard);
    const known = new Set(all);
    expect(arrived.filter((mark) => !known.has(mark))).toEqual([]);
    return { unheard: without(told, all) };
  };

  it('tells every message as a subscriber of the broker hears it', async () => {
    const second = new TraceReader(b().faults.trace());
    const from = b().trace.seen.length;
    await writeAll(servers, 'k', 20);
    await settle(servers);
    expect((await compare()).unheard).toEqual([]);
    const { seen } = b().trace;
    await eventually('both readers have the same', () => seen.length - from <= second.seen.length);
    const same = second.seen.map(({ number, ...message }) => ({ number: number + from, ...message }));
    expect(same).toEqual(seen.slice(from, from + same.length));
    expect(seen.map(({ number }) => number)).toEqual(seen.map((_, index) => index + 1));
    for (const { engine, trace } of servers) {
      const { store, origin } = engine;
      expect(trace.applied).toBe(store.vector.total - store.vector.seqOf(origin));
      // What it sent itself did not come from another server.
      expect(trace.of('recebe').filter(({ channel }) => senderOf(channel) === origin)).toEqual([]);
      for (const { step, type, body, handled } of trace.seen) {
        expect(type).not.toBe('');
        expect(JSON.parse(Buffer.from(body).toString())).toMatchObject({ formato: 1 });
        expect(handled === undefined).toBe(step !== 'recebe');
      }
    }
    const effects = new Set(servers.flatMap(({ trace }) => trace.of('recebe').map((m) => m.handled?.effect)));
    expect([...effects]).toEqual(expect.arrayContaining(['applied', 'noted', 'answered']));
  });

  it('tells what it loses, which repair brings', async () => {
    b().faults.lose({ inPerMille: 300, outPerMille: 300 });
    await writeAll(servers, 'perde', 30);
    await eventually('something was lost both ways', () => {
      const { trace } = b();
      return trace.of('descarta_saida').length > 5 && trace.of('descarta_entrada').length > 5;
    });
    await settle(servers);
    expect((await compare()).unheard).toEqual([]);
    // A request is told before its answer: whoever draws it needs the cause first.
    for (const { trace, origin } of servers) {
      const replies = trace.seen.filter(({ step, type }) => step !== 'recebe' && type === 'logReply');
      for (const reply of replies.filter(({ channel }) => senderOf(channel) === origin)) {
        const asked = JSON.stringify({ de: wireOf(reply).para, id: wireOf(reply).id });
        const cause = trace.seen.find(
          (one) =>
            one.type === 'logRequest' &&
            one.step === 'recebe' &&
            JSON.stringify({ de: wireOf(one).de, id: wireOf(one).id }) === asked,
        );
        expect(cause?.number).toBeLessThan(reply.number);
        expect(cause?.handled?.effect).toBe('answered');
      }
    }
    const lost = new Set(marksOf(b().trace.of('descarta_saida')));
    expect(heardMarks(outsider.heard).filter((mark) => lost.has(mark))).toEqual([]);
    expect(b().trace.seen.some(({ handled }) => handled?.effect === 'held')).toBe(true);
    expect(b().faults.lose({ inPerMille: 0, outPerMille: 0 })).toMatchObject({ inPerMille: 0 });
    for (const { engine, trace } of servers) {
      const { store, origin } = engine;
      expect(trace.applied).toBe(store.vector.total - store.vector.seqOf(origin));
    }
  });

  it('tells nothing of an isolated server but what it catches up with', async () => {
    c().faults.isolate(600_000);
    const before = c().trace.seen.length;
    await writeAll(servers, 'só', 5);
    await eventually('the others agree', () => a().engine.store.hash() === b().engine.store.hash());
    expect(c().trace.seen.length).toBe(before);
    expect(c().engine.store.hash()).not.toBe(a().engine.store.hash());
    c().faults.reconnect();
    await settle(servers);
    const { unheard } = await compare('oC');
    // What was handed to the connection as it was cut may never have left this machine.
    expect(without(unheard, marksOf(c().trace.seen.slice(0, before)))).toEqual([]);
    expect(a().trace.of('recebe').filter(isLeave)).toMatchObject([
      { channel: `kvs/${fleet}/presenca/oC`, type: 'presence', handled: { effect: 'noted' } },
    ]);
  });

  it('lets a clock run ahead, which the fleet notices, and behind', async () => {
    const { engine, faults, logger } = a();
    const write = (key: string): number => {
      verbs(engine).insert(key, 'x');
      return verbs(engine).query(key, undefined)!.timestamp - Date.now();
    };
    expect(write('certo')).toBeGreaterThan(-5_000);
    expect(faults.shiftClock(90_000)).toMatchObject({ clockMs: 90_000 });
    await eventually('it refuses writes', () => {
      try {
        return write('adiante') < 0;
      } catch (error) {
        return (error as KvsError).code === 'RELOGIO_ADIANTADO';
      }
    });
    const said = logger.lines.map(({ message }) => message);
    expect(said).toContain('laboratório: o relógio deste servidor foi deslocado de propósito');
    expect(said).toContain(
      'o relógio deste servidor está adiantado da frota: recusa escritas até ser acertado',
    );
    expect(faults.warnings()).toEqual(['relógio 90000 ms adiante de propósito (kvs adianta)']);
    faults.shiftClock(-90_000);
    expect(write('atrás')).toBeLessThan(-80_000);
    faults.shiftClock(0);
    expect(faults.warnings()).toEqual([]);
    await settle(servers);
  });
});
