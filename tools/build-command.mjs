// Builds the command line as one file below an output folder, with its compiled code: `node tools/build-command.mjs dist`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { bundleCommand } from './command-bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = join(resolve(process.argv[2] ?? join(root, 'dist')), 'comando/kvs.cjs');
const compiled = `${file}.compilado`;

const { outputFiles } = await bundleCommand(file);
mkdirSync(dirname(file), { recursive: true });
// Code of another bundle would be taken for that of this one if both are of one length.
rmSync(compiled, { force: true });
writeFileSync(file, ascii(outputFiles[0].text.replaceAll('import("../src/', 'loadOutside("../src/')));

// Compiled code is good only for the options of V8 that it was made with.
const [first] = readFileSync(join(root, 'bin/kvs'), 'utf8').split('\n');
const options = first.split(' ').filter((word) => word.startsWith('--'));
const own = ([name]) => name !== 'NODE_OPTIONS' && !name.startsWith('KVS_');
const { status, stderr } = spawnSync(
  process.execPath,
  [...options, join(root, 'tools/compile-command.cjs'), file, String(await closedPort())],
  { env: Object.fromEntries(Object.entries(process.env).filter(own)), encoding: 'utf8', timeout: 60_000 },
);
if (status !== 0) throw new Error(`the commands could not be compiled: ${stderr}`);

/** What esbuild leaves as it is are regular expressions and comments, where an escape means the same. */
function ascii(text) {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A port on which nobody listens. */
function closedPort() {
  return new Promise((found, failed) => {
    const server = createServer().on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}
