import { openDurablePair } from '../support/durable-pair.js';
import { openLoopbackPair } from '../support/fleet-pair.js';
import { AsyncMemoryEngine, MemoryEngine } from '../support/memory-engine.js';
import { openPortalOn } from '../support/portal-stand.js';
import { portalRules } from './rules.js';

portalRules('em memória', () => openPortalOn(new MemoryEngine()));
portalRules('em memória, com promessas', () => openPortalOn(new AsyncMemoryEngine()));
for (const [name, open] of [
  ['frota', openLoopbackPair],
  ['frota, com dados no disco', openDurablePair],
] as const) {
  portalRules(name, async () => {
    const pair = await open();
    const stand = await openPortalOn(pair.engine);
    const close = async (): Promise<void> => {
      await stand.close();
      await pair.settle();
      await pair.close();
    };
    return { client: stand.client, close };
  });
}
