import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { benchFile } from './load.js';
import { until } from './processes.js';
import { scratchFolder } from './scratch.js';

/** Memory in bytes: heap and external, and resident. */
export interface MemoryUse {
  readonly used: number;
  readonly resident: number;
}

/** Options of Node for servers whose memory is asked with {@link memoryUse}. */
export function probeOptions(): readonly string[] {
  return ['--import', `file://${benchFile('support/memory-probe')}?${encodeURIComponent(scratchFolder())}`];
}

/** What these servers use together, after full collections. */
export async function memoryUse(servers: readonly { readonly pid: number }[]): Promise<MemoryUse> {
  let [used, resident] = [0, 0];
  for (const { pid } of servers) {
    const file = join(scratchFolder(), `memory-${pid}.json`);
    rmSync(file, { force: true });
    process.kill(pid, 'SIGUSR2');
    await until('the server says how much memory it uses', () => existsSync(file));
    const usage = JSON.parse(readFileSync(file, 'utf8')) as NodeJS.MemoryUsage;
    used += usage.heapUsed + usage.external;
    resident += usage.rss;
  }
  return { used, resident };
}
