/** Writes what the corrector says into the pages of the exercises. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { GUIDE_PAGES, withCorrections } from './guide-blocks.js';

for (const path of GUIDE_PAGES) {
  const file = fileURLToPath(new URL(`../../../${path}`, import.meta.url));
  await writeFile(file, await withCorrections(await readFile(file, 'utf8')));
}
