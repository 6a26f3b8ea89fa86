/**
 * Loaded into a server before its program (`node --import …/memory-probe.js?<folder> bin/kvs …`): at SIGUSR2 it collects
 * all garbage and writes what the process uses to `<folder>/memory-<pid>.json`. So memory is asked of any build,
 * whatever its inside looks like.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** What is freed in one collection lets go of more in the next. */
const COLLECTIONS = 4;
const PAUSE_MS = 50;

const folder = decodeURIComponent(new URL(import.meta.url).search.slice(1));

process.on('SIGUSR2', () => {
  void answer();
});

async function answer(): Promise<void> {
  const session = new Session();
  session.connect();
  for (let i = 0; i < COLLECTIONS; i++) {
    // Unlike `gc()`, this also gives memory back to the system.
    session.post('HeapProfiler.collectGarbage');
    await pause(PAUSE_MS);
  }
  session.disconnect();
  const file = join(folder, `memory-${process.pid}.json`);
  writeFileSync(`${file}.new`, JSON.stringify(process.memoryUsage()));
  renameSync(`${file}.new`, file);
}
