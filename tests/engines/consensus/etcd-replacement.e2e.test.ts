import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConsensusEngine } from '../../../src/engines/consensus/engine.js';
import { startConsensus } from '../../support/consensus.js';
import { ensureBuilt, root } from '../../support/e2e-build.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster, EtcdMember } from '../../support/etcd.js';
import { askEtcd } from '../../support/etcd-client.js';
import { eventually } from '../../support/eventually.js';
import { verbs } from '../../support/verbs.js';

const WAIT_MS = 120_000;

/** Writes without a pause, a new key each time, until it is told to stop; a writer that fails stops too. */
class Writing {
  readonly acknowledged: string[] = [];
  readonly failures: unknown[] = [];
  private stopped = false;
  private readonly writers: readonly Promise<void>[];

  constructor(
    private readonly engine: ConsensusEngine,
    private readonly name: string,
  ) {
    this.writers = [0, 1, 2].map((writer) => this.write(writer));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.writers);
  }

  private async write(writer: number): Promise<void> {
    for (let n = 0; !this.stopped; n++) {
      const key = `${this.name}/${String(writer)}/${String(n)}`;
      try {
        await verbs(this.engine).insert(key, key);
        this.acknowledged.push(key);
      } catch (error) {
        this.failures.push(error);
        return;
      }
    }
  }
}

describe.skipIf(!etcdAvailable())('a replica that lost its data', () => {
  let cluster: EtcdCluster;
  let engine: ConsensusEngine;
  let others: readonly EtcdMember[];
  let lost: EtcdMember;

  beforeAll(async () => {
    await ensureBuilt();
    cluster = await startEtcd();
    engine = startConsensus(cluster.addresses);
    lost = cluster.members[2]!;
    others = cluster.members.slice(0, 2);
  }, WAIT_MS);
  afterAll(async () => {
    await engine.stop();
    await cluster.stop();
  });

  const membersOf = async (member: EtcdMember): Promise<readonly string[]> => {
    const { members } = await askEtcd(member.address, 'Cluster/MemberList');
    return members.map(({ name, ID }) => `${name || '?'} ${ID}`);
  };

  it('without --substitui: one line says what to do', { timeout: WAIT_MS }, async () => {
    await lost.lose();
    lost.start();
    const { code, log } = await lost.ended();
    expect(code).toBe(1);
    expect(log).toContain('./replica.sh bd3 --substitui');
    expect(log.trim().split('\n')).toHaveLength(1);
  });

  it('one at a time: while one replaces it, another does not begin', { timeout: WAIT_MS }, async () => {
    const claim = `${lost.folder}.substitui`;
    const list = join(dirname(dirname(lost.folder)), 'replicas.conf');
    const replace = (): Promise<{ code: number; stderr: string }> =>
      new Promise((resolve) => {
        const words = [
          'replica.sh',
          'bd3',
          '--substitui',
          '--dados',
          dirname(lost.folder),
          '--arquivo',
          list,
        ];
        execFile('bash', words, { cwd: root }, (error, _stdout, stderr) => {
          resolve({ code: Number(error?.code ?? 0), stderr });
        });
      });
    await writeFile(claim, `${process.pid}\n`);
    expect(await replace()).toEqual({
      code: 1,
      stderr: expect.stringContaining(
        `já está sendo substituída, ou já voltou (processo ${process.pid})`,
      ) as string,
    });
    await rm(claim);
  });

  it('with --substitui it comes back with everything, and writes go on', { timeout: WAIT_MS }, async () => {
    const writing = new Writing(engine, 'troca');
    await eventually('the first writes', () => writing.acknowledged.length > 20);
    const before = await membersOf(others[0]!);
    lost.start('--substitui');
    await cluster.ready();
    const counted = writing.acknowledged.length;
    await eventually('writes after it', () => writing.acknowledged.length > counted + 20);
    await writing.stop();
    expect(writing.failures).toEqual([]);
    const after = await membersOf(others[0]!);
    expect(after).toHaveLength(3);
    // The same names; the third is another member.
    expect(after.filter((member) => before.includes(member))).toHaveLength(2);
    // What it has counts: it makes the majority with one of the others.
    await others[0]!.kill9();
    const found = await Promise.all(writing.acknowledged.map((key) => verbs(engine).query(key, undefined)));
    expect(found.map((row) => row?.value)).toEqual(writing.acknowledged);
    await verbs(engine).insert('troca/depois', 'x');
    await cluster.heal();
  });

  it(
    'cut off after it left, or after it joined and before it started: repeated, it finishes',
    { timeout: WAIT_MS },
    async () => {
      // What a kill leaves behind: the old one is out, and nobody is in.
      await lost.lose();
      const { members } = await askEtcd(others[0]!.address, 'Cluster/MemberList');
      const { ID } = members.find(({ name }) => name === 'bd3')!;
      const remove = (): Promise<unknown> => askEtcd(others[0]!.address, 'Cluster/MemberRemove', { ID });
      await eventually('it is out', () => remove().then(() => true), 20_000);
      lost.start();
      expect((await lost.ended()).log).toContain('--substitui');
      lost.start('--substitui');
      await cluster.ready();

      // The new one is in, and its process never wrote anything.
      await lost.lose();
      lost.start('--substitui');
      await eventually(
        'a member without a name',
        async () => (await membersOf(others[0]!)).some((one) => one.startsWith('?')),
        60_000,
      );
      await lost.lose();
      lost.start('--substitui');
      await cluster.ready();
      await verbs(engine).insert('troca/repetida', 'x');
      expect(await membersOf(others[0]!)).toHaveLength(3);
    },
  );

  it(
    'refuses a folder with data, a replica that answers, and a replacement without a majority',
    { timeout: WAIT_MS },
    async () => {
      const before = await membersOf(others[0]!);
      // It runs, from another folder than the one that is said now.
      const elsewhere = join(dirname(dirname(lost.folder)), 'outros');
      const running = await lost.tries('--substitui', '--dados', elsewhere);
      expect(running).toMatchObject({
        code: 2,
        log: expect.stringContaining('não há o que substituir') as string,
      });
      const full = await lost.tries('--substitui');
      expect(full).toMatchObject({
        code: 1,
        log: expect.stringContaining(`a pasta ${lost.folder} ainda tem dados`) as string,
      });

      await lost.lose();
      await mkdir(lost.folder, { recursive: true });
      await writeFile(join(lost.folder, 'anotação'), 'x');
      lost.start('--substitui');
      expect(await lost.ended()).toMatchObject({
        code: 1,
        log: expect.stringContaining('ainda tem dados') as string,
      });
      await lost.lose();

      await others[1]!.kill9();
      lost.start('--substitui');
      expect(await lost.ended()).toMatchObject({
        code: 5,
        log: expect.stringContaining('nenhuma responde com maioria') as string,
      });
      await others[1]!.restart();
      await eventually('the majority is back', () => verbs(engine).insert('troca/maioria', 'x'), 30_000);
      expect(await membersOf(others[0]!)).toEqual(before);
      lost.start('--substitui');
      await cluster.ready();
    },
  );
});
