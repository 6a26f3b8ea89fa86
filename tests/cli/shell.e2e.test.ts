import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStandOn } from '../support/doors.js';
import type { Stand } from '../support/doors.js';
import { ensureBuilt, root } from '../support/e2e-build.js';
import { MemoryEngine } from '../support/memory-engine.js';

const folder = mkdtempSync(join(tmpdir(), 'kvs-shell-'));
const socket = join(folder, 'tmux');
let stand: Stand<MemoryEngine>;

beforeAll(async () => {
  await ensureBuilt();
  stand = await openStandOn(new MemoryEngine());
}, 120_000);
afterAll(async () => {
  tmux('kill-server');
  await stand.close();
  rmSync(folder, { recursive: true });
});

function tmux(...words: string[]): string {
  return spawnSync('tmux', ['-S', socket, ...words], { encoding: 'utf8' }).stdout;
}

/** Keys as tmux names them, or texts. */
function type(...keys: string[]): void {
  tmux('send-keys', '-t', 'a', ...keys);
}

/** Waits until the terminal shows this. */
function shows(pattern: RegExp): Promise<void> {
  return expect
    .poll(() => tmux('capture-pane', '-p', '-J', '-t', 'a', '-S', '-200'), { timeout: 20_000 })
    .toMatch(pattern);
}

it('./client.sh alone at a terminal is a shell: completion, help, history, Ctrl-C, Ctrl-D', async () => {
  const port = String(stand.doors.port);
  const start = `XDG_STATE_HOME=${folder} ${process.execPath} ${join(root, 'bin/kvs')} cliente -p ${port}; echo FIM $?; sleep 600`;
  tmux('-f', '/dev/null', 'new-session', '-d', '-x', '120', '-y', '50', '-s', 'a', start);
  await shows(new RegExp(`^kvs 127\\.0\\.0\\.1:${port}> $`, 'm'));
  type('insere "minha senha" s3gredo', 'Enter');
  await shows(/^inserida a versão 1 de minha senha$/m);
  // A command, and a key that the server has.
  type('consu', 'Tab');
  await shows(/> consulta $/m);
  type('mi', 'Tab');
  await shows(/> consulta "minha senha" $/m);
  type('Enter');
  await shows(/^valor: +s3gredo$/m);
  // Ctrl-C drops what is typed, and only that.
  type('remove "isto não', 'C-c');
  await shows(/isto não\^C$/m);
  type('conta -q', 'Enter');
  await shows(/^1$/m);
  type('insere "minha senha" outro', 'Enter');
  await shows(/^inserida a versão 2 de minha senha$/m);
  type('remove "minha senha"', 'Enter');
  await shows(/^isto remove todas as versões de "minha senha" \(as versões 1, 2\)\. Remover\? \[s\/N\] $/m);
  type('n', 'Enter');
  await shows(/nada foi removido$/m);
  // Ctrl-C ends a watch, and the shell goes on.
  type('observa --tudo', 'Enter');
  await shows(/— em dia/);
  type('C-c');
  await shows(/para continuar daqui/);
  type('lsta', 'Enter');
  await shows(/não conheço o comando "lsta"; quis dizer lista\?/);
  type('lista -p 9000', 'Enter');
  await shows(/lista: --porta é do shell inteiro/);
  type('insere a -', 'Enter');
  await shows(/no shell a entrada padrão é o teclado/);
  type('ajuda conta', 'Enter');
  await shows(/kvs conta \[PREFIXO\] \[opções\]/);
  type('C-d');
  await shows(/^FIM 0$/m);
  const kept = join(folder, 'kvs', 'historico');
  expect(statSync(kept).mode & 0o777).toBe(0o600);
  const lines = readFileSync(kept, 'utf8');
  expect(lines).toMatch(/^insere "minha senha" $/m);
  expect(lines).toMatch(/^observa --tudo$/m);
  expect(lines).not.toContain('s3gredo');
}, 120_000);

it('without a terminal it runs the lines of its input, and ends as the first that failed', async () => {
  const words = [join(root, 'bin/kvs'), 'shell', '-p', String(stand.doors.port)];
  // Not waited for synchronously, since the server is in this process.
  const child = spawn(process.execPath, words);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end('insere a 1\nconsulta nada\nkonta\nconsulta a -q\nsai\nconsulta a -q\n');
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(3);
  expect(stdout).toBe('inserida a versão 1 de a\n1\n');
  expect(stderr).toBe(
    'kvs: a chave "nada" não existe\nkvs: não conheço o comando "konta"; quis dizer conta?\n',
  );
});
