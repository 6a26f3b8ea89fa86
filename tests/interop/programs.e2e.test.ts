import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/net.js';
import { ServerProcess } from '../support/server-process.js';
import { GO_PACKAGES, isInstalled, PYTHON, underGoCache } from './clients.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const PROTO = join(root, 'proto');

// The programs connect to this machine, whatever proxy is meant for others.
const direct = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));

/** The fenced blocks of a page in a language, in order. */
function blocks(page: string, language: string): string[] {
  const found = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return found.filter(([, of]) => of === language).map(([, , text = '']) => text);
}

const pageOf = (folder: string): Promise<string> => readFile(join(root, folder, 'programas.md'), 'utf8');

const hasProtoc = (): boolean => spawnSync('protoc', ['--version'], { stdio: 'ignore' }).status === 0;
const python = isInstalled(
  'generating Python',
  'protobuf-compiler protobuf-compiler-grpc python3-grpcio',
  () =>
    hasProtoc() &&
    existsSync('/usr/bin/grpc_python_plugin') &&
    spawnSync(PYTHON, ['-c', 'import grpc, google.protobuf'], { stdio: 'ignore' }).status === 0,
);
const go = isInstalled(
  'generating Go',
  'protobuf-compiler protoc-gen-go-1-3 golang-go golang-google-grpc-dev',
  // Code of newer generators does not go with Debian's library.
  () =>
    hasProtoc() &&
    existsSync('/usr/share/doc/protoc-gen-go-1-3') &&
    existsSync(join(GO_PACKAGES, 'src/google.golang.org/grpc')),
);

describe('the programs of the guide', () => {
  let page: string;
  let folder: string;
  let server: ServerProcess;
  let address: string;

  beforeAll(async () => {
    page = await pageOf('docs/guia');
    folder = await mkdtemp(join(tmpdir(), 'kvs-programs-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const onEmptyServer = async (attempt: () => Promise<string>): Promise<void> => {
    const args = ['--broker-local', `127.0.0.1:${await freePort()}`];
    server = await ServerProcess.start({ fleet: 'programas', args });
    try {
      await server.ready();
      address = `127.0.0.1:${server.port}`;
      const printed = await attempt();
      const lines = printed.split('\n').map((line) => line.trimEnd());
      expect(lines.join('\n').trimEnd()).toBe(blocks(page, 'text')[0]?.trimEnd());
    } finally {
      await server.stop();
    }
  };

  it('are the same in both languages', async () => {
    const english = await pageOf('docs/guia/en');
    for (const language of ['text', 'python', 'go', 'java', 'rust', 'toml']) {
      expect(blocks(page, language).length, language).toBeGreaterThan(0);
      expect(blocks(english, language)).toEqual(blocks(page, language));
    }
  });

  it.skipIf(!python)('Python', { timeout: 180_000 }, () =>
    onEmptyServer(async () => {
      await writeFile(join(folder, 'exemplo.py'), blocks(page, 'python')[0] ?? '');
      const plugin = '--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin';
      await run('protoc', [
        '-I',
        PROTO,
        `--python_out=${folder}`,
        `--grpc_python_out=${folder}`,
        plugin,
        'loja.proto',
      ]);
      return (await run(PYTHON, [join(folder, 'exemplo.py'), address], { env: direct })).stdout;
    }),
  );

  it.skipIf(!go)('Go', { timeout: 240_000 }, () =>
    onEmptyServer(async () => {
      const source = join(folder, 'go/src/exemplo');
      const generated = join(source, 'lojapb');
      await mkdir(generated, { recursive: true });
      await writeFile(join(source, 'exemplo.go'), blocks(page, 'go')[0] ?? '');
      await run('protoc', [
        '-I',
        PROTO,
        `--go_out=plugins=grpc,paths=source_relative:${generated}`,
        'loja.proto',
      ]);
      const program = join(folder, 'exemplo');
      await underGoCache(async (env) => {
        const GOPATH = `${join(folder, 'go')}:${GO_PACKAGES}`;
        await run('go', ['build', '-o', program, 'exemplo'], { env: { ...env, GOPATH } });
      });
      return (await run(program, [address], { env: direct })).stdout;
    }),
  );
});
