import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const live = new Set<ChildProcess>();

/** Sees to it that a child ends with this process, however that is cut: a test must leave nothing behind. */
export function endsWithTest(child: ChildProcess): void {
  live.add(child);
  child.once('exit', () => live.delete(child));
}

const folders: string[] = [];

/** A folder of its own that is gone with this process, after the children that use it: a test must leave nothing behind. */
export async function folderOfTest(prefix: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  folders.push(folder);
  return folder;
}

function killAll(): void {
  for (const child of live) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

process.once('exit', killAll);
process.once('disconnect', killAll);
process.once('SIGTERM', () => {
  killAll();
  process.exit(1);
});
