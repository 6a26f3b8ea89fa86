import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServerFaults } from '../../../src/app/laboratory/server-faults.js';
import { LinkCut } from '../../../src/ports/link-cut.js';
import type { TracedMessage } from '../../../src/ports/trace.js';
import { codeOf } from '../../engines/support.js';
import { RecordingLogger } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { leaderSystem } from '../../support/leader-nodes.js';
import type { LeaderSystem } from '../../support/leader-nodes.js';
import { realTime } from '../../support/real-time.js';
import { verbs } from '../../support/verbs.js';
import { marksOf, TraceReader } from './trace-reader.js';

/** The links of a leader and two followers, each with a laboratory. */
describe('the laboratory of a system with a leader', () => {
  let system: LeaderSystem;
  const faults: ServerFaults[] = [];
  const traces: TraceReader[] = [];

  beforeAll(async () => {
    system = await leaderSystem(3, { deadlineMs: 1_000 });
    for (const index of system.addresses.keys()) {
      const logger = new RecordingLogger();
      const cut = new LinkCut(realTime, logger, { cut: 'isolado', back: 'de volta' });
      const server = new ServerFaults({ cut, logger, time: realTime, noLoss: 'por TCP' });
      faults.push(server);
      traces.push(new TraceReader(server.trace()));
      await system.start(index, { laboratory: { cut, tap: server }, time: server.time });
    }
    await whole();
  }, 30_000);
  afterAll(() => system.close());

  const whole = (): Promise<unknown> =>
    eventually('all are up to date', () => system.nodes.every((node) => node.serving && node.whole), 20_000);

  /** What one server sent to another, in its order, and what arrived there. */
  const between = (from: number, to: number): { sent: TracedMessage[]; came: TracedMessage[] } => {
    const [sender, receiver] = [system.addresses[from], system.addresses[to]];
    return {
      sent: traces[from]!.of('envia').filter(({ channel }) => channel === receiver),
      came: traces[to]!.of('recebe').filter(({ channel }) => channel === sender),
    };
  };
  const digests = (messages: readonly TracedMessage[]): string[] =>
    marksOf(messages).map((mark) => mark.slice(-16));

  it('tells every line at both ends, and what it did', async () => {
    for (let i = 0; i < 5; i++) await verbs(system.nodes[i % 3]!.engine).insert(`k${i % 2}`, `v${i}`);
    await system.settle();
    for (const [from, to] of [
      [0, 1],
      [1, 0],
      [0, 2],
      [2, 0],
    ] as const) {
      await eventually('all that was sent arrived', () => {
        const { sent, came } = between(from, to);
        expect(digests(came).sort()).toEqual(digests(sent).sort());
        return true;
      });
      for (const { sent, came } of [between(from, to)]) {
        expect(sent.map(({ type }) => type)).toEqual(
          expect.arrayContaining(
            from === 0 ? ['LEADER', 'REPLICATION', 'SERVING'] : ['FOLLOWER', 'LEADER_OK'],
          ),
        );
        for (const { type, handled, body, bytes } of came) {
          expect(JSON.parse(Buffer.from(body).toString())).toMatchObject({ tipo: type });
          expect(bytes).toBe(body.length);
          if (type === 'REPLICATION') expect(handled).toEqual({ effect: 'applied', applied: 1 });
          if (type === 'PING' || type === 'LEADER') expect(handled?.effect).toBe('answered');
        }
      }
    }
    expect(between(1, 2)).toEqual({ sent: [], came: [] });
    // The leader applies what a follower forwards, before it answers and before any follower has it.
    const forwarded = traces[0]!.seen.findIndex(
      ({ type, step }) => step === 'recebe' && type === 'OPERATION',
    );
    expect(traces[0]!.seen[forwarded]?.handled).toEqual({ effect: 'applied', applied: 1 });
    const followers = [1, 2].map((index) => traces[index]!.applied);
    expect(followers).toEqual([5, 5]);
    expect(await codeOf(() => faults[0]!.lose({ inPerMille: 1, outPerMille: 0 }))).toBe('NAO_SUPORTADO');
  });

  it('cuts a follower off: it reads, and writes nowhere', async () => {
    faults[1]!.isolate(undefined);
    const [leader, follower] = [verbs(system.nodes[0]!.engine), verbs(system.nodes[1]!.engine)];
    await eventually('the leader misses it', () => !system.nodes[0]!.whole);
    expect(await follower.query('k0')).toMatchObject({ value: 'v4' });
    expect(await codeOf(() => follower.insert('k0', 'aqui'))).toBe('SEM_LIDER');
    expect(await codeOf(() => leader.insert('k0', 'lá'))).toBe('RESULTADO_DESCONHECIDO');
    expect(await follower.query('k0')).toMatchObject({ value: 'v4' });
    expect(faults[1]!.reconnect()).toEqual({ isIsolated: false, endsMs: 0 });
    await whole();
    await system.settle();
    expect(await follower.query('k0')).toMatchObject({ value: 'lá' });
  });

  it('cuts the leader off, which no follower misses for reading', async () => {
    faults[0]!.isolate(undefined);
    await eventually('nobody has a leader', () => system.nodes.every((node) => !node.whole));
    expect(await codeOf(() => verbs(system.nodes[2]!.engine).insert('k1', 'x'))).toBe('SEM_LIDER');
    expect(await verbs(system.nodes[2]!.engine).query('k1')).toMatchObject({ value: 'v3' });
    faults[0]!.reconnect();
    await whole();
    await eventually('it takes writes', async () => {
      await verbs(system.nodes[2]!.engine).insert('k1', 'volta');
      return true;
    });
  });

  it("stamps by the leader's clock, wherever that is", async () => {
    faults[0]!.shiftClock(-3_600_000);
    await verbs(system.nodes[1]!.engine).insert('hora', 'x');
    const row = await verbs(system.nodes[1]!.engine).query('hora');
    expect(row!.timestamp - Date.now()).toBeLessThan(-3_500_000);
    faults[0]!.shiftClock(0);
  });
});
