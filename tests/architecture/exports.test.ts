import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ExportTable } from './exports.js';
import type { SourceFile } from './exports.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What tests look into though no program does, each with the reason. */
const FOR_TESTS: Readonly<Record<string, string>> = {
  'src/app/logger.ts pinoLogger': 'a log of any level to any stream',
  'src/app/reload.ts Reloads': 'reloads without a signal to the process of the tests',
  'src/cli/main.ts main': 'bin/kvs starts it',
  'src/cli/shell/line-history.ts keptLine': 'what of a line is kept, without a file',
  'src/client/request-id.ts requestId': 'an id of any age',
  'src/config/option.ts defaultOf': 'the tables in the guides are made from it',
  'src/config/option.ts meaningOf': 'the tables in the guides are made from it',
  'src/doors/grpc/errors.ts ERROR_METADATA': 'the name that is promised to clients',
  'src/doors/grpc/errors.ts GRPC_OUTCOMES': 'the table that is promised to clients',
  'src/doors/http/problems.ts HTTP_STATUSES': 'the table that is promised to clients',
  'src/engines/consensus/layout.ts escapeKey': 'the layout that docs/CONSENSUS.md promises',
  'src/engines/consensus/records.ts NO_HEAD': 'the records that docs/CONSENSUS.md promises',
  'src/engines/consensus/records.ts decodeHead': 'the records that docs/CONSENSUS.md promises',
  'src/laboratory/vector-clocks.ts happensBefore': 'what vector clocks are for',
  'src/laboratory/write-recording.ts recordingText': 'a whole recording at once',
  'src/mqtt/topic-rules.ts topicGrants': 'what mosquitto-acl.conf must say',
  'src/portal/layout.ts disciplinaKey': 'the keys that the document promises',
  'src/portal/layout.ts professorKey': 'the keys that the document promises',
};

function sources(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ file: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }));
}

describe('exported names of src and panel', () => {
  const table = new ExportTable(['src', 'panel', 'node-red', 'bench', 'tests'].flatMap(sources));

  it('the code that is checked is found', () => {
    expect(table.exports.length).toBeGreaterThan(500);
  });

  it('are each imported somewhere (otherwise: remove the "export", or the name)', () => {
    expect(table.unused()).toEqual([]);
  });

  it('have a reason in FOR_TESTS where only tests import them', () => {
    expect(table.forTestsOnly().sort()).toEqual(Object.keys(FOR_TESTS).sort());
  });

  it('are each exported by one file only', () => {
    expect(table.homonyms()).toEqual([]);
  });
});

describe('the checker itself', () => {
  const tableOf = (files: Readonly<Record<string, string>>): ExportTable =>
    new ExportTable(Object.entries(files).map(([file, text]) => ({ file, text })));

  it('follows the pages too', () => {
    const table = tableOf({
      'panel/src/view.tsx': 'export const View = 1, Unused = 2;',
      'panel/src/main.tsx': `import { View } from './view.js';`,
    });
    expect(table.unused()).toEqual(['panel/src/view.tsx Unused']);
  });

  it('reports what nothing imports, and what only a test imports', () => {
    const table = tableOf({
      'src/a.ts':
        'export const used = 1, [unused] = [2]; export function tested() {} export interface Free {}',
      'src/core/b.ts': `import { used as other } from '../a.js';`,
      'tests/a.test.ts': `import { tested, used, type Free } from '../src/a.js';`,
    });
    expect(table.unused()).toEqual(['src/a.ts unused']);
    expect(table.forTestsOnly()).toEqual(['src/a.ts tested']);
  });

  it.each([
    `import * as a from '../a.js';`,
    `const a = await import('../a.js');`,
    `export * from '../a.js';`,
    `export { x } from '../a.js';`,
    `type X = import('../a.js').x;`,
  ])('accepts: %s', (text) => {
    expect(tableOf({ 'src/a.ts': 'export class x {}', 'src/core/b.ts': text }).unused()).toEqual([]);
  });

  it('reports a name exported by two files, but not one exported twice by the same file', () => {
    const table = tableOf({
      'src/a.ts': 'export type Same = 1; export const Same = 1; export class One {}',
      'src/core/b.ts': 'export interface Same {} interface One {}',
    });
    expect(table.homonyms()).toEqual(['Same: src/a.ts, src/core/b.ts']);
  });
});
