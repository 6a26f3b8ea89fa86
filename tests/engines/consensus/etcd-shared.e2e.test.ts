import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConsensusEngine } from '../../../src/engines/consensus/engine.js';
import { newRequestId } from '../../../src/client/request-id.js';
import { startConsensus } from '../../support/consensus.js';
import { collect } from '../../support/collect.js';
import { ensureBuilt } from '../../support/e2e-build.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster } from '../../support/etcd.js';
import { askEtcd } from '../../support/etcd-client.js';
import { eventually } from '../../support/eventually.js';
import { KvsClient } from '../../support/kvs-client.js';
import { freePort } from '../../support/net.js';
import { earlierProgram, earlierProgramsAvailable } from '../../support/earlier-programs.js';
import { insert, versionOf } from '../../support/repeated-inserts.js';
import { presentProgram, runKvs } from '../../support/server-process.js';
import type { LogLine } from '../../support/server-process.js';
import { verbs } from '../../support/verbs.js';

const PATIENCE_MS = 240_000;
const FORMAT = Buffer.from('kvs/formato');

/** Keys of others, where programs of before look for theirs, beside them, and where ours are. */
const FOREIGN: readonly (readonly [key: Buffer, value: Buffer])[] = [
  ...['h', 'home/ana', 'hchave/0', 'v', 'vchave', 'vchave!', 'vchave!abc', 'vchave!0001700000000000'],
  ...[
    'n',
    'nchave',
    't',
    'p',
    'm',
    'i',
    'w',
    'registry/pods',
    'kvs',
    'kvs/',
    'kvs/h',
    'kvs/hoje',
    'kvs/vazio',
  ],
]
  .map((key) => [Buffer.from(key), Buffer.from(`de outro: ${key}`)] as const)
  .concat(
    ['h', 'v', 'kvs/h', 'kvs/v', ''].map((start) => {
      const bytes = Buffer.concat([Buffer.from(start), Buffer.of(0xff, 0, 0xfe, 0x21, 0x80)]);
      return [bytes, bytes] as const;
    }),
  )
  .concat([[Buffer.from('hobjeto'), Buffer.from('{"formato":9}')]]);

interface Server {
  readonly port: number;
  readonly client: KvsClient;
  readonly log: readonly LogLine[];
  stop(): Promise<void>;
}

/** A key of the old one is seen by the other, and each knows writes, removals and attempts of the other. */
async function bothWork(old: Server, now: Server): Promise<void> {
  expect(await now.client.consulta('chave!')).toMatchObject({ valor: 'de antes', versao: 1 });
  expect(await now.client.insere('chave!', 'de agora')).toMatchObject({ versao: 2 });
  expect(await old.client.consulta('chave!')).toMatchObject({ valor: 'de agora', versao: 2 });
  expect(await old.client.remove('chave!', 1)).toMatchObject({ versao: 1 });
  expect(await now.client.consulta('chave!', 1)).toMatchObject({ versao: 0 });
  for (const [one, two] of [[old, now] as const, [now, old] as const]) {
    const id = newRequestId();
    const key = `pedido em ${String(one.port)}`;
    for (const { port } of [one, two, one]) {
      expect(versionOf(await insert([{ host: '127.0.0.1', port }], key, 'valor', id))).toBe(1);
    }
  }
}

const available = await earlierProgramsAvailable();

describe.skipIf(!etcdAvailable())('an etcd that others use too', () => {
  let cluster: EtcdCluster;
  let engines: ConsensusEngine[] = [];
  let servers: Server[] = [];

  beforeEach(async () => {
    cluster = await startEtcd({ members: 1 });
  }, 90_000);

  afterEach(async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
    for (const { stop } of servers) await stop();
    engines = [];
    servers = [];
    await cluster.stop();
  });

  const start = (...[options]: [Parameters<typeof startConsensus>[1]?]): ConsensusEngine => {
    const engine = startConsensus(cluster.addresses, options);
    engines.push(engine);
    return engine;
  };
  const put = (key: Buffer, value: Buffer): Promise<unknown> =>
    askEtcd(cluster.addresses[0]!, 'KV/Put', { key, value });
  const at = async (key: Buffer): Promise<string | undefined> => {
    const { kvs } = await askEtcd(cluster.addresses[0]!, 'KV/Range', { key });
    return kvs[0]?.value.toString();
  };
  const fill = async (): Promise<void> => {
    for (const [key, value] of FOREIGN) await put(key, value);
  };
  const assertForeignStands = async (): Promise<void> => {
    for (const [key, value] of FOREIGN) expect(await at(key)).toBe(value.toString());
  };

  async function serve(program: string): Promise<Server> {
    const port = await freePort();
    const replicas = cluster.addresses.flatMap((address) => ['--replicas', address]);
    const { child, ended, log } = runKvs(
      ['servidor', String(port), '--motor', 'consenso', ...replicas],
      program,
    );
    const client = new KvsClient(port);
    const stop = async (): Promise<void> => {
      client.close();
      child.kill('SIGTERM');
      await ended;
    };
    const server = { port, client, log, stop };
    servers.push(server);
    const serves = (): Promise<boolean> =>
      client.health().then(
        (state) => state === 'SERVING',
        () => false,
      );
    await eventually(`the server on ${String(port)} serves`, serves, 60_000);
    return server;
  }

  /** All that walks over the store, and a change that another server makes. */
  async function assertWhole(engine: ConsensusEngine, other: ConsensusEngine): Promise<void> {
    const keys = ['chave', 'chave!', 'hora', 'ojes', 'ome'];
    for (const key of keys) await verbs(engine).insert(key, 'antes');
    for (const key of keys) expect((await verbs(other).insert(key, 'depois')).version).toBe(2);
    const texts = (rows: readonly { key: string; value: string }[]): string[] =>
      rows.map(({ key, value }) => `${key}=${value}`);
    const newest = keys.map((key) => `${key}=depois`);
    expect(texts(await collect(verbs(engine).snapshot(undefined)))).toEqual(newest);
    expect(texts(await collect(verbs(engine).snapshot(1)))).toEqual(keys.map((key) => `${key}=antes`));
    const range = await collect(verbs(engine).range('', '\u{10ffff}', undefined));
    expect(texts(range.flatMap(({ row }) => row ?? []))).toEqual(newest);
    const everything = texts(await collect(verbs(engine).everything()));
    expect(everything.sort()).toEqual(keys.flatMap((key) => [`${key}=antes`, `${key}=depois`]).sort());
    for (const key of keys) expect((await verbs(engine).query(key, undefined))?.value).toBe('depois');
    await verbs(engine).removeAll('hora');
    expect(await verbs(other).query('hora', undefined)).toBeUndefined();
  }

  it('a new store lies below its prefix, and nobody disturbs it', { timeout: 60_000 }, async () => {
    await fill();
    const [engine, other] = [start(), start()];
    await assertWhole(engine, other);
    expect(await at(FORMAT)).toBe('{"formato":2,"prefixo":"kvs/"}');
    await assertForeignStands();
  });

  it('a foreign key in a place of ours is nothing to readers, and is not written over', async () => {
    const engine = start();
    await verbs(engine).insert('chave', 'valor');
    await put(Buffer.from('kvs/halheia'), Buffer.of(0xff));
    await put(Buffer.from('kvs/hchave'), Buffer.of(0xff));
    // The watch meets it too: what it did not know would have ended the process.
    for (const key of ['alheia', 'chave']) {
      expect(await verbs(engine).query(key, undefined)).toBeUndefined();
      await expect(verbs(engine).insert(key, 'x')).rejects.toMatchObject({ code: 'NAO_SUPORTADO' });
      await expect(
        verbs(engine).commit({ guards: [], writes: [{ kind: 'insert', key, value: 'x' }] }),
      ).rejects.toMatchObject({
        code: 'NAO_SUPORTADO',
      });
    }
    expect(await collect(verbs(engine).snapshot(undefined))).toEqual([]);
    expect((await verbs(engine).insert('outra', 'x')).version).toBe(1);
  });

  it('servers that start at once on an empty one agree', async () => {
    const many = Array.from({ length: 8 }, () => start());
    await Promise.all(many.map((engine, n) => verbs(engine).insert(`de ${String(n)}`, 'x')));
    for (const engine of many) expect(await collect(verbs(engine).snapshot(undefined))).toHaveLength(8);
    const { kvs } = await askEtcd(cluster.addresses[0]!, 'KV/Range', {
      ...{ key: Buffer.of(0), range_end: Buffer.of(0) },
    });
    expect(kvs.filter(({ key }) => !key.toString().startsWith('kvs/'))).toEqual([]);
  });

  it('is chosen although others keep writing where programs of before would', async () => {
    const writer = { stops: false };
    const writing = (async () => {
      while (!writer.stops) await put(Buffer.from('hora'), Buffer.from('x'));
    })();
    const made = await verbs(start())
      .insert('chave', 'x')
      .finally(() => (writer.stops = true));
    await writing;
    expect(made.version).toBe(1);
    expect(await at(FORMAT)).toBe('{"formato":2,"prefixo":"kvs/"}');
  });

  it('a format of later is refused and said, and nothing is written', async () => {
    await put(FORMAT, Buffer.from('{"formato":3,"prefixo":"novo/"}'));
    const errors: string[] = [];
    const none = (): void => undefined;
    const error = (_fields: unknown, message: string): unknown => errors.push(message);
    const engine = start({ logger: { debug: none, info: none, warn: none, error } });
    await expect(verbs(engine).insert('chave', 'x')).rejects.toMatchObject({ code: 'DADOS_INVALIDOS' });
    await expect(collect(verbs(engine).snapshot(undefined))).rejects.toMatchObject({
      code: 'DADOS_INVALIDOS',
    });
    expect(errors).toEqual(['as réplicas não podem ser usadas']);
    expect(await at(Buffer.from('hchave'))).toBeUndefined();
  });

  it('values of others larger than an answer are passed over', async () => {
    const small = { tuning: { answerBytes: 1024 * 1024, pageHeads: 200 } };
    for (let n = 0; n < 8; n++) {
      for (const start of ['h', 'v'])
        await put(Buffer.from(`${start}grande${n}`), Buffer.alloc(500_000, 'x'));
    }
    // As a server of before left it.
    await put(FORMAT, Buffer.from('{"formato":1,"prefixo":""}'));
    const engine = start(small);
    await verbs(engine).insert('chave', 'valor');
    expect(await collect(verbs(engine).snapshot(undefined))).toHaveLength(1);
    expect(await collect(verbs(engine).everything())).toHaveLength(1);
  });

  it.skipIf(!available)(
    'a store of before is opened among keys of others, and both programs work on it at once',
    { timeout: PATIENCE_MS },
    async () => {
      await ensureBuilt();
      const old = await serve(await earlierProgram('oldFormats'));
      expect(await old.client.insere('chave!', 'de antes')).toMatchObject({ versao: 1 });
      const now = await serve(presentProgram);
      expect(await at(FORMAT)).toBe('{"formato":1,"prefixo":""}');
      await bothWork(old, now);
      const seen = (rows: readonly { chave: string }[]): string[] => rows.map(({ chave }) => chave);
      expect(seen(await now.client.snapshot())).toEqual(seen(await old.client.snapshot()));
      await old.stop();
      servers = servers.filter((server) => server !== old);

      // Those of before ended at these keys.
      await now.client.remove('chave!');
      await fill();
      await put(Buffer.from('hchave!'), Buffer.from('de outro'));
      expect(seen(await now.client.snapshot())).toHaveLength(2);
      const [engine, other] = [start(), start()];
      for (const { chave } of await now.client.snapshot()) await verbs(engine).removeAll(chave);
      expect(await collect(verbs(engine).everything())).toEqual([]);
      await verbs(engine).insert('livre', 'x');
      expect((await verbs(other).query('livre', undefined))?.value).toBe('x');
      await assertForeignStands();
    },
  );

  it.skipIf(!available)(
    'the program before and the present one work on a new store at once',
    { timeout: PATIENCE_MS },
    async () => {
      await ensureBuilt();
      const old = await serve(await earlierProgram('previous'));
      const now = await serve(presentProgram);
      expect(await at(FORMAT)).toBe('{"formato":2,"prefixo":"kvs/"}');
      expect(await old.client.insere('chave!', 'de antes')).toMatchObject({ versao: 1 });
      await bothWork(old, now);
      expect(await now.client.snapshot()).toEqual(await old.client.snapshot());
    },
  );

  it.skipIf(!available)(
    'a server of before beside a new store is warned of',
    { timeout: PATIENCE_MS },
    async () => {
      await ensureBuilt();
      const first = start();
      await verbs(first).insert('chave', 'nova');
      const old = await serve(await earlierProgram('oldFormats'));
      await old.client.insere('chave', 'ao lado');
      const now = await serve(presentProgram);
      expect(await now.client.consulta('chave')).toMatchObject({ valor: 'nova' });
      await eventually('it says so', () =>
        now.log.some(({ mensagem }) => mensagem.startsWith('um servidor de uma versão antiga gravou')),
      );
    },
  );
});
