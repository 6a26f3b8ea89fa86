import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version of this program, as its `package.json` has it; empty if that cannot be read. */
export function programVersion(): string {
  // The sources and the built program lie at different depths below it.
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const read = versionIn(join(folder, 'package.json'));
    if (read !== undefined || folder === dirname(folder)) return read ?? '';
  }
}

function versionIn(file: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
