import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DataFolder } from '../support/data-folder.js';
import { root } from '../support/e2e-build.js';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import { ForgetfulBroker } from '../support/forgetful-broker.js';
import type { ServerProcess } from '../support/server-process.js';
import { TermsClient, type Ended } from '../support/terms-client.js';

interface Said {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** `bin/kvs cliente` with these arguments. */
function kvs(...args: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: '1' };
    execFile(process.execPath, [join(root, 'bin/kvs'), 'cliente', ...args], { env }, (error, out, err) => {
      resolve({ exit: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

/** Three real servers on a broker that acknowledges everything and forgets what it is told to forget. */
describe('guarantees on request, with real processes', () => {
  let broker: ForgetfulBroker;
  let fleet: TestFleet;
  let folder: string;
  let servers: ServerProcess[];
  const clients: TermsClient[] = [];
  const clientOf = ({ port }: ServerProcess): TermsClient => {
    const client = new TermsClient(port);
    clients.push(client);
    return client;
  };
  const port = (at: number): string => String(servers[at]!.port);
  const silence = (...which: readonly number[]): void => {
    const deaf = new Set(which.map((at) => servers[at]!.origin));
    broker.deaf = (origin) => deaf.has(origin);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kvs-sessao-'));
    broker = await ForgetfulBroker.start();
    const args = ['--broker', broker.url];
    fleet = await TestFleet.open({ url: broker.url, args, stop: () => broker.stop() });
    servers = await fleet.addReady(3);
  }, 300_000);
  afterEach(() => {
    broker.deaf = () => false;
    for (const server of servers) if (server.frozen) server.thaw();
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(async () => {
    await fleet.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('a client that moves reads its own writes, and never goes back', async () => {
    const moving = servers.map(clientOf);
    let sessao = 'nova';
    let last = 0;
    for (let turn = 0; turn < 60; turn++) {
      const key = `andarilho${turn % 3}`;
      const ended = await moving[turn % 3]!.insere(key, `valor${turn}`, { sessao });
      expect(ended.code).toBe(status.OK);
      // Each writer had seen all the others: its version says so.
      const versao = ended.replies[0]!.versao;
      expect(versao).toBe(Math.floor(turn / 3) + 1);
      const read: Ended<{ valor: string; versao: number }> = await moving[(turn + 1) % 3]!.consulta(key, {
        sessao: ended.sessao ?? '',
      });
      expect(read.replies).toMatchObject([{ valor: `valor${turn}`, versao }]);
      sessao = read.sessao ?? '';
      expect(versao).toBeGreaterThanOrEqual(last);
      last = versao;
    }
    // Three writers, and a token no longer than three.
    expect(sessao.length).toBeLessThan(120);
  }, 60_000);

  it('the command line keeps a session in a file, and goes on to a server that has what it saw', async () => {
    const file = join(folder, 'sessao');
    const [a, b] = [port(0), port(1)];
    silence(1);
    const wrote = await kvs('-p', a, '--sessao', file, '-o', 'insere', '-k', 'arquivo', '-v', 'guardada');
    expect(wrote).toMatchObject({ exit: 0 });
    expect(await readFile(file, 'utf8')).toContain(servers[0]!.origin);
    const behind = await kvs('-p', b, '--sessao', file, '-o', 'consulta', '-k', 'arquivo');
    expect(behind.exit).toBe(5);
    expect(behind.err).toContain('TRY_OTHER_SERVER_OR_LATER');
    // Also a write, which has not been done: nobody asks whether.
    const both = `${b},${a}`;
    for (let i = 0; i < 3; i++) {
      const read = await kvs('-p', both, '--sessao', file, '-o', 'consulta', '-k', 'arquivo');
      expect(read).toMatchObject({ exit: 0 });
      expect(read.out).toContain('guardada');
      const written = await kvs(
        '-p',
        both,
        '--sessao',
        file,
        'put',
        '--chave',
        'outra',
        '--valor',
        String(i),
      );
      expect(written).toMatchObject({ exit: 0 });
    }
    const many = await kvs('-p', both, '--sessao', file, '-o', 'consulta-v', '-k', 'arquivo', '-k', 'outra');
    expect(many).toMatchObject({ exit: 0 });
    // What was lost arrives, once the broker forgets no more.
    broker.deaf = () => false;
    await soon('the session is answered', async () => {
      const read = await kvs('-p', b, '--sessao', file, '-o', 'consulta', '-k', 'arquivo');
      return read.exit === 0 && read.out.includes('guardada');
    });
  }, 90_000);

  it('a damaged session, or one of another fleet, is told in a line', async () => {
    const file = join(folder, 'estragada');
    for (const [text, exit] of [
      ['isto não é\numa sessão', 2],
      [`f1.outra.${servers[0]!.origin}:1`, 4],
    ] as const) {
      await writeFile(file, text);
      const said = await kvs('-p', port(0), '--sessao', file, '-o', 'consulta', '-k', 'arquivo');
      expect(said.exit).toBe(exit);
      expect(said.err.trim().split('\n')).toHaveLength(1);
      expect(await readFile(file, 'utf8')).toBe(text);
    }
    const nowhere = join(folder, 'não', 'existe');
    const said = await kvs('-p', port(0), '--sessao', nowhere, '-o', 'insere', '-k', 'arquivo', '-v', 'mais');
    expect(said.exit).toBe(1);
    expect(said.err).toContain('a chamada foi feita, mas não consegui guardar a sessão');
    expect(
      (await kvs('-p', port(0), '--confirmacao', '0', '-o', 'insere', '-k', 'abc', '-v', 'abc')).exit,
    ).toBe(2);
  }, 60_000);

  it('a write is confirmed by exactly those who hold it, whatever the broker acknowledges', async () => {
    const [a] = servers.map(clientOf) as [TermsClient];
    expect(await a.insere('firme', 'um dois', { confirmacao: 2 })).toMatchObject({ code: status.OK });
    silence(1);
    expect(await a.insere('firme', 'um só', { confirmacao: 1 })).toMatchObject({ code: status.OK });
    const one = await a.insere('firme', 'um de dois', { confirmacao: 2, prazo: 700 });
    expect(one.erro).toContain('confirmado por 1 de 2 servidores');
    silence(1, 2);
    const none = await a.insere('firme', 'zero de um', { confirmacao: 1, prazo: 700 });
    expect(none).toMatchObject({ code: status.DEADLINE_EXCEEDED, versao: '4' });
    expect(none.erro).toContain('gravado aqui (versão 4), confirmado por 0 de 1 servidores');
    expect((await a.consulta('firme')).replies).toMatchObject([{ valor: 'zero de um' }]);
    const said = await kvs(
      '-p',
      port(0),
      '--prazo',
      '1000',
      '--confirmacao',
      '2',
      'put',
      '--chave',
      'c',
      '--valor',
      'v',
    );
    expect(said.exit).toBe(7);
    expect(said.err).toContain('confirmado por 0 de 2 servidores');
    // Not tried again elsewhere: it was done.
    const both = `${port(0)},${port(2)}`;
    const before = (await a.consulta('contada')).replies[0]?.versao ?? 0;
    const args = ['--prazo', '1000', '--confirmacao', '2', '-o', 'insere', '-k', 'contada', '-v', 'uma vez'];
    expect((await kvs('-p', both, ...args)).exit).toBe(7);
    broker.deaf = () => false;
    expect(await a.insere('firme', 'todos', { confirmacao: 2 })).toMatchObject({ code: status.OK });
    await soon('written once', async () => (await a.consulta('contada')).replies[0]?.versao === before + 1);
  }, 90_000);

  it('a frozen server neither confirms nor answers a session, and does both when it wakes', async () => {
    const [a, b] = servers.map(clientOf) as [TermsClient, TermsClient];
    servers[1]!.freeze();
    const partly = await a.insere('gelada', 'primeira', { confirmacao: 2, prazo: 800, sessao: 'nova' });
    expect(partly.erro).toContain('confirmado por 1 de 2 servidores');
    const waiting = a.insere('gelada', 'segunda', { confirmacao: 2, prazo: 20_000, sessao: 'nova' });
    servers[1]!.thaw();
    const whole = await waiting;
    expect(whole.code).toBe(status.OK);
    const read = await b.consulta('gelada', { sessao: whole.sessao ?? '' });
    expect(read.replies).toMatchObject([{ valor: 'segunda' }]);
  }, 60_000);

  it('a thousand writes of one stream share their confirmations', async () => {
    const a = clientOf(servers[0]!);
    const many = Array.from({ length: 1_000 }, (_, i) => ({ chave: `fluxo${i}`, valor: `valor${i}` }));
    const messages = (): number => (broker.taken.get('presenca') ?? 0) + (broker.taken.get('sincronia') ?? 0);
    const before = messages();
    const ended = await a.call<{ versao: number }>('InsereVarias', many, { confirmacao: 1 });
    expect(ended.code).toBe(status.OK);
    expect(ended.replies.map(({ versao }) => versao)).toEqual(many.map(() => 1));
    // A question and two answers for each would be three thousand.
    expect(messages() - before).toBeLessThan(600);
    process.stdout.write(
      `1,000 confirmed writes: ${ended.tookMs.toFixed(0)} ms, ${messages() - before} messages\n`,
    );
  }, 60_000);
});

/**
 * Whoever is told that a write is confirmed must find it, although its writer is gone for good. Each waits for servers that
 * join and start again: both at once.
 */
describe('a confirmed write outlives its writer', { concurrent: true }, () => {
  for (const onDisk of [false, true]) {
    it(`killed with -9 right after the answer${onDisk ? ', all with --dados' : ''}`, async () => {
      const broker = await ForgetfulBroker.start();
      const args = ['--broker', broker.url];
      const fleet = await TestFleet.open({ url: broker.url, args, stop: () => broker.stop() });
      const folders: DataFolder[] = [];
      const add = async (): Promise<ServerProcess> => {
        if (!onDisk) return fleet.add();
        const folder = await DataFolder.open();
        folders.push(folder);
        return fleet.add([...args, ...folder.args]);
      };
      try {
        const stay = [await add(), await add()];
        for (let round = 0; round < 4; round++) {
          const writer = await add();
          await Promise.all([...stay, writer].map((server) => server.ready()));
          const client = new TermsClient(writer.port);
          const confirmed: string[] = [];
          const progress = { over: false };
          const write = async (): Promise<void> => {
            for (let i = 0; !progress.over; i++) {
              const value = `r${round}v${i}`;
              const ended = await client.insere(`prova${round}`, value, { confirmacao: 2 });
              if (ended.code === 0) confirmed.push(value);
              else return;
            }
          };
          const writing = write();
          await soon('writes are confirmed', () => confirmed.length >= 20 + 17 * round);
          await writer.kill9();
          progress.over = true;
          await writing;
          client.close();
          // With a journal the survivors are killed too: what they confirmed is on their disks.
          for (const server of stay) {
            if (onDisk) {
              await server.kill9();
              await server.restart();
            }
            await server.ready();
          }
          for (const server of stay) {
            const found = await valuesOf(server, `prova${round}`);
            for (const value of confirmed) expect(found, `on ${server.port}`).toContain(value);
          }
        }
      } finally {
        await fleet.close();
        for (const folder of folders) await folder.remove();
      }
    }, 240_000);
  }
});

/** Every version of a key. */
async function valuesOf(server: ServerProcess, key: string): Promise<Set<string>> {
  const last = (await server.client.consulta(key)).versao;
  const asked = Array.from({ length: last }, (_, i) => ({ chave: key, versao: i + 1 }));
  const { resposta } = await server.client.consultaVarias(asked);
  return new Set(resposta.map(({ valor }) => valor));
}
