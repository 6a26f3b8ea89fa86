// Copies what the compiler leaves behind beside the compiled modules that read it: `node tools/copy-functions.mjs dist`.
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = 'src/engines/partitions/functions.lua';
const target = join(resolve(process.argv[2] ?? join(root, 'dist')), file);
mkdirSync(dirname(target), { recursive: true });
copyFileSync(join(root, file), target);
