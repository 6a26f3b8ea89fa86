import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVitest } from 'vitest/node';
import type { Vitest } from 'vitest/node';
import { LANES } from '../lanes.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Lanes by file, as vitest itself runs them. */
const lanes = new Map<string, string[]>();
let vitest: Vitest;

beforeAll(async () => {
  vitest = await createVitest('test', { root, watch: false, run: true });
  for (const { moduleId, project } of await vitest.globTestSpecifications()) {
    const file = relative(root, moduleId);
    lanes.set(file, [...(lanes.get(file) ?? []), project.name]);
  }
});
afterAll(async () => {
  await vitest.close();
});

describe('the test lanes', () => {
  it('together contain every test file', () => {
    const files = ['src', 'tests', 'bench'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /[._-](test|tests|spec)\.[cm]?[jt]sx?$/.test(name))
        .map((name) => join(folder, name)),
    );
    expect([...lanes.keys()].sort()).toEqual(files.sort());
  });

  it('share no file', () => {
    expect([...lanes].filter(([, names]) => names.length !== 1)).toEqual([]);
  });

  it('contain no file with an unknown suffix', () => {
    const odd = [...lanes.keys()].filter((file) => !/\/[\w-]+(\.integration|\.e2e)?\.test\.ts$/.test(file));
    expect(odd).toEqual([]);
  });

  it('each have a command of their own', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const { name } of LANES) expect(scripts[`test:${name}`]).toBe(`vitest run --project ${name}`);
    expect(scripts.test).toBe('vitest run');
  });

  it('for other Node.js versions name only folders and files that exist', () => {
    const script = readFileSync(join(root, 'tests/shell/nodes.sh'), 'utf8');
    const named = [...script.matchAll(/\btests\/[\w/.-]+/g)].map(([path]) => path);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
