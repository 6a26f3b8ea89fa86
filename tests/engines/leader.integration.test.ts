import { openLeaderSystem } from '../support/leader-nodes.js';
import { engineConformance } from './conformance.js';

/** Each pair of members once: what one may do the others may. */
for (const [one, other, name] of [
  [0, 1, 'leader and follower'],
  [2, 1, 'two followers'],
] as const) {
  engineConformance(`leader, three servers: ${name}`, async () => {
    const { nodes, settle, expiry, close } = await openLeaderSystem();
    const others = nodes.filter((_, at) => at !== one && at !== other).map(({ engine }) => engine);
    return { engine: nodes[one]!.engine, second: nodes[other]!.engine, others, settle, expiry, close };
  });
}
