import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const WAIT_MS_MAX = 120_000;
const RETRY_MS = 10;
const OWNER_MS_MAX = 5_000;

/**
 * Does something while no other process does it that names the same folder; the folder exists meanwhile, and is gone
 * with all that lies in it afterwards. A lock whose owner is dead is taken away.
 * @throws Error if another process holds the lock for too long
 */
export async function underLock(folder: string, work: () => Promise<void>): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX;
  while (!(await take(folder))) {
    if (performance.now() > endMs)
      throw new Error(`another process has held ${folder} for ${WAIT_MS_MAX} ms`);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  try {
    await work();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function take(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    await writeFile(join(folder, 'pid'), String(process.pid));
    return true;
  } catch {
    if (!(await hasOwner(folder))) await rm(folder, { recursive: true, force: true });
    return false;
  }
}

/** Whether a living process holds the lock. One that has not yet said which is given a moment. */
async function hasOwner(folder: string): Promise<boolean> {
  const owner = await readFile(join(folder, 'pid'), 'utf8').catch(() => undefined);
  if (owner !== undefined) return isAlive(Number(owner));
  const made = await stat(folder).catch(() => undefined);
  return made !== undefined && Date.now() - made.mtimeMs < OWNER_MS_MAX;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
