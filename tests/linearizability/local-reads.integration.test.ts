import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConsensusEngine } from '../../src/engines/consensus/engine.js';
import { startConsensus } from '../support/consensus.js';
import { etcdAvailable, startEtcd } from '../support/etcd.js';
import type { EtcdCluster } from '../support/etcd.js';
import { eventually } from '../support/eventually.js';
import { checkHistory } from '../support/linearizability/check.js';
import { engineSubject } from '../support/linearizability/engine-subject.js';
import { Recorder } from '../support/linearizability/recorder.js';
import { verbs } from '../support/verbs.js';

const PATIENCE_MS = 60_000;

/** The checker sees through real servers too: reads that nobody promised to be linearizable are found out. */
describe.skipIf(!etcdAvailable())('local reads', () => {
  let cluster: EtcdCluster;
  const engines: ConsensusEngine[] = [];

  beforeAll(async () => {
    cluster = await startEtcd();
  }, 90_000);

  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
    await cluster.stop();
  });

  function start(members: readonly string[], localReads: boolean): ConsensusEngine {
    const engine = startConsensus(members, { localReads });
    engines.push(engine);
    return engine;
  }

  it('of a member that missed a write are not linearizable', { timeout: 180_000 }, async () => {
    const [late, ...others] = cluster.members;
    const writer = start(
      others.map(({ address }) => address),
      false,
    );
    const reader = start([late!.address], true);
    const recorder = new Recorder();
    const write = (value: string): Promise<unknown> => {
      return recorder.run('writer', 'chave', { kind: 'insert', value }, engineSubject(writer));
    };
    const read = (): Promise<unknown> => {
      return recorder.run('reader', 'chave', { kind: 'get' }, engineSubject(reader));
    };

    await write('antes');
    await eventually('the first write is everywhere', () => verbs(reader).query('chave', undefined));
    await read();
    expect(checkHistory(recorder.operations)).toMatchObject({ linearizable: true });

    // Frozen before the others start anew, it cannot be told of anything they agree on from then on.
    late!.freeze();
    await Promise.all(others.map((member) => member.restart()));
    await eventually('the others go on', () => verbs(writer).query('chave', undefined), PATIENCE_MS);
    await write('depois');
    await Promise.all(others.map((member) => member.kill9()));
    late!.thaw();
    await read();

    const verdict = checkHistory(recorder.operations);
    expect(verdict).toMatchObject({ linearizable: false, key: 'chave' });
    expect(verdict.linearizable ? '' : verdict.explanation).toMatch(/get +antes v1/);
  });
});
