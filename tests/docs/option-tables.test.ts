import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/config/commands.js';
import { STORE_OPTIONS } from '../../src/config/store-options.js';
import { OPTION_PAGES, STORE_BLOCK, tabledCommands, withOptionTables } from './option-tables.js';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

describe.each(OPTION_PAGES)('the tables of $path', ({ path, language }) => {
  it('say what the option definitions say (npm run docs:options writes them)', () => {
    expect(read(path)).toBe(withOptionTables(read(path), language));
  });

  it('cover all commands', () => {
    // Both copies have the same options, and commands on the store one table, in which those of the shell are too.
    expect(COMMANDS.importa.options).toBe(COMMANDS.exporta.options);
    expect(Object.keys(COMMANDS.shell.options)).toEqual(
      Object.keys(STORE_OPTIONS.estado).filter((name) => Object.hasOwn(COMMANDS.shell.options, name)),
    );
    const commands = Object.entries(COMMANDS).flatMap(([name, { options }]) => {
      const isElsewhere =
        ['importa', 'shell', 'liga', 'perde', 'adianta', 'rastreia'].includes(name) ||
        Object.hasOwn(STORE_OPTIONS, name);
      return isElsewhere || Object.keys(options).length === 0 ? [] : [name];
    });
    expect(tabledCommands(read(path)).sort()).toEqual([...commands, STORE_BLOCK].sort());
  });
});

it.each(['README.pt-BR.md', 'README.md'])('%s leads to the page of options', (readme) => {
  expect(OPTION_PAGES.some(({ path }) => read(readme).includes(`(${path})`))).toBe(true);
});
