import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionScript } from '../../src/cli/completion/scripts.js';
import { SHELLS } from '../../src/config/commands.js';
import { ensureBuilt, root } from '../support/e2e-build.js';

const folder = mkdtempSync(join(tmpdir(), 'kvs-completa-'));
beforeAll(async () => {
  await ensureBuilt();
  for (const shell of SHELLS) {
    writeFileSync(join(folder, shell), `${completionScript(shell, join(root, 'bin/kvs'))}\n`);
  }
}, 120_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What the shell offers for the last of these words. */
const ASKED: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
  [['kvs', 'hist'], ['historico']],
  [
    ['./client.sh', '--por'],
    ['--porta', '--port'],
  ],
  [['./server.sh', '--dad'], ['--dados']],
  [
    ['kvs', 'observa', '--inicio', ''],
    ['agora', 'tudo'],
  ],
  [
    ['./replica.sh', ''],
    ['bd1', 'bd2', 'bd3'],
  ],
];

function run(shell: string, ...words: string[]): string {
  const { stdout, stderr, error, status } = spawnSync(shell, words, { cwd: folder, encoding: 'utf8' });
  expect([error, status, stderr]).toEqual([undefined, 0, '']);
  return stdout;
}

describe('what is installed completes kvs and the scripts', () => {
  it('in bash', () => {
    const ask = `source ./bash; t() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _kvs_completa "$1"; echo "\${COMPREPLY[*]}"; }`;
    const tries = ASKED.map(([words]) => `t ${words.map((word) => `'${word}'`).join(' ')}`);
    const registered = "complete -p kvs client.sh replica.sh | grep -c ' -F _kvs_completa '";
    const lines = run('bash', '-c', [ask, ...tries, registered].join('\n'))
      .trim()
      .split('\n');
    expect(lines).toEqual([...ASKED.map(([, offered]) => offered.join(' ')), '3']);
  });

  it('in fish', () => {
    // Names of files only where there is nothing else.
    const file = [['kvs', 'insere', 'k', '--arquivo', './ba'], ['./bash']] as const;
    for (const [words, offered] of [...ASKED, file]) {
      const lines = run('fish', '--no-config', '-c', `source ./fish; complete -C "${words.join(' ')}"`);
      const names = lines.trim().split('\n');
      expect(names.map((line) => line.split('\t')[0]).sort()).toEqual([...offered].sort());
    }
  });

  it('in zsh', () => {
    const stubs =
      '_describe() { print -rl -- "${(@)respostas%%:*}" }; compadd() { print -rl -- "$@" }; _files() { print files }; compdef() { registered=$# }';
    for (const [words, offered] of ASKED) {
      const typed = words.map((word) => `'${word}'`).join(' ');
      const script = `${stubs}; source ./zsh; words=(${typed}); CURRENT=${words.length}; _kvs; print $registered`;
      const lines = run('zsh', '-f', '-c', script).trim().split('\n');
      expect(lines.slice(0, -1)).toEqual(expect.arrayContaining([...offered]));
      expect(lines.at(-1)).toBe('13');
    }
  });
});
