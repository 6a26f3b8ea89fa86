import { openDurablePair } from '../support/durable-pair.js';
import { openLeaderSystem } from '../support/leader-nodes.js';
import { overfullSection, roomSection } from './room-section.js';

roomSection('the durable fleet engine', openDurablePair);
overfullSection('the durable fleet engine', openDurablePair);

roomSection('the leader engine', async (roomLimits) => {
  const { nodes, settle, close } = await openLeaderSystem({ roomLimits });
  return { engine: nodes[0]!.engine, second: nodes[1]!.engine, settle, close };
});
