import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemRandom } from '../../../src/app/system-random.js';
import { systemTime } from '../../../src/app/system-time.js';
import { EtcdClient } from '../../../src/engines/consensus/etcd-client.js';
import { Expired } from '../../../src/engines/consensus/expired.js';
import { HeadCache } from '../../../src/engines/consensus/head-cache.js';
import { EtcdKeySpace } from '../../../src/engines/consensus/etcd-key-space.js';
import { Reads } from '../../../src/engines/consensus/reads.js';
import { get, put, unchanged } from '../../../src/engines/consensus/etcd-requests.js';
import { defaultConsensusTuning } from '../../../src/engines/consensus/tuning.js';
import { HeadWatch } from '../../../src/engines/consensus/watch.js';
import { RESULT, TXN } from '../../../src/engines/consensus/etcd-messages.js';
import type { Compare } from '../../../src/engines/consensus/etcd-messages.js';
import { startConsensus } from '../../support/consensus.js';
import { collect } from '../../support/collect.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster } from '../../support/etcd.js';
import { askEtcd } from '../../support/etcd-client.js';
import { eventually } from '../../support/eventually.js';
import { verbs } from '../../support/verbs.js';

const MiB = 1024 * 1024;
const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** What needs an etcd, but no three of them. */
describe.skipIf(!etcdAvailable())('one member', () => {
  let cluster: EtcdCluster;
  let client: EtcdClient;

  beforeAll(async () => {
    cluster = await startEtcd({ members: 1 });
    client = new EtcdClient(cluster.addresses, defaultConsensusTuning, systemTime, systemRandom);
  }, 90_000);

  afterAll(async () => {
    client.close();
    await cluster.stop();
  });

  const deadline = (): number => systemTime.monotonicMs() + 10_000;

  it('compares as asked, both ways', async () => {
    const key = Buffer.from('comparada');
    const holds = async (compare: Compare): Promise<boolean> => {
      const request = { compare: [compare], success: [], failure: [get(key, { local: false })] };
      const { response } = await client.call(TXN, request, { deadline: deadline(), local: false });
      return response.succeeded;
    };
    expect(await holds(unchanged(key, 0))).toBe(true);
    expect(await holds(unchanged(key, 1))).toBe(false);
    const write = { compare: [], success: [put(key, Buffer.from('x'))], failure: [] };
    const { response } = await client.call(TXN, write, { deadline: deadline(), local: false });
    const { revision } = response.header;
    // Written once at a revision of at least 2: a comparison of the wrong property would tell.
    expect(revision).toBeGreaterThan(1);
    expect(await holds(unchanged(key, revision))).toBe(true);
    expect(await holds(unchanged(key, 0))).toBe(false);
    expect(await holds(unchanged(key, 1))).toBe(false);
    expect(await holds(unchanged(key, revision + 1))).toBe(false);
    expect(await holds({ ...unchanged(key, revision), result: RESULT.NOT_EQUAL })).toBe(false);
    expect(await holds({ ...unchanged(key, 0), result: RESULT.NOT_EQUAL })).toBe(true);
    await client.call(TXN, write, { deadline: deadline(), local: false });
    expect(await holds(unchanged(key, revision))).toBe(false);
  });

  it('puts values where the document says', async () => {
    const engine = startConsensus(cluster.addresses, {
      time: { ...systemTime, wallMs: () => 1_700_000_000_000 },
    });
    await verbs(engine).insert('lugar!', 'um');
    const request = {
      compare: [],
      success: [
        get(Buffer.from('kvs/vlugar%21!0001700000000000'), { local: false }),
        get(Buffer.from('kvs/hlugar!'), { local: false }),
        get(Buffer.from('kvs/formato'), { local: false }),
      ],
      failure: [],
    };
    const { response } = await client.call(TXN, request, { deadline: deadline(), local: false });
    const [value, head, format] = response.responses.map((found) => found.response_range?.kvs[0]);
    expect(value?.value.toString()).toMatch(/^1 1 \S+\num$/);
    expect(head?.value.toString()).toMatch(/^\{"formato":1,"maiorVersao":1,"maiorInstante":1700000000000,/);
    expect(format?.value.toString()).toBe('{"formato":2,"prefixo":"kvs/"}');
    await engine.stop();
  });

  it('tells remembered heads what others wrote', async () => {
    const cache = new HeadCache(MiB);
    const space = new EtcdKeySpace(client, systemTime, defaultConsensusTuning, logger);
    const reads = new Reads(space, cache, new Expired(space, systemTime), false);
    const tuning = { ...defaultConsensusTuning, watchRetryMs: 20 };
    const watch = new HeadWatch(client, space, cache, systemTime, tuning, logger);
    const other = startConsensus(cluster.addresses);
    await reads.head('vigiada', deadline());
    watch.start();
    const seen = async (): Promise<boolean> => {
      // Again and again: the watch may open after the first.
      const { version } = await verbs(other).insert('vigiada', 'x');
      return cache.get('vigiada')?.record.greatestVersion === version;
    };
    await eventually('the cache follows', seen);
    await verbs(other).insert('outra', 'x');
    expect(cache.has('outra')).toBe(false);
    watch.stop();
    await other.stop();
  });

  it('says so when a walk outlives what the replicas remember', { timeout: 60_000 }, async () => {
    const engine = startConsensus(cluster.addresses, { tuning: { pageHeads: 2, pageRanges: 2 } });
    for (let n = 0; n < 6; n++) await verbs(engine).insert(`longa/${n}`, 'x');
    const walk = async (): Promise<void> => {
      let compacted = false;
      for await (const item of verbs(engine).range('longa/', 'longa/~', undefined)) {
        expect(item?.row?.value).toBe('x');
        if (compacted) continue;
        compacted = true;
        await verbs(engine).insert('longa/0', 'x');
        await compact(cluster.addresses[0]!);
      }
    };
    await expect(walk()).rejects.toMatchObject({ code: 'LEITURA_VENCIDA' });
    expect(await collect(verbs(engine).range('longa/', 'longa/~', undefined))).toHaveLength(6);
    await engine.stop();
  });
});

/** Forgets everything before now, as the periodic compaction does. */
async function compact(address: string): Promise<void> {
  const { header } = await askEtcd(address, 'KV/Range', { key: Buffer.from('m') });
  await askEtcd(address, 'KV/Compact', { revision: header.revision, physical: true }, 10_000);
}

describe.skipIf(!etcdAvailable())('a full disk quota', () => {
  it('refuses writes as such and goes on reading', { timeout: 120_000 }, async () => {
    const cluster = await startEtcd({ members: 1, quotaBytes: 2 * MiB });
    const engine = startConsensus(cluster.addresses);
    try {
      const value = 'x'.repeat(64 * 1024);
      const fill = async (): Promise<void> => {
        for (let n = 0; n < 100; n++) await verbs(engine).insert('cheia', value);
      };
      await expect(fill()).rejects.toMatchObject({ code: 'LIMITE_MEMORIA' });
      const newest = await verbs(engine).query('cheia', undefined);
      expect(newest?.version).toBeGreaterThan(5);
      await expect(verbs(engine).put('cheia', value)).rejects.toMatchObject({ code: 'LIMITE_MEMORIA' });
      expect(await verbs(engine).query('cheia', undefined)).toEqual(newest);
      const [space] = engine.capacity();
      expect(space).toMatchObject({ name: 'espaco', limit: 2 * MiB });
      expect(space?.refused).toBeGreaterThan(1);
    } finally {
      await engine.stop();
      await cluster.stop();
    }
  });
});

describe('replica.sh', () => {
  const script = fileURLToPath(new URL('../../../replica.sh', import.meta.url));
  const run = (
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): { status: number | null; line: string } => {
    const { status, stderr } = spawnSync(script, args, {
      encoding: 'utf8',
      env: { ...process.env, ...env },
      timeout: 20_000,
    });
    return { status, line: stderr };
  };

  it.each([
    [[], 'falta o nome'],
    [['bd9'], 'não há réplica "bd9" na lista; há: bd1, bd2, bd3'],
    [['bd1', 'bd2'], 'uma réplica de cada vez'],
    [['bd1', '--nada'], 'opção desconhecida: --nada'],
    [['bd1', '--dado', 'x'], 'opção desconhecida: --dado; quis dizer --dados?'],
    [['bd1', '--dados'], 'falta o valor de --dados'],
    [['bd1', '--cota', 'muito'], '--cota: "muito" não serve'],
    [['bd1', '--arquivo', '/nao/existe'], 'não consigo ler a lista'],
  ])('%j: one line, code 2', (args, words) => {
    const { status, line } = run(args);
    expect(status).toBe(2);
    expect(line).toContain(words);
    expect(line.trim().split('\n')).toHaveLength(1);
  });

  it('refuses a list that makes no sense', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-replica-'));
    const file = join(folder, 'replicas.conf');
    await writeFile(file, 'bd1 127.0.0.1 127.0.0.1:2\n');
    const { status, line } = run(['bd1', `--arquivo=${file}`]);
    await rm(folder, { recursive: true });
    expect(status).toBe(2);
    expect(line).toContain('esperado: nome endereço:porta endereço:porta');
  });

  it('says what to install where there is no etcd', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-path-'));
    // A PATH with what the script itself needs, and no etcd.
    for (const tool of ['bash', 'dirname', 'readlink']) {
      const found = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim();
      spawnSync('ln', ['-s', found, join(folder, tool)]);
    }
    const { status, line } = run(['bd1', '--dados', join(folder, 'dados')], { PATH: folder });
    await rm(folder, { recursive: true });
    expect(status).toBe(1);
    expect(line).toContain('apt-get install etcd-server');
    expect(line.trim().split('\n')).toHaveLength(1);
  });
});
