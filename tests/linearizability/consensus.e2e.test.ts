import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConsensusEngine } from '../../src/engines/consensus/engine.js';
import { newToken, startConsensus } from '../support/consensus.js';
import { etcdAvailable, startEtcd } from '../support/etcd.js';
import type { EtcdCluster } from '../support/etcd.js';
import { eventually } from '../support/eventually.js';
import { LossyProxy } from '../support/lossy-proxy.js';
import { checkHistory } from '../support/linearizability/check.js';
import { ConsensusServer } from '../support/linearizability/consensus-server.js';
import { Elections } from '../support/linearizability/elections.js';
import { engineSubject } from '../support/linearizability/engine-subject.js';
import { census, vacuous } from '../support/linearizability/recorder.js';
import { Workload } from '../support/linearizability/workload.js';

/** Short, so that outcomes get unknown while members are away. */
const DEADLINE_MS = 1_500;

/** A fault lasts until so many more operations were answered. */
const ENOUGH = 120;

const PATIENCE_MS = 60_000;
const KEYS = ['banana', 'maçã', 'uva!%'];
const CLIENTS_EACH = 3;
const SEED = 1;

describe.skipIf(!etcdAvailable())('linearizability of the consensus engine', () => {
  let cluster: EtcdCluster;
  /** Real servers, asked by their doors. */
  let servers: readonly ConsensusServer[] = [];
  /** One more in this process, behind a network that can lose answers. What it tells is whole. */
  let engine: ConsensusEngine | undefined;
  let network: readonly LossyProxy[] = [];
  /** The next write of that engine loses its answer. */
  let armed = false;

  beforeAll(async () => {
    cluster = await startEtcd();
    network = await Promise.all(cluster.addresses.map((address) => LossyProxy.start(address)));
    engine = startConsensus(
      network.map(({ address }) => address),
      {
        deadlineMs: DEADLINE_MS,
        // Drawn when a write is about to be sent.
        newToken: () => {
          if (armed) for (const proxy of network) proxy.set('dropAnswers');
          armed = false;
          return newToken();
        },
      },
    );
    const start = (): Promise<ConsensusServer> => ConsensusServer.start(cluster.addresses, DEADLINE_MS);
    servers = [await start(), await start()];
  }, 180_000);

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.kill9()));
    await engine?.stop();
    await Promise.all(network.map((proxy) => proxy.stop()));
    await cluster.stop();
  }, 60_000);

  it('holds while members and servers are killed and frozen', { timeout: 300_000 }, async () => {
    const elections = new Elections(cluster);
    let term = await elections.look();
    const [one, other] = servers;
    const workload = new Workload(KEYS, [one!, other!, engineSubject(engine!)], CLIENTS_EACH, SEED);

    const until = (what: string, condition: () => boolean | Promise<boolean>): Promise<unknown> => {
      return eventually(what, condition, PATIENCE_MS);
    };
    const service = async (operations = ENOUGH): Promise<void> => {
      const goal = workload.count('answered') + operations;
      await until('service goes on', () => workload.count('answered') >= goal);
    };
    const doubts = (): number => workload.count('unknown', true);
    const doubt = async (writes: number): Promise<void> => {
      const goal = doubts() + writes;
      await until('an outcome is unknown', () => doubts() >= goal);
    };
    const seen = (): number => census(workload.recorder.operations).unknownSeen;
    const election = async (): Promise<void> => {
      await until('another leader', async () => (await elections.look()) > term);
      term = await elections.look();
    };
    const healed = async (): Promise<void> => {
      await cluster.heal();
      term = Math.max(term, await elections.look());
      await service();
    };

    const faults: Readonly<Record<string, () => Promise<unknown>>> = {
      'the leader is frozen': async () => {
        (await cluster.leader()).freeze();
        await election();
        await service();
      },
      'the majority is frozen': async () => {
        const [follower] = await cluster.followers();
        (await cluster.leader()).freeze();
        follower!.freeze();
        await doubt(2);
      },
      'the leader is killed': async () => {
        await (await cluster.leader()).kill9();
        await election();
        await service();
      },
      'a server is killed while the leader is frozen': async () => {
        (await cluster.leader()).freeze();
        await one!.kill9();
        await election();
        await service();
        await one!.restart();
      },
      'a server is frozen while a follower is killed': async () => {
        const [follower] = await cluster.followers();
        other!.freeze();
        await follower!.kill9();
        await service();
        other!.thaw();
      },
      'the majority is killed': async () => {
        const [follower] = await cluster.followers();
        await Promise.all([(await cluster.leader()).kill9(), follower!.kill9()]);
        const goal = workload.count('failed') + 2;
        await until('writes are refused', () => workload.count('failed') >= goal);
      },
      // The engine must find out what became of its write while others go on, and not do it twice.
      'answers get lost for a moment': async () => {
        for (let turn = 0; turn < 8; turn++) {
          armed = true;
          await until('a write is sent', () => !armed);
          await service(5);
          for (const proxy of network) proxy.set('pass');
          await service(30);
        }
      },
      'answers get lost': async () => {
        const goal = seen() + 1;
        // What gets lost may also be a removal, or somebody else was faster: then once more.
        const lost = async (): Promise<boolean> => {
          armed = true;
          await doubt(1);
          for (const proxy of network) proxy.set('pass');
          await service();
          return seen() >= goal;
        };
        await until('a write of unknown outcome was done', lost);
      },
      'leaders change and change': async () => {
        for (let turn = 0; turn < 2; turn++) {
          const leader = await cluster.leader();
          leader.freeze();
          await election();
          leader.thaw();
        }
        await service();
      },
    };

    await service();
    for (const [name, fault] of Object.entries(faults)) {
      await fault().catch((cause: unknown) => {
        void workload.stop().catch(() => undefined);
        throw new Error(`while ${name}`, { cause });
      });
      await healed();
    }
    await workload.stop();

    const history = workload.recorder.operations;
    const counted = census(history);
    process.stdout.write(`linearizability: ${JSON.stringify({ ...counted, elections: elections.count })}\n`);
    expect(vacuous(counted, elections.count)).toEqual([]);
    const verdict = checkHistory(history);
    expect(verdict.linearizable ? '' : verdict.explanation).toBe('');
  });
});
