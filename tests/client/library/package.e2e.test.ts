import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, root } from '../../support/e2e-build.js';
import { freePort } from '../../support/net.js';
import { ServerProcess } from '../../support/server-process.js';

const run = promisify(execFile);

/**
 * Largest package, in bytes: it holds the program with its pages, the commands as one file with the libraries that they use,
 * the library and the contracts, and nothing else. Compiled code is good for one version of Node, and stays out.
 */
const PACKAGE_BYTES_MAX = 1_700_000;

const PAGES = ['docs/guia/biblioteca.md', 'docs/guia/en/biblioteca.md'];

/** The programs of a page, each with the output that the page shows after it. */
function programs(path: string): { language: string; program: string; output: string }[] {
  const blocks = [...readFileSync(join(root, path), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, language = '', program = ''], at) =>
    language === 'text' ? [] : [{ language, program, output: blocks[at + 1]?.[2] ?? '' }],
  );
}

/** Files that every check reads, parsed once. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** Compiles a program strictly, with the types of the package and no errors in these either. @returns the errors */
function check(folder: string, name: string, how: ts.CompilerOptions): string[] {
  const options = { strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, ...how };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, languageVersion) => {
    const format = typeof languageVersion === 'object' ? languageVersion.impliedNodeFormat : undefined;
    const key = `${file} ${format}`;
    if (!parsed.has(key)) parsed.set(key, read(file, languageVersion));
    return parsed.get(key);
  };
  host.getCurrentDirectory = () => folder;
  const program = ts.createProgram([join(folder, name)], options, host);
  const files = program
    .getSourceFiles()
    .filter(({ fileName }) => !/node_modules\/(?!kvs-frota)/.test(fileName));
  program.emit(program.getSourceFile(join(folder, name)));
  return [
    ...program.getOptionsDiagnostics(),
    ...files.flatMap((file) => [...ts.getPreEmitDiagnostics(program, file)]),
  ].map(({ messageText, file }) => `${file?.fileName} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
}

describe('the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-pacote-'));
  const tarball = (): string =>
    join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.tgz'))!,
    );
  let servers: ServerProcess[];

  beforeAll(async () => {
    await ensureBuilt();
    await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root });
    writeFileSync(join(folder, 'package.json'), '{ "name": "programa", "private": true }\n');
    const install = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball()];
    await run('npm', install, { cwd: folder });
    const brokerPort = await freePort();
    const args = ['--broker-local', `127.0.0.1:${brokerPort}`];
    // As whoever installed it starts it.
    const program = join(folder, 'node_modules/.bin/kvs');
    const start = () => ServerProcess.start({ fleet: 'pacote', args, program });
    servers = [await start(), await start()];
  }, 180_000);
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.kill9()));
    rmSync(folder, { recursive: true, force: true });
  });

  it('is small, and holds no sources', async () => {
    expect(statSync(tarball()).size).toBeLessThan(PACKAGE_BYTES_MAX);
    const { stdout } = await run('tar', ['-tzf', tarball()]);
    const names = stdout.trim().split('\n');
    for (const name of [
      'LICENSE',
      'README.md',
      'proto/loja.proto',
      'bin/kvs',
      'dist/cliente/index.cjs',
      'dist/comando/kvs.cjs',
      'dist/panel/index.html',
    ]) {
      expect(names).toContain(`package/${name}`);
    }
    const others =
      /^package\/(bin|dist\/(cliente|comando|panel|src)|docs\/kvs\.1$|proto|(replica|particoes)\.sh$|LICENSE$|README(\.pt-BR)?\.md$|package\.json$)/;
    expect(
      names.filter((name) => !others.test(name) || /\.(map|compilado)$|(?<!\.d)\.ts$/.test(name)),
    ).toEqual([]);
  });

  it('has no fault that publint or arethetypeswrong knows', async () => {
    const data = readFileSync(tarball());
    const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    const { messages, pkg } = await publint({ pack: { tarball: bytes }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
    const checked = await checkPackage(createPackageFromTarballData(new Uint8Array(bytes)));
    if (checked.types === false) throw new Error('no types');
    const { entrypoints, problems } = checked;
    expect(Object.keys(entrypoints)).toContain('./cliente');
    expect(problems).toEqual([]);
  });

  it('starts the program, and is one class of errors for both kinds of programs', async () => {
    const { stdout } = await run('npx', ['--no-install', 'kvs', '--help'], { cwd: folder });
    expect(stdout).toContain('kvs servidor');
    writeFileSync(
      join(folder, 'one.mjs'),
      `import { createRequire } from 'node:module';
       import * as esm from 'kvs-frota/cliente';
       const cjs = createRequire(import.meta.url)('kvs-frota/cliente');
       console.log(Object.keys(esm).sort().join(), esm.Kvs === cjs.Kvs, esm.KvsError === cjs.KvsError);`,
    );
    const one = await run(process.execPath, ['one.mjs'], { cwd: folder });
    expect(one.stdout).toBe('Kvs,KvsError true true\n');
  });

  it.each(programs(PAGES[0]!))(
    'runs the $language program of the guide',
    async ({ language, program, output }) => {
      const name = { js: 'programa.mjs', cjs: 'programa.cjs', ts: 'programa.mts' }[language]!;
      const text = program
        .replaceAll('127.0.0.1:9000', `127.0.0.1:${servers[0]!.port}`)
        .replaceAll('127.0.0.1:9001', `127.0.0.1:${servers[1]!.port}`);
      writeFileSync(join(folder, name), text);
      let file = name;
      if (language === 'ts') {
        expect(check(folder, name, { moduleResolution: ts.ModuleResolutionKind.Bundler })).toEqual([]);
        expect(check(folder, name, { module: ts.ModuleKind.Node16 })).toEqual([]);
        file = 'programa.mjs';
      }
      const { stdout, stderr } = await run(process.execPath, [file], { cwd: folder, timeout: 30_000 });
      expect(stdout).toBe(output);
      expect(stderr).toBe('');
    },
  );

  it('gives types to CommonJS programs too, with every way to find modules', () => {
    writeFileSync(
      join(folder, 'tipos.cts'),
      `import { Kvs, KvsError, type KvsLine } from 'kvs-frota/cliente';
       export const read = async (kvs: Kvs): Promise<KvsLine | undefined> => kvs.get('k');
       export const code = (error: KvsError): 'VERSAO_OUTRA' | undefined =>
         error.code === 'VERSAO_OUTRA' ? error.code : undefined;
       // @ts-expect-error: no number is a value
       export const wrong = (kvs: Kvs) => kvs.put('k', 1);\n`,
    );
    expect(check(folder, 'tipos.cts', { module: ts.ModuleKind.Node16 })).toEqual([]);
    const old = { module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 };
    expect(check(folder, 'tipos.cts', old)).toEqual([]);
  });

  it('shows the same programs in both languages', () => {
    expect(programs(PAGES[1]!)).toEqual(programs(PAGES[0]!));
    expect(programs(PAGES[0]!).map(({ language }) => language)).toEqual(['js', 'js', 'cjs', 'ts']);
  });
});
