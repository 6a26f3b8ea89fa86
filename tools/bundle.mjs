// One CommonJS file of a TypeScript entry, for programs that import the package or are loaded by another program.
import { build } from 'esbuild';

/** Bundles what the repository holds; packages stay imports. @param {import('esbuild').BuildOptions} more */
export function bundle(root, entry, outfile, more = {}) {
  return build({
    ...{ entryPoints: [entry], outfile, bundle: true, absWorkingDir: root, logLevel: 'warning' },
    ...{ platform: 'node', target: 'node20.12', format: 'cjs', packages: 'external' },
    ...{ charset: 'utf8', keepNames: true },
    // CommonJS has no import.meta; the contracts are found from the file that runs.
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    ...more,
  });
}
