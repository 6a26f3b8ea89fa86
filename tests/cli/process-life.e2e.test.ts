import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, root } from '../support/e2e-build.js';
import { soon } from '../support/e2e-fleet.js';
import { startMosquitto, mosquittoAvailable } from '../support/mosquitto.js';
import { freePort } from '../support/net.js';
import { kvs } from '../support/kvs-program.js';
import { runKvs, ServerProcess } from '../support/server-process.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kvs-vida-'));
  await ensureBuilt();
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

async function alone(): Promise<string[]> {
  return ['--broker-local', `127.0.0.1:${await freePort()}`];
}

describe('a data folder in an impossible place', () => {
  it.each([
    ['/proc/x', 'ali não se pode criar uma pasta'],
    ['/dev/full', 'não é uma pasta'],
    ['/dev/null/x', 'não é uma pasta'],
    ['arquivo', 'não é uma pasta'],
    ['n'.repeat(300), 'o nome é longo demais'],
  ])('%s: one line and exit code 2', async (name, why) => {
    await writeFile(join(folder, 'arquivo'), '');
    const place = name.startsWith('/') ? name : join(folder, name);
    const { ended, plain } = runKvs(['servidor', '0', ...(await alone()), '--dados', place]);
    expect(await ended).toBe(2);
    expect(plain).toEqual([`kvs: não é possível abrir os dados em ${place}: ${why}`]);
  });
});

describe('the end of a server', () => {
  it('takes two signals in quick succession as one; a server on its own exits with 0 and says what a later signal does', async () => {
    const server = await ServerProcess.start({ fleet: 'so', args: await alone() });
    await server.ready();
    await server.client.insere('nome', 'maria');
    process.kill(server.pid, 'SIGTERM');
    await soon('sinal', () => server.logged('sinal recebido'));
    process.kill(server.pid, 'SIGTERM');
    await server.stop();
    expect(server.logged('segundo sinal')).toBeUndefined();
    expect(server.logged('saiu')).toBeDefined();
    expect(server.logged('sinal recebido')?.mensagem).toContain('outro, depois de 1 s, encerra já');
  }, 60_000);

  it.skipIf(!mosquittoAvailable())(
    'loses what no other server has: exit code 8',
    async () => {
      const broker = await startMosquitto();
      const args = ['--broker', broker.url];
      const one = await ServerProcess.start({ fleet: 'perda', args });
      const other = await ServerProcess.start({ fleet: 'perda', args });
      await Promise.all([one.ready(), other.ready()]);
      // Whoever confirms serves, as far as the one who asks knows.
      const confirmed = [
        '-p',
        String(one.port),
        '--confirmacao',
        '1',
        '-o',
        'insere',
        '-k',
        'abc',
        '-v',
        'abc',
      ];
      expect((await kvs(['cliente', ...confirmed])).code).toBe(0);

      await broker.kill();
      await soon('sem broker', () => one.logged('sem broker'));
      await one.client.insere('nome', 'maria');
      await expect(one.stop()).rejects.toThrow('ended with 8, not 0');
      expect(one.logged('escritas deste servidor se perderam')).toBeDefined();
      // It has written nothing.
      await other.stop();
      await broker.stop();
    },
    60_000,
  );

  it('is orderly when the terminal is closed, and not a crash of Node', async () => {
    const [code, broker] = [join(folder, 'codigo'), (await alone()).join(' ')];
    // When the first process of a terminal goes with it, the others are told. One of them outlives it, to tell how the
    // server ended.
    const server = `${process.execPath} ${join(root, 'bin/kvs')} servidor 0 ${broker}`;
    const shell = `exec 3<&0; (trap : HUP; ${server}; echo $? > ${code}) <&3 & wait`;
    const terminal = spawn('script', ['-qfc', shell, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, SHELL: '/bin/bash', TERM: 'xterm', NO_COLOR: '1' },
    });
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    await soon('pronto', () => shown.includes('servidor pronto'));
    // Nor colours for who wants none.
    expect(shown).toContain('INFO');
    expect(shown).not.toContain('\u001b[');
    terminal.kill('SIGKILL');
    await soon('fim', () => existsSync(code) && readFileSync(code, 'utf8') !== '');
    expect(readFileSync(code, 'utf8')).toBe('0\n');
  }, 60_000);
});
