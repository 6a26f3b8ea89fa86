import { expect, test } from 'vitest';
import { startBackground } from '../../bench/support/processes.js';

const saying = (stream: 'stdout' | 'stderr', text: string): readonly string[] => [
  '-e',
  `process.${stream}.write(${JSON.stringify(text)}); setInterval(() => undefined, 1000);`,
];

// A server of the leader engine keeps its standard output for the lines of its contract.
test.each(['stdout', 'stderr'] as const)('a process may say on its %s that it is ready', async (stream) => {
  const args = saying(stream, 'começo\nservidor pronto em 127.0.0.1:9000\n');
  const started = await startBackground({ program: process.execPath, args }, 'servidor pronto');
  await started.kill();
  expect(started.pid).toBeGreaterThan(0);
});

test('a process that is not ready in time is reported with what it wrote', async () => {
  const args = saying('stderr', 'espera os outros\n');
  const starting = startBackground({ program: process.execPath, args }, 'servidor pronto', 3_000);
  await expect(starting).rejects.toThrow('espera os outros');
});
