import { openLoopbackPair } from '../support/fleet-pair.js';
import { AsyncMemoryEngine, MemoryEngine } from '../support/memory-engine.js';
import { openPortalOn } from '../support/portal-stand.js';
import { portalRules } from './rules.js';

portalRules('em memória', () => openPortalOn(new MemoryEngine()));
portalRules('em memória, com promessas', () => openPortalOn(new AsyncMemoryEngine()));
portalRules('frota', async () => {
  const pair = await openLoopbackPair();
  const stand = await openPortalOn(pair.engine);
  const close = async (): Promise<void> => {
    await stand.close();
    await pair.settle();
    await pair.close();
  };
  return { client: stand.client, close };
});
