// Builds the web pages below an output folder, beside the program: `node tools/build-panel.mjs dist`.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(resolve(process.argv[2] ?? join(root, 'dist')), 'panel');

await build({
  configFile: join(root, 'panel/vite.config.ts'),
  build: { outDir: out },
  logLevel: 'warn',
});

// Servers send these as they are: compressing takes longer than a start may.
for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const file = join(entry.parentPath, entry.name);
  const content = await readFile(file);
  const forms = {
    br: await promisify(brotliCompress)(content, {
      params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
    }),
    gz: await promisify(gzip)(content, { level: 9 }),
  };
  for (const [ending, form] of Object.entries(forms))
    if (form.length < content.length) await writeFile(`${file}.${ending}`, form);
}
