import { status } from '@grpc/grpc-js';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../cli/program.js';
import { loadService } from '../../support/door-client.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { ServerProcess } from '../../support/server-process.js';
import { TermsClient } from '../../support/terms-client.js';

const PATIENCE_MS = 60_000;
const admin = loadService('portal.proto', 'project.PortalAdministrativo');

/** Real replicas, and real servers that read from their majority or from any one of them. */
describe.skipIf(!etcdAvailable())('sessions on replicas', () => {
  let cluster: EtcdCluster;
  let servers: ServerProcess[] = [];
  let clients: TermsClient[] = [];

  beforeEach(async () => {
    cluster = await startEtcd();
  }, 90_000);
  afterEach(async () => {
    for (const client of clients) client.close();
    await Promise.all(servers.map((server) => server.kill9()));
    await cluster.stop();
    [servers, clients] = [[], []];
  }, 60_000);

  async function serve(reads: 'linear' | 'local', replicas: readonly string[]): Promise<TermsClient> {
    const addresses = replicas.flatMap((address) => ['--replicas', address]);
    const args = [
      '--motor',
      'consenso',
      '--leitura',
      reads,
      '--prazo-consenso',
      '3000',
      '--portal',
      'admin',
      ...addresses,
    ];
    const server = await ServerProcess.start({ args });
    const client = new TermsClient(server.port);
    servers.push(server);
    clients.push(client);
    return client;
  }

  it(
    'a replica that missed a write never answers a session that has seen it',
    { timeout: 180_000 },
    async () => {
      const [late, ...others] = cluster.members;
      const linear = await serve(
        'linear',
        others.map(({ address }) => address),
      );
      const local = await serve('local', [late!.address]);
      const first = await linear.insere('chave', 'antes', { sessao: 'nova' });
      expect(first.sessao).toMatch(/^c2\.[0-9a-z]+$/);
      // Read-your-writes at once, whatever the replica has by now.
      const moved = await local.consulta('chave', { sessao: first.sessao! });
      expect(moved).toMatchObject({ code: status.OK, replies: [{ valor: 'antes' }] });
      expect(parseInt(moved.sessao!.slice(3), 36)).toBeGreaterThanOrEqual(
        parseInt(first.sessao!.slice(3), 36),
      );

      // Frozen before the others start anew, it cannot be told of anything they agree on from then on.
      late!.freeze();
      await Promise.all(others.map((member) => member.restart()));
      const second = await eventually(
        'the others go on',
        async () => {
          const put = await linear.insere('chave', 'depois', { sessao: moved.sessao! });
          return put.code === 0 ? put : undefined;
        },
        PATIENCE_MS,
      );
      await Promise.all(others.map((member) => member.kill9()));
      late!.thaw();
      const anyone = await eventually(
        'the late replica answers from its own state',
        async () => {
          const read = await local.consulta('chave');
          return read.code === 0 ? read : undefined;
        },
        PATIENCE_MS,
      );
      expect(anyone.replies).toMatchObject([{ valor: 'antes' }]);
      const sessao = second.sessao!;
      const refused = await local.consulta('chave', { sessao });
      expect(refused).toMatchObject({ code: status.UNAVAILABLE, replies: [] });
      // The token that goes back with it still tells of the write.
      expect(refused.sessao ?? sessao).toBe(sessao);
      expect(await local.call('Snapshot', [{ versao: 0 }], { sessao })).toMatchObject({
        code: status.UNAVAILABLE,
        replies: [],
      });

      // The portal too, which asks the store itself.
      const portal = new TermsClient(servers[1]!.port, admin);
      clients.push(portal);
      expect(await portal.call('ObtemTodosAlunos', [{}])).toMatchObject({ code: status.OK, replies: [] });
      expect(await portal.call('ObtemTodosAlunos', [{}], { sessao })).toMatchObject({
        code: status.UNAVAILABLE,
      });

      await cluster.heal();
      const healed = await eventually(
        'the majority is back',
        async () => {
          const read = await local.consulta('chave', { sessao });
          return read.code === 0 ? read : undefined;
        },
        PATIENCE_MS,
      );
      expect(healed.replies).toMatchObject([{ valor: 'depois' }]);
      // And from a server that reads its replica to one that reads the majority.
      const written = await local.insere('outra', 'valor', { sessao: healed.sessao! });
      expect(await linear.consulta('outra', { sessao: written.sessao! })).toMatchObject({
        code: status.OK,
        replies: [{ valor: 'valor' }],
      });
    },
  );

  it(
    'a majority confirms, and more is refused before anything is written',
    { timeout: PATIENCE_MS },
    async () => {
      const client = await serve('local', cluster.addresses);
      for (const confirmacao of [1, 2]) {
        expect(await client.insere('chave', 'valor', { confirmacao })).toMatchObject({ code: status.OK });
      }
      const beyond = await client.insere('chave', 'valor', { confirmacao: 3, sessao: 'nova' });
      expect(beyond).toMatchObject({ code: status.UNIMPLEMENTED, replies: [] });
      expect(beyond.erro).toContain('Nada foi gravado');
      const read = await client.consulta('chave', { sessao: beyond.sessao! });
      expect(read).toMatchObject({ code: status.OK, replies: [{ versao: 2 }] });
      for (const sessao of ['f1.padrao.oA:1', 'c1', 'c2.', 'c2.-1', 'lixo']) {
        expect(await client.consulta('chave', { sessao })).toMatchObject({ code: status.INVALID_ARGUMENT });
      }
      // Of replicas that are much further: it is no reason to wait, and it poisons nobody else's session.
      const foreign = await client.consulta('chave', { sessao: 'c2.zzzzzzzz' });
      expect(foreign.erro).toMatch(/^SESSAO_ADIANTE: TRY_OTHER_SERVER_OR_LATER/);
      expect((await client.consulta('chave', { sessao: read.sessao! })).sessao).toBe(read.sessao);
    },
  );

  it('are kept by the client of the command line', { timeout: PATIENCE_MS }, async () => {
    await serve('linear', cluster.addresses);
    await serve('local', cluster.addresses);
    const folder = await mkdtemp(join(tmpdir(), 'kvs-sessao-'));
    const kvs = (server: number, ...words: string[]): ReturnType<typeof run> =>
      run([
        ...['cliente', '--porta', String(servers[server]!.port), '--sessao', join(folder, 'maria'), '-o'],
        ...words,
      ]);
    try {
      for (let turn = 0; turn < 4; turn++) {
        const written = await kvs(turn % 2, 'insere', '-k', 'chave', '-v', `valor ${String(turn)}`);
        expect(written).toMatchObject({ code: 0 });
        const read = await kvs((turn + 1) % 2, 'consulta', '-k', 'chave');
        expect(read.stdout).toContain(`valor ${String(turn)}`);
      }
      expect(await readFile(join(folder, 'maria'), 'utf8')).toMatch(/^c2\.[0-9a-z]+\n?$/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
