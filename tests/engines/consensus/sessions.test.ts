import { describe, expect, it } from 'vitest';
import type { EtcdClient } from '../../../src/engines/consensus/etcd-client.js';
import { ConsensusGuarantees } from '../../../src/engines/consensus/guarantees.js';
import { systemTime } from '../../../src/app/system-time.js';
import { Expired } from '../../../src/engines/consensus/expired.js';
import { HeadCache } from '../../../src/engines/consensus/head-cache.js';
import { encodeHead, encodeValue } from '../../../src/engines/consensus/records.js';
import { Reads } from '../../../src/engines/consensus/reads.js';
import { defaultConsensusTuning } from '../../../src/engines/consensus/tuning.js';
import { Scanner } from '../../../src/engines/consensus/scanner.js';
import type { TxnRequest } from '../../../src/engines/consensus/etcd-messages.js';
import { MemoryEngine } from '../../support/memory-engine.js';

/** Replicas that hold one key in two revisions: a member's own state is of one, the majority's of another. */
class TwoMoments {
  readonly asked: boolean[] = [];

  constructor(
    public own: number,
    public agreed: number,
  ) {}

  readonly client = {
    call: (_method: unknown, request: object, { local }: { local: boolean }) => {
      this.asked.push(local);
      const revision = local ? this.own : this.agreed;
      const header = { revision };
      if (!('success' in request)) {
        return Promise.resolve({ response: { header, kvs: [], more: false }, member: undefined });
      }
      // It answers every comparison with no: what is remembered may always be old.
      const { compare, success, failure } = request as TxnRequest;
      const [op] = (compare.length > 0 ? failure : success) as readonly {
        request_range: { revision?: number };
      }[];
      const at = op?.request_range.revision;
      const kv = at ? encodeValue(1, 'a', `de ${String(at)}`) : head(revision);
      const range = {
        header,
        kvs: [{ key: Buffer.alloc(0), value: kv, mod_revision: revision, version: 1 }],
      };
      const succeeded = compare.length === 0;
      const response = { header, succeeded, responses: [{ response_range: range }] };
      return Promise.resolve({ response, member: undefined, doubtful: false });
    },
  } as unknown as EtcdClient;

  reads(local: boolean, since?: number): Reads {
    return new Reads(this.client, new HeadCache(0), new Expired(this.client, systemTime), local, since);
  }
}

const head = (revision: number): Buffer =>
  encodeHead({
    greatestVersion: 1,
    greatestTimestamp: revision,
    last: { version: 1, timestamp: revision },
    recent: ['a'],
  });
const valueOf = async (reads: Reads): Promise<string | undefined> =>
  (await reads.newest('chave', Infinity))?.value;

describe('reads of a session', () => {
  it('ask the majority only where the own state of a member is older than what was seen', async () => {
    const replicas = new TwoMoments(5, 9);
    expect(await valueOf(replicas.reads(true))).toBe('de 5');
    expect(await valueOf(replicas.reads(true, 5))).toBe('de 5');
    expect(replicas.asked).not.toContain(false);
    expect(await valueOf(replicas.reads(true, 6))).toBe('de 9');
    expect(replicas.asked).toContain(false);
  });

  it('never go back within a call either', async () => {
    const replicas = new TwoMoments(5, 9);
    const reads = replicas.reads(true, 0);
    expect(await valueOf(reads)).toBe('de 5');
    replicas.own = 4;
    expect(await valueOf(reads)).toBe('de 9');
    replicas.own = 8;
    expect(await valueOf(reads)).toBe('de 9');
    replicas.own = 10;
    expect(await valueOf(reads)).toBe('de 10');
    // Without a session nobody promised it.
    const others = replicas.reads(true);
    replicas.own = 3;
    expect(await valueOf(others)).toBe('de 3');
  });

  it('walk from a moment that is late enough', async () => {
    const replicas = new TwoMoments(5, 9);
    const walk = async (since: number | undefined): Promise<void> => {
      const range = { key: Buffer.from('a'), range_end: Buffer.from('b') };
      const walker = new Scanner(
        replicas.client,
        replicas.reads(true, since),
        new Expired(replicas.client, systemTime),
        defaultConsensusTuning,
        () => Infinity,
      );
      for await (const row of walker.walk(range, { kind: 'newest' }, true)) expect(row).toBeUndefined();
    };
    await walk(undefined);
    await walk(5);
    expect(replicas.asked).toEqual([true, true]);
    await walk(6);
    expect(replicas.asked).toEqual([true, true, true, false]);
    await expect(walk(10)).rejects.toMatchObject({ code: 'SESSAO_ADIANTE' });
  });

  it('of other replicas are refused, however they are read', async () => {
    for (const local of [true, false]) {
      const error = { code: 'SESSAO_ADIANTE', message: expect.stringMatching(/^TRY_OTHER/) as string };
      await expect(valueOf(new TwoMoments(5, 9).reads(local, 10))).rejects.toMatchObject(error);
    }
  });
});

describe('tokens of replicas', () => {
  const engine = new MemoryEngine();
  const since: number[] = [];
  const revisions = {
    revision: 40,
    since: (revision: number) => {
      since.push(revision);
      return engine;
    },
  };

  it('are revisions that both modes take', () => {
    const linear = new ConsensusGuarantees(3, false, revisions);
    const local = new ConsensusGuarantees(3, true, revisions);
    expect(linear.session()).toBe('c2.14');
    expect(linear.reach('c2.zz')).toBeUndefined();
    expect(local.reach('c2.14')).toBe(engine);
    expect(local.reach(undefined)).toBe(engine);
    expect(since).toEqual([40, 0]);
    // What a client has seen elsewhere is not forgotten by a server that has heard of less, nor told to others.
    expect(linear.session('c2.zz')).toBe('c2.zz');
    expect(linear.session('c2.1')).toBe('c2.14');
    expect(linear.session()).toBe('c2.14');
  });

  it('of nobody are refused', () => {
    const local = new ConsensusGuarantees(3, true, revisions);
    for (const token of ['c1', 'c2.', 'c2.A', 'c2.1.2', 'f1.a.b:1', 'c2.zzzzzzzzzzz', ' c2.1']) {
      expect(() => local.reach(token), token).toThrow(expect.objectContaining({ code: 'PEDIDO_INVALIDO' }));
    }
  });

  it.each([
    [1, 1],
    [3, 2],
    [4, 3],
    [5, 3],
  ])('%i replicas confirm up to %i', (members, majority) => {
    const guarantees = new ConsensusGuarantees(members, false, revisions);
    guarantees.assertConfirmable(majority);
    expect(guarantees.confirm(majority)).toBe(majority);
    expect(() => {
      guarantees.assertConfirmable(majority + 1);
    }).toThrow(expect.objectContaining({ code: 'NAO_SUPORTADO' }));
  });
});
