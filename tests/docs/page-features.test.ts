import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Everything that drives the pages in a browser. */
const driving = [
  ...readdirSync(join(root, 'tests/panel/sections')).map((name) => `tests/panel/sections/${name}`),
  ...readdirSync(join(root, 'tests/panel/lab'))
    .filter((name) => name.endsWith('.e2e.test.ts'))
    .map((name) => `tests/panel/lab/${name}`),
];

/** Titles of the tests of a file, as they are written there. */
function titlesOf(path: string): string[] {
  const calls = read(path).matchAll(
    /\bit(?:\.concurrent|\.skipIf\([^\n]*?\)|\.each\([^;]*?\)(?: as const\))?)?\(\s*(['`])((?:(?!\1).)+)\1,/g,
  );
  return [...calls].map(([, , title = '']) => title);
}

const rows = [...read('docs/PAGES.md').matchAll(/^\| \w+ \| .+ \| `([^`]+)`: (.+) \|$/gm)].map(
  ([, file = '', title = '']) => ({ file, title }),
);

describe('docs/PAGES.md', () => {
  it('names tests that exist, each once, and leaves none out', () => {
    const named = rows.map(({ file, title }) => `${file}: ${title}`);
    const existing = driving.flatMap((file) => titlesOf(file).map((title) => `${file}: ${title}`));
    expect(existing.length).toBeGreaterThan(30);
    expect(named.toSorted()).toEqual(existing.toSorted());
  });

  it('finds as many tests as their files say', () => {
    for (const file of driving)
      expect([file, titlesOf(file).length]).toEqual([file, [...read(file).matchAll(/^ +it[.(]/gm)].length]);
  });

  it.each([...new Set([...read('docs/PAGES.md').matchAll(/`(tests\/[\w/.-]+)`/g)].map(([, path]) => path!))])(
    '%s is there',
    (path) => {
      expect(() => readdirSync(join(root, path.replace(/[^/]+$/, '')))).not.toThrow();
      expect(path.endsWith('/') || read(path) !== '').toBe(true);
    },
  );
});
