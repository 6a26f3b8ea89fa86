import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadedWith, valueImports } from './client-start.js';

const source = fileURLToPath(new URL('../../src', import.meta.url));

/** The commands that people and scripts start again and again, and what they load on demand for one call. */
const CLIENTS = {
  'kvs cliente, client.sh': ['cli/main', 'cli/client-command'],
  'kvs insere': ['cli/main', 'cli/store/command', 'cli/store/writes'],
  'kvs consulta': ['cli/main', 'cli/store/command', 'cli/store/reads'],
  'kvs remove': ['cli/main', 'cli/store/command', 'cli/store/removals'],
} as const;
const WITHOUT_SERVER = {
  'kvs --version': ['cli/main', 'files/program-version'],
  'kvs completa': ['cli/main', 'cli/completion/scripts'],
} as const;

/** Folders of which a client needs something; none of a server, a broker, etcd or a page. */
const FOLDERS = ['cli', 'client', 'config', 'core', 'files', 'ports', 'security'];
/** The address of a broker is read as an option of servers, of which the table of options is one. */
const SINGLE = ['mqtt/broker-url', 'mqtt/limits'];
const PACKAGES = ['@grpc/grpc-js', 'picocolors', 'protobufjs', 'yargs'];
/** A third more than today. */
const MODULES_MAX = 150;

describe('what a command loads until its call', () => {
  it.each(Object.entries(CLIENTS))('%s: no server, broker, etcd or page', (_, starts) => {
    const { modules, packages } = loadedWith(source, starts);
    expect(strangers(modules)).toEqual([]);
    expect([...packages].filter((name) => !PACKAGES.includes(name))).toEqual([]);
    expect(modules.size).toBeLessThan(MODULES_MAX);
  });

  it.each(Object.entries(WITHOUT_SERVER))('%s: nor a client', (_, starts) => {
    const { modules, packages } = loadedWith(source, starts);
    expect(strangers(modules)).toEqual([]);
    expect([...packages]).toEqual(['yargs']);
  });

  it('types and what is imported on demand are not loaded', () => {
    const text = `import type { A } from './a.js';
      import { b } from './b.js'; import './c.js'; export { d } from './d.js'; export type { E } from './e.js';
      const f = () => import('./f.js'); import { type G, g } from 'g';`;
    expect(valueImports(text)).toEqual(['./b.js', './c.js', './d.js', 'g']);
  });
});

function strangers(modules: ReadonlySet<string>): string[] {
  return [...modules].filter((name) => !FOLDERS.includes(name.split('/')[0] ?? '') && !SINGLE.includes(name));
}
