import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './machine.js';

/** Words of a command line that start `bin/kvs` of some build; its own arguments come after them. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** The build of the sources as they are now, as people start it. */
export const builtProgram: Program = { command: join(root, 'bin/kvs'), args: [] };

/**
 * The program of a build's folder, with options of Node beside those that its first line sets.
 * @throws Error if its first line sets none
 */
export function programIn(folder: string, more: readonly string[]): Program {
  return { command: process.execPath, args: [...nodeOptions(folder), ...more, join(folder, 'bin/kvs')] };
}

/**
 * The options of Node that `bin/kvs` sets in its first line.
 * @throws Error if there are none
 */
export function nodeOptions(folder = root): string[] {
  const [first = ''] = readFileSync(join(folder, 'bin/kvs'), 'utf8').split('\n');
  const options = first.split(' ').filter((word) => word.startsWith('--'));
  if (options.length === 0) throw new Error('bin/kvs sets no option of Node');
  return options;
}
