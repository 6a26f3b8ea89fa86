import { ContextStore } from './context-store.js';
import type { ContextConfig } from './context-store.js';

/** What `contextStorage` of `settings.js` names as its module: called with its `config`. */
export default function contextModule(config: ContextConfig): ContextStore {
  return new ContextStore(config);
}

/** What Node-RED's log calls it. */
contextModule.toString = (): string => 'kvs-frota';
