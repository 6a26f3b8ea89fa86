import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/config/commands.js';
import { flagOptions, typedNames } from '../../src/config/option.js';

const file = fileURLToPath(new URL('../../docs/kvs.1', import.meta.url));

it('man and mandoc read it without a warning, and it names every command and every option', () => {
  const lint = spawnSync('mandoc', ['-Tlint', '-Wwarning', file], { encoding: 'utf8' });
  expect([lint.error, lint.stdout, lint.stderr]).toEqual([undefined, '', '']);
  const words = ['-ww', '-man', '-Kutf8', '-Tutf8', '-P-cbou', '-rLL=200n', file];
  const shown = spawnSync('groff', words, { encoding: 'utf8' });
  expect([shown.error, shown.stderr]).toEqual([undefined, '']);
  for (const [command, { options }] of Object.entries(COMMANDS)) {
    expect(shown.stdout).toMatch(new RegExp(`^   ${command}$`, 'm'));
    for (const [name, row] of flagOptions(options)) {
      if (row.hidden === true) continue;
      for (const typed of typedNames(name, row)) expect(shown.stdout).toContain(typed);
    }
  }
});
