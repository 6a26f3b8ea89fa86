import { AsyncMemoryEngine, MemoryEngine } from '../support/memory-engine.js';
import { engineConformance } from './conformance.js';

const alone = { settle: () => Promise.resolve(), close: () => Promise.resolve() };

engineConformance('in memory', () => Promise.resolve({ engine: new MemoryEngine(), ...alone }));

// Two servers on the same memory, with a promise for every answer.
engineConformance('in memory, with promises', () => {
  const inner = new MemoryEngine();
  return Promise.resolve({
    engine: new AsyncMemoryEngine(inner),
    second: new AsyncMemoryEngine(inner),
    ...alone,
  });
});
