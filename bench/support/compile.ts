import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './machine.js';

const run = promisify(execFile);

/**
 * Compiles a tree of sources, its types found in `node_modules` above or in it.
 * @param options further options of the compiler
 * @throws Error with the compiler's output
 */
export async function compile(tree: string, outDir: string, options: readonly string[] = []): Promise<void> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const words = [compiler, '-p', 'tsconfig.build.json', '--outDir', outDir, ...options];
  try {
    await run(process.execPath, words, { cwd: tree });
  } catch (error) {
    throw new Error(`the build failed:\n${(error as { stdout?: string }).stdout ?? ''}`, { cause: error });
  }
}
