import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { lineWords } from '../../src/cli/shell/line-words.js';
import { startDoors } from '../../src/doors/start.js';
import { RecordingLogger } from '../support/doors.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { realTime } from '../support/real-time.js';
import { runHere } from './in-process.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/guia/comandos.md', import.meta.url)), 'utf8');

/** Moments differ from one run to the next. */
function timeless(text: string): string {
  return text
    .replace(/\d{2}\/\d{2}\/\d{4} \d{2}:\d{2}:\d{2},\d{3}/g, 'dd/mm/aaaa hh:mm:ss,mmm')
    .replace(/"(ts|expira)":[1-9]\d+/g, '"$1":ms');
}

it('the commands of the guide answer as it says', async () => {
  const engine = new MemoryEngine();
  const doors = await startDoors({
    ...{ port: 0, engine, engineHealth: 'kvs.frota', time: realTime, logger: new RecordingLogger() },
    status: {
      serverName: () => 'n1',
      status: () => {
        throw new Error('nobody asks');
      },
    },
  });
  doors.setServing(true);
  try {
    const session = page
      .split('\n')
      .filter((line) => line.startsWith('    '))
      .map((line) => line.slice(4));
    const end = session.findIndex((line) => line.startsWith('$ ./client.sh'));
    const shown = session.slice(0, end);
    const told: string[] = [];
    for (const line of shown.filter((text) => text.startsWith('$ kvs '))) {
      const words = lineWords(line.slice('$ kvs '.length));
      const { stdout, stderr } = await runHere([...words, '-p', String(doors.port)]);
      told.push(line, ...`${stdout}${stderr}`.replace(/\n$/, '').split('\n'));
    }
    expect(timeless(told.join('\n'))).toBe(timeless(shown.join('\n')));
  } finally {
    await doors.stop(0);
  }
});
