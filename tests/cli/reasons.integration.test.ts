import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStand } from '../support/doors.js';
import { root } from '../support/e2e-build.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { openPortalOn } from '../support/portal-stand.js';
import type { PortalStand } from '../support/portal-stand.js';
import { runHere } from './in-process.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-motivos-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('--sessao with a file that is not a session', () => {
  it.each([
    ['um texto qualquer', 'root:x:0:0:root:/root:/bin/bash\n'],
    ['uma chave, que também começa com letra e algarismo', `b7${'c1'.repeat(31)}\n`],
    ['um arquivo grande', `f1.${'a'.repeat(5_000)}\n`],
  ])('%s: asks for another name, and the file is left as it is', async (_what, text) => {
    const path = join(folder, 'outro');
    writeFileSync(path, text);
    const asked = await runHere(['-p', '1', '--sessao', path, '-o', 'snapshot']);
    expect(asked).toEqual({
      code: 2,
      stdout: '',
      stderr: `kvs: ${path} não é um arquivo de sessão: escolha outro nome para --sessao\n`,
    });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('an endless device or a folder is not read', async () => {
    for (const path of ['/dev/zero', folder]) {
      const asked = await runHere(['-p', '1', '--sessao', path, '-o', 'snapshot']);
      expect(asked).toMatchObject({ code: 2, stdout: '' });
      expect(asked.stderr).toContain('não é um arquivo de sessão');
    }
  });
});

describe('the portal', () => {
  let stand: PortalStand;
  beforeAll(async () => {
    stand = await openPortalOn(new MemoryEngine());
  });
  afterAll(() => stand.close());

  it('says in a report that a person does not exist, but not where the person only has no courses', async () => {
    const p = ['-p', String(stand.port)];
    for (const op of ['rel_aluno', 'rel_prof']) {
      const who = op === 'rel_aluno' ? 'aluno' : 'professor';
      const unknown = await runHere(['matricula', ...p, '--op', op, '--val', 'ninguem']);
      expect(unknown).toEqual({
        code: 0,
        stdout: 'nenhuma disciplina\n',
        stderr: `kvs: o ${who} "ninguem" não existe: confira o identificador\n`,
      });
      await runHere([
        'admin',
        ...p,
        '--base',
        who,
        '--op',
        'create',
        '--key',
        '12345',
        '--val',
        'Maria Silva',
      ]);
      const idle = await runHere(['matricula', ...p, '--op', op, '--val', '12345']);
      expect(idle).toEqual({ code: 0, stdout: 'nenhuma disciplina\n', stderr: '' });
    }
  });

  it('says how to start a server with a portal when the server asked has none', async () => {
    const plain = await openStand();
    try {
      const p = ['-p', String(plain.doors.port)];
      const admin = await runHere(['admin', ...p, '--base', 'aluno', '--op', 'getall']);
      expect(admin).toMatchObject({ code: 4, stdout: '' });
      expect(admin.stderr).toContain(
        'não oferece esta parte do portal: diga com -p a porta de um iniciado com --portal admin ',
      );
      const enrolment = await runHere(['matricula', ...p, '--op', 'rel_disc', '--val', 'GBC074']);
      expect(enrolment.stderr).toContain('--portal matricula (./mat-server.sh)');
    } finally {
      await plain.close();
    }
  });
});

describe('.gitattributes', () => {
  it('keeps LF in the programs of a clone with core.autocrlf=true', () => {
    const clone = join(folder, 'clone');
    // The files as they are now, committed or not.
    const git = (...words: string[]): string =>
      execFileSync(
        'git',
        ['-c', 'core.autocrlf=true', '-c', 'user.name=t', '-c', 'user.email=t@t', ...words],
        {
          cwd: clone,
          encoding: 'utf8',
        },
      );
    execFileSync('git', ['init', '-q', clone]);
    for (const name of ['.gitattributes', 'client.sh', 'bin/kvs', 'package.json']) {
      execFileSync('cp', ['--parents', name, clone], { cwd: root });
    }
    git('add', '.');
    git('commit', '-qm', 'files');
    git('rm', '-rq', 'client.sh', 'bin', 'package.json');
    git('checkout', '-q', 'HEAD', '--', '.');
    for (const name of ['client.sh', 'bin/kvs', 'package.json']) {
      expect(readFileSync(join(clone, name), 'latin1')).not.toContain('\r');
    }
  });
});
