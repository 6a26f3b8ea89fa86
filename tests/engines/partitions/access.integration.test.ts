import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemRandom } from '../../../src/app/system-random.js';
import { systemTime } from '../../../src/app/system-time.js';
import { PartitionsEngine } from '../../../src/engines/partitions/engine.js';
import type { NodeAccess } from '../../../src/engines/partitions/node.js';
import { Transport } from '../../../src/security/tls/transport.js';
import { TestCertificates } from '../../support/certificates.js';
import type { Pair } from '../../support/certificates.js';
import { RecordingLogger } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { redisAvailable, startRedisCluster } from '../../support/redis-cluster.js';
import type { TestCluster } from '../../support/redis-cluster.js';
import { sessionAt } from '../../support/session-at.js';
import { verbs } from '../../support/verbs.js';
import { WatchReader } from '../../support/watch-reader.js';
import { codeOf } from '../support.js';
import { told } from '../watch-bench.js';

const PASSWORD = 'uma senha "com" aspas\\e espaços';

/** What a server needs of the nodes, as the guide says. */
const RIGHTS = [
  ...[
    '~kvs:*',
    '-@all',
    '+fcall',
    '+function|load',
    '+cluster|nodes',
    '+cluster|info',
    '+info',
    '+time',
    '+wait',
    '+set',
    '+asking',
  ],
  ...['+xadd', '+xrange', '+xrevrange', '+xinfo|stream', '+client|tracking', '+hello', '+auth', '+exists'],
  ...['+zadd', '+zrem', '+zincrby', '+zscore', '+zrange', '+zlexcount', '+zrangebylex', '+zrevrangebylex'],
  ...['+zremrangebylex'],
];

describe.skipIf(!redisAvailable())('nodes with TLS and users', { timeout: 60_000 }, () => {
  let certificates: TestCertificates;
  let own: Pair;
  let cluster: TestCluster;
  const engines: PartitionsEngine[] = [];

  beforeAll(async () => {
    certificates = await TestCertificates.make();
    own = await certificates.server('nos', ['127.0.0.1', 'localhost']);
    const secret = join(certificates.folder, 'senha');
    await writeFile(secret, `chefe:${PASSWORD}\n`, { mode: 0o600 });
    const tls = ['--tls-certificado', own.certificate, '--tls-chave', own.key, '--tls-ca', certificates.ca];
    cluster = await startRedisCluster({
      options: ['--credenciais', secret, ...tls],
      access: { user: 'chefe', password: PASSWORD, ...own, ca: certificates.ca },
    });
    for (const node of cluster.nodes) {
      await node.ask('ACL', 'SETUSER', 'servidor', 'on', '>segredo', ...RIGHTS);
      await node.ask(
        'ACL',
        'SETUSER',
        'leitor',
        'on',
        '>segredo',
        '~kvs:*',
        '+cluster|nodes',
        '+info',
        '+auth',
      );
    }
  }, 90_000);

  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
    await cluster.stop();
    await certificates.remove();
  });

  async function transport(ca: string): Promise<Transport> {
    const files = { certificate: own.certificate, key: own.key, ca };
    return Transport.open(files, false, systemTime, new RecordingLogger());
  }

  function start(access: NodeAccess, logger = new RecordingLogger()): PartitionsEngine {
    const engine = new PartitionsEngine({
      ...{ nodes: cluster.addresses, deadlineMs: 3_000, access },
      ...{ time: systemTime, random: systemRandom, logger },
    });
    engines.push(engine);
    engine.start();
    return engine;
  }

  it('serve whoever has certificate and password, and no more rights than it needs', async () => {
    const access = {
      credentials: { user: 'servidor', password: 'segredo' },
      tls: await transport(certificates.ca),
    };
    const engine = start(access);
    await eventually('it is let in', () => engine.available);
    const reader = new WatchReader(engine, { prefix: 'c/', from: 'now' });
    await reader.untilUpToDate();
    for (const value of ['a', 'b']) await verbs(engine).insert('c/1', value);
    await engine.write({ kind: 'insert', key: 'c/2', value: 'passa', ttlMs: 300 });
    expect(await told(reader, 3)).toEqual(['insert c/1@1=a', 'insert c/1@2=b', 'insert c/2@1=passa']);
    expect(await told(reader, 1)).toEqual(['expire c/2@1']);
    expect(await engine.guarantees.confirm(1, 10_000)).toBe(1);
    const { store } = await sessionAt(engine, undefined);
    expect(await verbs(store).query('c/1')).toMatchObject({ value: 'b' });
    await verbs(engine).removeAll('c/1');
    expect(await told(reader, 2)).toEqual(['remove c/1@1', 'remove c/1@2']);
    await reader.leave();
  });

  it.each([
    ['a wrong password', { user: 'servidor', password: 'errada' }, 'trusted', /recusa o usuário ou a senha/],
    ['no password', undefined, 'trusted', /pede usuário e senha/],
    ['too few rights', { user: 'leitor', password: 'segredo' }, 'trusted', /não permite a este usuário/],
    [
      'another authority',
      { user: 'servidor', password: 'segredo' },
      'other',
      /autoridade de --tls-ca não assinou/,
    ],
    [
      'no certificate',
      { user: 'servidor', password: 'segredo' },
      'none',
      /pede um certificado deste servidor/,
    ],
  ] as const)('say what is wrong: %s', async (_, credentials, trust, expected) => {
    const ca = trust === 'other' ? certificates.strangerCa : certificates.ca;
    const tls =
      trust === 'none'
        ? await Transport.open(
            { certificate: undefined, key: undefined, ca },
            false,
            systemTime,
            new RecordingLogger(),
          )
        : await transport(ca);
    const logger = new RecordingLogger();
    const engine = start({ credentials, tls }, logger);
    expect(await codeOf(() => verbs(engine).insert('c/3', 'nada'))).toBe('SEM_MAIORIA');
    await eventually('it says so', () => engine.nodes.some(({ trouble }) => expected.test(trouble ?? '')));
    await eventually('in the log too', () =>
      logger.lines.some((line) => expected.test(JSON.stringify(line))),
    );
    expect(JSON.stringify(logger.lines)).not.toMatch(/segredo|errada/);
  });
});
