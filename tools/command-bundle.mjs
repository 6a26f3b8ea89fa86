// The command line as one file, for quick starts: what clients of a server need, their libraries included.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const commands = join(root, 'src/cli');

/**
 * Modules of commands that are no clients: they stay outside, as separate files of the build, and are loaded from there.
 * A server lives long, so its start may take longer; and nobody who asks one should load it.
 */
export const OUTSIDE = [
  'server-command',
  'leader/server-command',
  'demo/command',
  'laboratory/run-command',
  'laboratory/export-command',
  'correction/command',
  'conformance/command',
  'tls/certificates-command',
];

/**
 * Bundles the command line in CommonJS, of which Node can keep the compiled code (see bin/load-command.js).
 * @param outfile in a folder beside `src` of the build
 * @returns esbuild's result, with what the bundle is made of
 */
export function bundleCommand(outfile) {
  return build({
    ...{ entryPoints: [join(commands, 'main.ts')], outfile, bundle: true, write: false, metafile: true },
    ...{ platform: 'node', target: 'node20.12', format: 'cjs' },
    // Node reads a file of ASCII several times as fast, and keeps it in half the memory.
    charset: 'ascii',
    // CommonJS has no import.meta; contracts and version are found from the file that runs.
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    plugins: [commandsOutside, textsOfYargs],
    absWorkingDir: root,
    logLevel: 'warning',
  });
}

const commandsOutside = {
  name: 'commands that are no clients',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      const name = join(resolveDir, path).slice(commands.length + 1, -'.js'.length);
      if (kind !== 'dynamic-import' || !OUTSIDE.includes(name)) return undefined;
      return { path: `../src/cli/${name}.js`, external: true };
    });
  },
};

/** yargs finds its texts in Portuguese from where its own file lies. */
const textsOfYargs = {
  name: 'texts of yargs',
  setup({ onLoad }) {
    onLoad({ filter: /yargs[\\/]lib[\\/]platform-shims[\\/]esm\.mjs$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const own =
        "new URL('lib/platform-shims/esm.mjs', require('node:url').pathToFileURL(require.resolve('yargs/package.json'))).href";
      return { contents: text.replaceAll('import.meta.url', own), loader: 'js' };
    });
  },
};
