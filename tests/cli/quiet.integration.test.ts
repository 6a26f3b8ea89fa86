import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runAccess } from '../../src/cli/access/command.js';
import { runRetention } from '../../src/cli/retention/command.js';
import { openStandOn } from '../support/doors.js';
import type { Stand } from '../support/doors.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { runHere } from './in-process.js';

let stand: Stand<MemoryEngine>;
let porta = '';
beforeAll(async () => {
  stand = await openStandOn(new MemoryEngine());
  porta = String(stand.doors.port);
});
afterAll(() => stand.close());

/** What a command writes, errors after the answers. */
function recorder() {
  const lines: string[] = [];
  const errors: string[] = [];
  const line = (text: string): undefined => void lines.push(text);
  const error = (text: string): void => void errors.push(text);
  return { lines, errors, output: { colors: false, line, error } };
}

it('-q of kvs cliente leaves only values, or the versions of what was written', async () => {
  const said = async (...words: string[]) => {
    const { code, stdout, stderr } = await runHere(['-p', porta, '-q', ...words]);
    return [code, stdout, stderr];
  };
  expect(await said('-o', 'insere', '-k', 'nome', '-v', 'Maria')).toEqual([0, '1\n', '']);
  expect(await said('-o', 'insere-v', '-k', 'nome', '-v', 'Ana', '-k', 'curso', '-v', 'BCC')).toEqual([
    ...[0, '2\n1\n', ''],
  ]);
  expect(await said('-o', 'consulta', '-k', 'nome')).toEqual([0, 'Ana\n', '']);
  expect(await said('-o', 'snapshot')).toEqual([0, 'Ana\nBCC\n', '']);
  expect(await said('-o', 'remove', '-k', 'nome', '-e', '1')).toEqual([0, '1\n', '']);
  expect(await said('-o', 'consulta', '-k', 'nada')).toEqual([3, '', 'kvs: a chave "nada" não existe\n']);
  expect(await said('-o', 'consulta', '-k', 'nome', '--json')).toEqual([
    ...[2, '', 'kvs: --json e -q não valem juntos: diga um só\n'],
  ]);
});

it('-q of kvs retencao and kvs credencial', async () => {
  const rules = recorder();
  const flags = { porta, quieto: 'sim' };
  expect(
    await runRetention(
      'define',
      'log/',
      { ...flags, versoes: '10', idade: '30d', sim: 'sim' },
      {},
      rules.output,
    ),
  ).toBe(0);
  expect(await runRetention('lista', undefined, flags, {}, rules.output)).toBe(0);
  expect([rules.lines, rules.errors]).toEqual([['log/=10,30d'], []]);

  const folder = mkdtempSync(join(tmpdir(), 'kvs-q-'));
  const people = recorder();
  const file = { arquivo: join(folder, 'c.json'), quieto: 'sim' };
  const saida = join(folder, 'maria.token');
  await runAccess('cria', 'maria', { ...file, papel: 'leitura', prefixo: [''], saida }, {}, people.output);
  await runAccess('lista', undefined, file, {}, people.output);
  await runAccess('revoga', 'maria', file, {}, people.output);
  await runAccess('lista', undefined, file, {}, people.output);
  expect([people.lines, people.errors]).toEqual([['maria'], []]);
  rmSync(folder, { recursive: true });
});
