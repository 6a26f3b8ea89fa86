import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/config/commands.js';
import { OPTION_PAGES, tabledCommands, withOptionTables } from './option-tables.js';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

describe.each(OPTION_PAGES)('the tables of $path', ({ path, language }) => {
  it('say what the option definitions say (npm run docs:options writes them)', () => {
    expect(read(path)).toBe(withOptionTables(read(path), language));
  });

  it('cover all commands', () => {
    // Both copies have the same options.
    const commands = Object.keys(COMMANDS).filter((name) => name !== 'importa');
    expect(COMMANDS.importa.options).toBe(COMMANDS.exporta.options);
    expect(tabledCommands(read(path)).sort()).toEqual(commands.sort());
  });
});

it.each(['README.pt-BR.md', 'README.md'])('%s leads to the page of options', (readme) => {
  expect(OPTION_PAGES.some(({ path }) => read(readme).includes(`(${path})`))).toBe(true);
});
