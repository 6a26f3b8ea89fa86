import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LAYERS } from './rules.js';

const page = new URL('../../docs/ARCHITECTURE.md', import.meta.url);
const ROW = /^\| `src\/([^`]+)` \| (.*?) \| ([^|]*) \|$/;

/** What the table says of a folder, from the rules: other folders, single modules of others, packages. */
function mayImport(folder: string): string {
  const { folders, modules = [], packages } = LAYERS[folder]!;
  const others = [...folders.filter((name) => name !== folder), ...modules].map((name) => `\`${name}\``);
  const outside = packages.map((name) => (name === 'node:*' ? 'Node' : `\`${name}\``));
  if (others.length + outside.length === 0) return 'itself alone';
  return others.join(', ') + (outside.length === 0 ? '' : `; from outside ${outside.join(', ')}`);
}

/** The page with the column as the rules have it. */
function written(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const [, folder, holds] = ROW.exec(line) ?? [];
      return folder === undefined || !(folder in LAYERS)
        ? line
        : `| \`src/${folder}\` | ${holds!} | ${mayImport(folder)} |`;
    })
    .join('\n');
}

// `npm run docs` writes the column and then finds it right.
if (process.env.UPDATE_DOCS === '1') writeFileSync(page, written(readFileSync(page, 'utf8')));

describe('the table of folders in docs/ARCHITECTURE.md', () => {
  const text = readFileSync(page, 'utf8');

  it('has one row for each folder of the rules, and no others', () => {
    const rows = text.split('\n').flatMap((line) => ROW.exec(line)?.[1] ?? []);
    expect(rows.sort()).toEqual(Object.keys(LAYERS).sort());
  });

  it('says what each folder may import (otherwise: npm run docs)', () => {
    expect(text).toBe(written(text));
  });

  it('names only folders that exist', () => {
    const missing = Object.keys(LAYERS).filter(
      (folder) => !existsSync(fileURLToPath(new URL(`../../src/${folder}`, import.meta.url))),
    );
    expect(missing).toEqual([]);
  });
});
