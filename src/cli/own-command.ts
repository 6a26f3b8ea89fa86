import { basename, delimiter, dirname, relative, resolve } from 'node:path';

/**
 * The command by which the person at this terminal starts this program, for messages that tell what to type. Pure.
 * @param path of the program as it was started, absolute
 * @param searchPath the variable PATH: what lies in a folder of it is called by its name
 * @param cwd where that person is
 */
export function ownCommand(path: string, searchPath: string, cwd: string): string {
  const folders = searchPath.split(delimiter).filter((folder) => folder !== '');
  if (folders.some((folder) => resolve(cwd, folder) === dirname(path))) return basename(path);
  const near = relative(cwd, path);
  if (near.startsWith('..')) return path;
  return near.includes('/') ? near : `./${near}`;
}
