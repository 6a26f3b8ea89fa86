import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/e2e-build.js';
import { eventually } from '../support/eventually.js';
import { accepts, freePort, hasIPv6 } from '../support/net.js';
import { SilentCall } from '../support/silent-call.js';
import { launcher, run, start } from './program.js';
import type { Program } from './program.js';

const bothLoopbacks = await hasIPv6();
const folder = mkdtempSync(join(tmpdir(), 'kvs-cli-'));
const running: Program[] = [];

/** A server with its own embedded broker, serving. */
async function serve(words: readonly string[] = [], variables: Record<string, string> = {}) {
  const local = ['--broker-local', `127.0.0.1:${await freePort()}`, '--frota', 'teste-cli'];
  const program = start(['servidor', ...local, ...words], variables);
  running.push(program);
  await program.says('servidor pronto');
  const port = /pronto em 127\.0\.0\.1:(\d+)/.exec(program.stdout())?.[1] ?? '';
  return { program, port };
}

afterAll(() => {
  for (const { process } of running) process.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('client and server as processes', () => {
  let port = '';
  let server: Program;
  beforeAll(async () => {
    ({ program: server, port } = await serve(['0']));
  });

  const client = (...words: string[]) => run(['cliente', '-p', port, ...words]);

  it.skipIf(!bothLoopbacks)(
    'serves on both loopback addresses, or only on the one that is given',
    async () => {
      expect(await Promise.all(['127.0.0.1', '::1'].map((host) => accepts(Number(port), host)))).toEqual([
        ...[true, true],
      ]);
      const nothing = await run(['cliente', '-a', '::1', '-p', port, '-o', 'consulta', '-k', 'nunca']);
      expect(nothing).toMatchObject({ code: 3 });
      const one = await serve(['0', '--host', '127.0.0.1']);
      expect(await accepts(Number(one.port), '::1')).toBe(false);
    },
  );

  it('says in one line its address, fleet, broker and origin', () => {
    expect(server.stdout()).toMatch(
      /^servidor pronto em 127\.0\.0\.1:\d+ \| frota: teste-cli \| broker: mqtt:\/\/127\.0\.0\.1:\d+ \(embutido aqui\) \| origem: [\w-]{12}\n$/,
    );
  });

  it('uses of several servers the one that answers, whichever comes first', async () => {
    const ports = `${await freePort()},${port}`;
    for (let i = 0; i < 3; i++) {
      const asked = await run(['cliente', '-p', ports, '-o', 'insere', '-k', 'vários', '-v', 'valor']);
      expect(asked).toMatchObject({ code: 0, stdout: `inserida a versão ${i + 1} de vários\n` });
      expect(asked.stderr).toMatch(/^(kvs: não atendeu: 127\.0\.0\.1:\d+; usado: 127\.0\.0\.1:\d+\n)?$/);
    }
    expect((await run(['cliente', '-p', port, '--descobre', '-o', 'consulta', '-k', 'vários'])).code).toBe(0);
    await client('-o', 'remove', '-k', 'vários', '--sim');
  });

  it('prints insere, consulta, remove and snapshot for people', async () => {
    expect(await client('-o', 'insere', '-k', '00123', '-v', 'ação 🎉')).toEqual({
      code: 0,
      stdout: 'inserida a versão 1 de 00123\n',
      stderr: '',
    });
    expect((await client('-o', 'consulta', '-k', '00123')).stdout).toBe(
      'chave:  00123\nvalor:  ação 🎉\nversão: 1\n',
    );
    expect((await client('-o', 'snapshot')).stdout).toMatch(/00123[\s\S]*1 chave\n$/);
    expect((await client('-o', 'remove', '-k', '00123', '-e', '1')).stdout).toBe(
      'removida a versão 1 de 00123\n',
    );
    expect(await client('-o', 'consulta', '-k', '00123')).toEqual({
      code: 3,
      stdout: '',
      stderr: 'kvs: a chave "00123" não existe\n',
    });
    expect(await client('-o', 'snapshot')).toMatchObject({ code: 0, stdout: 'nenhuma chave\n' });
  });

  it('prints one JSON object per line and answer; the exit code is that of the first failure', async () => {
    const { code, stdout } = await client(
      '-o',
      'insere-v',
      '-k',
      'aaa',
      '-v',
      'xxx',
      '-k',
      'b',
      '-v',
      'yyy',
      '--json',
    );
    expect(code).toBe(4);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual([
      { operacao: 'insere-v', chave: 'aaa', versao: 1 },
      { operacao: 'insere-v', chave: 'b', erro: 'CHAVE_CURTA', mensagem: 'recusado: a chave é curta demais' },
    ]);
  });

  it('keeps every answer in its place when there are many', async () => {
    const keys = Array.from({ length: 2000 }, (_, i) => `chave-${i}`);
    const inserted = await client(
      '-o',
      'insere-v',
      ...keys.flatMap((key) => ['-k', key, '-v', `v-${key}`]),
      '--json',
    );
    expect(inserted.code).toBe(0);
    const found = await client('-o', 'consulta-v', ...keys.flatMap((key) => ['-k', key]), '--json');
    expect(found.stdout.trim().split('\n')).toEqual(
      keys.map((chave) => JSON.stringify({ operacao: 'consulta-v', chave, valor: `v-${chave}`, versao: 1 })),
    );
    // Too many rows for a table: lines as they come.
    const all = await client('-o', 'snapshot');
    expect(all.stdout.trim().split('\n')).toHaveLength(2002);
    expect(all.stdout).toMatch(/2001 chaves\n$/);
  });

  it('takes the same settings from the environment as from options, and options win', async () => {
    const words = ['cliente', '-o', 'consulta', '-k', 'chave-1'];
    const json = await run(words, { KVS_PORTA: port, KVS_JSON: '1' });
    expect(JSON.parse(json.stdout)).toMatchObject({ chave: 'chave-1' });
    expect((await run([...words, '-p', port], { KVS_PORTA: '1', KVS_QUALQUER: 'x' })).code).toBe(0);
  });

  it('tolerates that the reader of its output goes away', async () => {
    const program = start(['cliente', '-p', port, '-o', 'snapshot', '--json']);
    program.process.stdout?.once('data', () => program.process.stdout?.destroy());
    expect(await program.exit).toBe(0);
    expect(program.stderr()).toBe('');
  });

  it('port in use: one line, exit code 2, and the first server goes on', async () => {
    const second = await run(['servidor', port, '--broker-local', '127.0.0.1:1']);
    expect(second).toMatchObject({ code: 2, stdout: '' });
    expect(second.stderr).toBe(`kvs: a porta já está em uso: 127.0.0.1:${port}\n`);
    expect((await client('-o', 'consulta', '-k', 'chave-1')).code).toBe(0);
  });
});

describe('nobody answers', () => {
  const words = ['-o', 'consulta', '-k', 'nome'];

  it('closed port', async () => {
    const port = String(await freePort());
    for (const request of [words, ['-o', 'consulta-v', '-k', 'nome'], ['-o', 'snapshot']]) {
      const { code, stdout, stderr } = await run(['cliente', '-p', port, '--prazo', '500', ...request]);
      expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
      expect(stderr).toMatch(/^kvs: nenhum servidor responde em 127\.0\.0\.1:\d+ \(conexão recusada\).*\n$/);
    }
  });

  it('accepted connection without a word: the deadline passes', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const port = String((mute.address() as AddressInfo).port);
    for (const request of [words, ['-o', 'snapshot'], ['-o', 'insere-v', '-k', 'abc', '-v', 'abc']]) {
      const { code, stderr } = await run(['cliente', '-p', port, '--prazo', '300', ...request]);
      expect({ code, stderr: stderr.replace(/ \(0 de.*/, '').trim() }).toEqual({
        code: 5,
        stderr: `kvs: o servidor em 127.0.0.1:${port} não respondeu em 300 ms`,
      });
    }
    mute.close();
  });
});

describe('wrong usage: one line and exit code 2', { concurrent: true, timeout: 120_000 }, () => {
  it.each([
    [['cliente', '-o', 'nada']],
    [['cliente', '-o', 'insere', '-k', 'abc']],
    [['cliente', '--porta', 'x', '-o', 'snapshot']],
    [['servidor', 'abc']],
    [['servidor', '9000', '--porta', '9001']],
    [['servidor', '--broker', 'http://x']],
    [['servidor', '--config', join(folder, 'nao-existe.json')]],
    [['servidor', '--host', '203.0.113.1', '--porta', '0']],
    [['nada']],
  ])('%j', async (words) => {
    const { code, stdout, stderr } = await run(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^kvs: [^\n]+\n$/);
    expect(stderr).not.toMatch(/\bat .*\.[jt]s/);
  });
});

// Each server is alone for two seconds before it serves: all at once.
describe('the life of a server', { concurrent: true, timeout: 120_000 }, () => {
  it('SIGTERM: logs every step, frees the port, exits with 0', async () => {
    const { program, port } = await serve(['0']);
    program.process.kill('SIGTERM');
    expect(await program.exit).toBe(0);
    const messages = program
      .stderr()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { mensagem: string }).mensagem);
    const steps = [
      'sinal recebido: saindo em ordem (outro, depois de 1 s, encerra já)',
      'saindo: fechando as portas gRPC e HTTP',
      'saindo: enviando o que falta e deixando a frota',
      'saiu',
    ];
    expect(messages.filter((message) => steps.includes(message))).toEqual(steps);
    expect(await accepts(Number(port))).toBe(false);
  });

  it('SIGHUP with nothing to reload shuts down cleanly', async () => {
    const { program, port } = await serve(['0']);
    program.process.kill('SIGHUP');
    program.process.kill('SIGHUP');
    expect(await program.exit).toBe(0);
    expect(program.stderr()).toContain('"sinal":"SIGHUP"');
    expect(await accepts(Number(port))).toBe(false);
  });

  it.skipIf(spawnSync('script', ['--version']).status !== 0)(
    'closing the terminal ends the server, even one that reloads on SIGHUP',
    async () => {
      const credentials = join(folder, 'credenciais.json');
      const made = ['credencial', 'cria', 'ana', '--papel', 'administracao', '--arquivo', credentials];
      expect((await run(made)).code).toBe(0);
      const words = ['servidor', '0', '--credenciais', credentials, '--broker', 'mqtt://127.0.0.1:1'];
      const command = [process.execPath, launcher, ...words].join(' ');
      const terminal = spawn('script', ['-qfec', command, '/dev/null'], {
        stdio: 'pipe',
        cwd: root,
        env: { PATH: process.env['PATH'], TERM: 'xterm' },
      });
      let shown = '';
      terminal.stdout.on('data', (data: Buffer) => (shown += data.toString()));
      await eventually('the server serves', () => shown.includes('servidor pronto'), 90_000);
      const port = Number(/pronto em 127\.0\.0\.1:(\d+)/.exec(shown)?.[1]);
      const pid = Number(/"processo":(\d+)/.exec(shown)?.[1]);
      try {
        process.kill(pid, 'SIGHUP');
        await eventually('it has reloaded', () => shown.includes('recarregado: credenciais'), 60_000);
        expect(await accepts(port)).toBe(true);
        terminal.kill('SIGKILL');
        await eventually('the server has ended', async () => !(await accepts(port)), 60_000);
      } catch (error) {
        process.kill(pid, 'SIGKILL');
        throw error;
      }
    },
  );

  it('a second signal ends it at once, with exit code 1', async () => {
    const { program, port } = await serve(['0']);
    // What it waits for before it leaves.
    const call = new SilentCall(Number(port), '/kvs.KVS/ConsultaVarias');
    call.send(Buffer.alloc(5));
    await eventually('the call is there', () => call.answered, 60_000);
    program.process.kill('SIGTERM');
    // Those that come at once are the same wish.
    const again = setInterval(() => program.process.kill('SIGINT'), 100);
    expect(await program.exit).toBe(1);
    clearInterval(again);
    call.disconnect();
    expect(program.stderr()).toContain('segundo sinal: encerrando já');
  });

  it('configuration file, environment and command line work together', async () => {
    const path = join(folder, 'kvs.json');
    writeFileSync(path, JSON.stringify({ porta: 1, minimo: 1, 'log-nivel': 'warn' }));
    const { program, port } = await serve(['--porta', '0'], {
      KVS_CONFIG: path,
      KVS_MINIMO: '0',
      KVS_BROKERS: 'x',
    });
    const empty = await run(['cliente', '-p', port, '-o', 'insere', '-k', '', '-v', '']);
    expect(empty).toMatchObject({ code: 0, stdout: 'inserida a versão 1 de \n' });
    expect(program.stderr()).toContain('KVS_BROKERS');
    expect(program.stderr()).not.toContain('"nivel":"info"');
  });

  it('serves even without any broker', async () => {
    const { program, port } = await serve(['0', '--broker', `mqtt://127.0.0.1:${await freePort()}`]);
    expect(program.stdout()).toContain('broker: nenhum por enquanto (tentando)');
    expect((await run(['cliente', '-p', port, '-o', 'insere', '-k', 'abc', '-v', 'def'])).code).toBe(0);
  });
});
