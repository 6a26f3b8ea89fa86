import { status } from '@grpc/grpc-js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { HoldProxy } from '../../support/hold-proxy.js';
import { freeAddresses } from '../../support/leader-nodes.js';
import { ServerProcess } from '../../support/server-process.js';
import { TermsClient } from '../../support/terms-client.js';
import { run } from '../../cli/program.js';

const PATIENCE_MS = 60_000;

/** Three real servers, the first the leader, which reaches the last over a network that can be held up. */
describe('sessions and confirmations on a leader system', () => {
  let servers: ServerProcess[] = [];
  let clients: TermsClient[] = [];
  let network: HoldProxy;

  afterEach(async () => {
    for (const client of clients) client.close();
    await Promise.all(servers.map((server) => server.kill9()));
    await network.stop();
    [servers, clients] = [[], []];
  });

  async function open(deadlineMs = 20_000): Promise<void> {
    const addresses = await freeAddresses(3);
    network = await HoldProxy.start(addresses[2]!);
    const names = [...addresses.slice(0, 2), network.address];
    servers = await Promise.all(
      names.map((name, index) => {
        const place = ['--porta-mensagem', name.split(':')[1]!, '--escuta', addresses[index]!];
        const system = ['--lider', names[0]!, '--servidores-lider', names.join(',')];
        const prazo = ['--prazo-lider', String(deadlineMs)];
        return ServerProcess.start({ args: ['--motor', 'lider', ...place, ...system, ...prazo] });
      }),
    );
    await Promise.all(servers.map((server) => server.ready()));
    clients = servers.map(({ port }) => new TermsClient(port));
  }

  it('a follower that is behind is waited for, and otherwise refuses', { timeout: PATIENCE_MS }, async () => {
    await open();
    const [leader, near, far] = clients as [TermsClient, TermsClient, TermsClient];
    const first = await near.insere('chave', 'primeiro', { sessao: 'nova' });
    expect(first).toMatchObject({ code: status.OK, replies: [{ versao: 1 }] });
    expect(first.sessao).toMatch(/^f1\.lider-[0-9a-z]+\.[\w-]+:1$/);

    network.hold();
    const pending = leader.insere('chave', 'segundo', { deadlineMs: 30_000 });
    const ahead = await eventually('the near follower has it', async () => {
      const read = await near.consulta('chave', { sessao: first.sessao! });
      return read.replies[0]?.valor === 'segundo' ? read : undefined;
    });
    const sessao = ahead.sessao!;
    expect(sessao.length).toBeLessThan(60);
    expect(await far.consulta('chave')).toMatchObject({ code: 0, replies: [{ valor: 'primeiro' }] });
    const refused = await far.consulta('chave', { sessao });
    expect(refused).toMatchObject({ code: status.UNAVAILABLE, replies: [], sessao: undefined });
    expect(refused.erro).toMatch(/^SESSAO_ADIANTE: TRY_OTHER_SERVER_OR_LATER/);
    expect(refused.tookMs).toBeGreaterThan(1_000);
    expect(refused.tookMs).toBeLessThan(5_000);
    expect(await leader.consulta('chave', { sessao })).toMatchObject({ replies: [{ valor: 'segundo' }] });

    const waiting = far.consulta('chave', { sessao });
    network.release();
    expect(await waiting).toMatchObject({ code: status.OK, replies: [{ valor: 'segundo' }] });
    expect((await pending).code).toBe(status.OK);
    expect(await far.insere('chave', 'terceiro', { sessao })).toMatchObject({ replies: [{ versao: 3 }] });
  });

  it('outlive the leader, on what its successor has taken', { timeout: 2 * PATIENCE_MS }, async () => {
    await open();
    const [leader, near, far] = clients as [TermsClient, TermsClient, TermsClient];
    const { sessao = '' } = await leader.insere('chave', 'valor', { sessao: 'nova' });
    await servers[0]!.kill9();
    // Without a leader too.
    expect(await near.consulta('chave', { sessao })).toMatchObject({ replies: [{ valor: 'valor' }] });
    await servers[0]!.restart();
    await Promise.all(servers.map((server) => server.ready()));
    const again = await eventually('the new leader serves', async () => {
      const read = await leader.consulta('chave', { sessao });
      return read.code === 0 ? read : undefined;
    });
    expect(again.replies).toMatchObject([{ valor: 'valor' }]);
    // It has written nothing yet: its token is what it took.
    expect(again.sessao).toBe(sessao);
    const next = await eventually('writes go on', async () => {
      const put = await far.insere('outra', 'valor', { sessao: again.sessao! });
      return put.code === 0 ? put : undefined;
    });
    expect(next.sessao).not.toBe(sessao);
    expect(await near.consulta('outra', { sessao: next.sessao! })).toMatchObject({
      replies: [{ valor: 'valor' }],
    });
    expect(await near.consulta('chave', { sessao })).toMatchObject({ code: status.OK });
    // Of another system, and of nobody.
    const lost = sessao.replace(/[^.]+:1$/, 'perdido:9');
    expect((await near.consulta('chave', { sessao: lost })).erro).toContain('SESSAO_ADIANTE');
    for (const foreign of ['f1.padrao.oA:1', 'c2.5', 'lixo']) {
      expect(await near.consulta('chave', { sessao: foreign })).toMatchObject({
        code: status.INVALID_ARGUMENT,
      });
    }
  });

  it('with the client of the command line, and confirmations of all', { timeout: PATIENCE_MS }, async () => {
    await open(2_000);
    const folder = await mkdtemp(join(tmpdir(), 'kvs-sessao-'));
    const kvs = (server: number, ...words: string[]): ReturnType<typeof run> =>
      run([
        ...['cliente', '--porta', String(servers[server]!.port), '--sessao', join(folder, 'maria'), '-o'],
        ...words,
      ]);
    try {
      expect(await kvs(2, 'insere', '-k', 'chave', '-v', 'valor', '--confirmacao', '2')).toMatchObject({
        code: 0,
      });
      expect((await kvs(1, 'consulta', '-k', 'chave')).stdout).toContain('valor');
      expect((await kvs(0, 'consulta', '-k', 'chave')).stdout).toContain('valor');
    } finally {
      await rm(folder, { recursive: true });
    }
    // Three servers: no more than two others ever hold it, and nothing is written in vain.
    const [leader, near] = clients as [TermsClient, TermsClient];
    expect(await near.insere('chave', 'dois', { confirmacao: 2 })).toMatchObject({ code: status.OK });
    const beyond = await near.insere('chave', 'três', { confirmacao: 3 });
    expect(beyond).toMatchObject({ code: status.UNIMPLEMENTED, replies: [] });
    expect(beyond.erro).toContain('Nada foi gravado');
    expect(await leader.consulta('chave')).toMatchObject({ replies: [{ versao: 2 }] });
    // One that does not answer: the outcome is unknown, and no confirmation is claimed.
    servers[2]!.freeze();
    const doubtful = await near.insere('chave', 'quatro', { confirmacao: 1, sessao: 'nova' });
    expect(doubtful.erro).toContain('RESULTADO_DESCONHECIDO');
    servers[2]!.thaw();
  });
});
