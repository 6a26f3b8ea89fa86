import { expect, it } from 'vitest';
import { startDoors } from '../../../src/doors/start.js';
import { RecordingLogger } from '../../support/doors.js';
import { examplesIn, guidePage, outputOf, patternOf } from '../../support/guide-examples.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { realTime } from '../../support/real-time.js';

it('the commands of the guide about HTTP show what it says they do', async () => {
  const options = { port: 0, engine: new MemoryEngine(), engineHealth: 'e', time: realTime };
  const doors = await startDoors({ ...options, logger: new RecordingLogger() });
  doors.setServing(true);
  try {
    const examples = examplesIn(guidePage('http.md'));
    expect(examples.length).toBeGreaterThan(18);
    for (const { command, shown } of examples) {
      const here = command.replaceAll(':9000', `:${doors.port}`);
      const stdout = await outputOf(here);
      expect(stdout.trim(), command).toMatch(patternOf(shown));
    }
  } finally {
    await doors.stop(0);
  }
});
