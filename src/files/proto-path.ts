import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The path of a file in `proto`, the folder beside `src` and above the build. @throws Error if it does not exist */
export function protoPath(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'proto', name))) {
    if (folder === dirname(folder)) throw new Error(`proto/${name} not found`);
    folder = dirname(folder);
  }
  return join(folder, 'proto', name);
}
