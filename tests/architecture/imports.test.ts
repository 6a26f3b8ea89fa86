import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  FILE_LINES_MAX,
  LAYERS,
  PURE_FOLDERS,
  impurities,
  importViolations,
  layerOf,
  panelViolations,
  tooLong,
} from './rules.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every TypeScript file below a folder of the project: path below it (with `/`) and text. */
function sources(folder: string): { file: string; text: string }[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      file: relative(join(root, folder), path).split(sep).join('/'),
      text: readFileSync(path, 'utf8'),
    }));
}

describe('layers and purity of the code', () => {
  const src = sources('src');
  const panel = sources('panel/src').map(({ file, text }) => ({ file: `src/${file}`, text }));

  it('the code that is checked is found', () => {
    expect(src.length).toBeGreaterThan(10);
    const folders = new Set(src.map(({ file }) => layerOf(file)));
    for (const folder of Object.keys(LAYERS)) expect(folders).toContain(folder);
  });

  it('each folder imports only what the table of layers allows', () => {
    expect(src.flatMap(({ file, text }) => importViolations(file, text))).toEqual([]);
  });

  it('the pages of the browser import what they may', () => {
    expect(panel.length).toBeGreaterThan(2);
    expect(panel.flatMap(({ file, text }) => panelViolations(file, text))).toEqual([]);
  });

  it('core, engines and replication read no clock, randomness, timer, process or console', () => {
    expect(src.flatMap(({ file, text }) => impurities(file, text))).toEqual([]);
  });

  it(`no file exceeds ${FILE_LINES_MAX} lines`, () => {
    const all = [...src, ...panel, ...sources('tests'), ...sources('bench'), ...sources('node-red')];
    expect(all.flatMap(({ file, text }) => tooLong(file, text))).toEqual([]);
  });
});

describe('the checker itself', () => {
  it.each([
    ['core/a.ts', `import type { Bus } from '../ports/bus.js';`],
    ['core/a.ts', `import { readFileSync } from 'node:fs';`],
    ['core/a.ts', `const late = await import('../mqtt/mqtt-connection.js');`],
    ['core/a.ts', `export * from '../engines/fleet/engine.js';`],
    ['core/deep/a.ts', `import x from '../../doors/start.js';`],
    ['ports/a.ts', `import { FleetEngine } from '../engines/fleet/engine.js';`],
    ['engines/fleet/replication/a.ts', `import mqtt from 'mqtt';`],
    ['engines/fleet/a.ts', `import { pino } from 'pino';`],
    ['mqtt/a.ts', `import grpc from '@grpc/grpc-js';`],
    ['engines/fleet/bus/a.ts', `import { x } from '../engine.js';`],
    ['doors/grpc/kvs/a.ts', `import { FleetEngine } from '../../../engines/fleet/engine.js';`],
    ['doors/grpc/kvs/a.ts', `import { connect } from 'mqtt';`],
    ['cli/a.ts', `import { Store } from '../core/store.js';`],
    ['cli/a.ts', `import { x } from '../doors/start.js';`],
    ['app/a.ts', `import { main } from '../cli/main.js';`],
    ['extra/a.ts', ``],
    ['doors/grpc/kvs/a.ts', `import { status } from '@grpc/grpc-js/build/src/constants.js';`],
    ['doors/grpc/protocol/a.ts', `import { grpcStatus } from '../errors.js';`],
    ['doors/grpc/protocol/a.ts', `import type { Engine } from '../../../ports/engine.js';`],
    ['doors/port/a.ts', `import { ServerCall } from '../grpc/protocol/server-call.js';`],
    ['doors/http/a.ts', `import { status } from '../grpc/protocol/status.js';`],
    ['doors/start.ts', `import { connect } from 'node:http2';`],
  ])('reports the forbidden import in %s: %s', (file, text) => {
    expect(importViolations(file, text)).toHaveLength(1);
  });

  it.each([
    `import { readFileSync } from 'node:fs';`,
    `import { Store } from '../../src/core/store.js';`,
    `import mqtt from 'mqtt';`,
    `import { x } from '../../tests/x.js';`,
  ])('reports the forbidden import of a page: %s', (text) => {
    expect(panelViolations('src/a.tsx', text)).toHaveLength(1);
  });

  it.each([
    `import { render } from 'preact'; import './styles/base.css';`,
    `import { useState } from 'preact/hooks'; import { say } from './text.js';`,
    `import type { LineJson } from '../../src/doors/http/schemas.js';`,
  ])('accepts the import of a page: %s', (text) => {
    expect(panelViolations('src/a.tsx', text)).toEqual([]);
  });

  it.each([
    ['core/a.ts', `import { dot } from './dot.js';`],
    ['engines/fleet/engine.ts', `import { Outbox } from './replication/outbox.js';`],
    ['mqtt/a.ts', `import mqtt from 'mqtt'; import net from 'node:net';`],
    ['engines/consensus/a.ts', `import { status } from '@grpc/grpc-js/build/src/constants.js';`],
    ['doors/grpc/protocol/a.ts', `import { cut } from '../../port/cut.js'; import http2 from 'node:http2';`],
    ['cli/a.ts', `import { KvsError } from '../core/errors.js';`],
    ['app/server.ts', `import { startDoors } from '../doors/start.js';`],
    ['core/a.ts', `// import x from 'mqtt';\nconst text = "import y from 'mqtt'";`],
  ])('accepts the allowed import in %s: %s', (file, text) => {
    expect(importViolations(file, text)).toEqual([]);
  });

  it.each([
    'const t = Date.now();',
    'const t = new Date();',
    'const r = Math.random();',
    'const t = performance.now();',
    'setTimeout(() => {}, 1);',
    'const timer = setInterval;',
    'setImmediate(f);',
    'const { env } = process;',
    'process.exit(1);',
    'console.log(1);',
    'globalThis.setTimeout(f, 1);',
    'const holder = { setTimeout };',
  ])('reports in every pure folder: %s', (text) => {
    for (const folder of PURE_FOLDERS) expect(impurities(`${folder}/a.ts`, text)).toHaveLength(1);
  });

  it.each([
    '// Date.now() and process.exit()',
    "const text = 'Math.random()';",
    'const t = time.setTimeout;',
    'const d = new Date(wallMs);',
    'interface T { process: string }',
    'class C { console(): void {} }',
  ])('accepts: %s', (text) => {
    expect(impurities('core/a.ts', text)).toEqual([]);
  });

  it('does not require purity of folders that talk to the outside world', () => {
    expect(impurities('mqtt/a.ts', 'setTimeout(f, Date.now());')).toEqual([]);
  });

  it('reports a file that is too long, and only that', () => {
    expect(tooLong('a.ts', 'x\n'.repeat(FILE_LINES_MAX))).toEqual([]);
    expect(tooLong('a.ts', 'x\n'.repeat(FILE_LINES_MAX + 1))).toHaveLength(1);
  });

  it('every folder of the table has its own rule', () => {
    for (const [folder, rule] of Object.entries(LAYERS)) {
      expect(rule.folders.includes(folder), folder).toBe(true);
    }
  });
});
