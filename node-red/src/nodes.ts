import { registerCalls } from './call-nodes.js';
import type { Red } from './red.js';
import { registerServer } from './server-node.js';
import { registerWatch } from './watch-node.js';

/** What Node-RED calls with itself when it loads the package. */
export default function registerNodes(red: Red): void {
  registerServer(red);
  registerCalls(red);
  registerWatch(red);
}
