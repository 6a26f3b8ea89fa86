import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServerFaults } from '../../../src/app/laboratory/server-faults.js';
import type { ConsensusEngine } from '../../../src/engines/consensus/engine.js';
import { LinkCut } from '../../../src/ports/link-cut.js';
import { codeOf } from '../../engines/support.js';
import { startConsensus } from '../../support/consensus.js';
import { RecordingLogger } from '../../support/doors.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { realTime } from '../../support/real-time.js';
import { SeededRandom } from '../../support/sim-random.js';
import { verbs } from '../../support/verbs.js';
import { marksOf, TraceReader } from './trace-reader.js';

describe.runIf(etcdAvailable())('the laboratory of a server over replicas', () => {
  let cluster: EtcdCluster;
  let faults: ServerFaults;
  let trace: TraceReader;
  let engine: ConsensusEngine;

  beforeAll(async () => {
    cluster = await startEtcd({ members: 1 });
    const logger = new RecordingLogger();
    const cut = new LinkCut(realTime, logger, { cut: 'isolado', back: 'de volta' });
    faults = new ServerFaults({ cut, logger, time: realTime, random: new SeededRandom(7) });
    trace = new TraceReader(faults.trace());
    const tuning = { attemptMs: 200, attemptMinMs: 20, pingMs: 100 };
    engine = startConsensus(cluster.addresses, {
      ...{ laboratory: { cut, tap: faults }, time: faults.time, tuning, deadlineMs: 1_200 },
    });
    await eventually('the replicas answer', () => engine.available, 20_000);
  }, 60_000);
  afterAll(async () => {
    await engine.stop();
    await cluster.stop();
  });

  it('tells requests as they leave and answers as they arrive', async () => {
    const from = trace.seen.length;
    await verbs(engine).insert('chave', 'valor çãé');
    const seen = trace.seen.slice(from).filter(({ type }) => type === 'Txn');
    const sent = seen.find(({ step, body }) => step === 'envia' && Buffer.from(body).includes('valor çãé'));
    expect(sent).toMatchObject({ channel: cluster.addresses[0], handled: undefined });
    const done = seen.slice(seen.indexOf(sent!)).find(({ handled }) => handled?.effect === 'applied');
    expect(done).toMatchObject({ step: 'recebe', channel: cluster.addresses[0] });
    expect(JSON.parse(Buffer.from(done!.body).toString())).toMatchObject({ succeeded: true });
    await eventually('a watch tells the change', () =>
      trace.seen.slice(from).some(({ type, step }) => type === 'Watch' && step === 'recebe'),
    );
    expect(new Set(trace.seen.map(({ type }) => type))).toContain('Range');
  });

  it('does not tell, lose or count what is asked for whoever looks', async () => {
    faults.lose({ inPerMille: 1_000, outPerMille: 1_000 });
    const states = engine.memberStates;
    await eventually('a replica says how it is', () => states.look()[0]?.leads === true);
    faults.lose({ inPerMille: 0, outPerMille: 0 });
    expect(trace.seen.filter(({ type }) => type === 'Status')).toEqual([]);
  });

  it('repeats what is lost, so that every write is done once', async () => {
    faults.lose({ inPerMille: 250, outPerMille: 250 });
    const results: (string | undefined)[] = [];
    for (let i = 0; i < 8; i++) results.push(await codeOf(() => verbs(engine).insert('perde', `v${i}`)));
    faults.lose({ inPerMille: 0, outPerMille: 0 });
    const lost = trace.of('descarta_saida', 'descarta_entrada');
    expect(lost.length).toBeGreaterThan(2);
    const gone = new Set(marksOf(trace.of('descarta_saida')));
    expect(gone.size).toBeGreaterThan(0);
    const done = results.filter((code) => code === undefined).length;
    const row = await eventually('the replicas answer again', () => verbs(engine).query('perde'), 20_000);
    expect(row.version).toBeGreaterThanOrEqual(done);
    expect(row.version).toBeLessThanOrEqual(results.length);
  });

  it('knows nothing of a write of which every answer is lost, and which was done', async () => {
    faults.lose({ inPerMille: 1_000, outPerMille: 0 });
    expect(await codeOf(() => verbs(engine).insert('chave', 'feito'))).toBe('RESULTADO_DESCONHECIDO');
    const done = trace
      .of('descarta_entrada')
      .find(({ type, body }) => type === 'Txn' && Buffer.from(body).includes('"succeeded":true'));
    expect(done?.handled).toBeUndefined();
    expect(done).toBeDefined();
    faults.lose({ inPerMille: 0, outPerMille: 0 });
    const row = await eventually('the replicas answer again', () => verbs(engine).query('chave'), 20_000);
    expect(row).toMatchObject({ value: 'feito', version: 2 });
  });

  it('cuts the server off all replicas', async () => {
    const before = trace.seen.length;
    faults.isolate(undefined);
    await eventually('it has no majority', () => !engine.available);
    const from = trace.seen.length;
    expect(await codeOf(() => verbs(engine).query('chave'))).toBe('SEM_MAIORIA');
    expect(trace.seen.length).toBe(from);
    expect(from).toBeLessThan(before + 5);
    faults.reconnect();
    expect(await eventually('it is back', () => verbs(engine).query('chave'), 20_000)).toMatchObject({
      value: 'feito',
    });
  });

  it('stamps by its own clock, wrong as that may be', async () => {
    faults.shiftClock(3_600_000);
    await verbs(engine).insert('hora', 'x');
    const row = await verbs(engine).query('hora');
    expect(row!.timestamp - Date.now()).toBeGreaterThan(3_500_000);
    faults.shiftClock(0);
  });
});
