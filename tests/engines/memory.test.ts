import { AsyncMemoryEngine, MemoryEngine } from '../support/memory-engine.js';
import { SkippingTime, type ExpiryControl } from '../support/skipping-time.js';
import { engineConformance } from './conformance.js';

const alone = { settle: () => Promise.resolve(), close: () => Promise.resolve() };

/** An engine whose clock runs ahead when a test lets values expire. */
function clocked(): { readonly engine: MemoryEngine; readonly expiry: ExpiryControl } {
  const engine = new MemoryEngine();
  const time = new SkippingTime();
  engine.clock = () => time.wallMs();
  return { engine, expiry: time.expiry() };
}

engineConformance('in memory', () => Promise.resolve({ ...clocked(), ...alone }));

// Two servers on the same memory, with a promise for every answer.
engineConformance('in memory, with promises', () => {
  const { engine: inner, expiry } = clocked();
  return Promise.resolve({
    engine: new AsyncMemoryEngine(inner),
    second: new AsyncMemoryEngine(inner),
    ...{ expiry, ...alone },
  });
});
