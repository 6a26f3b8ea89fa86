/** A process of `simulate.ts`: runs one seed for each message, and answers with its outcome, until nobody asks any more. */
import { SEED_GROUNDS } from './grounds.js';
import type { SeedOutcome, SeedTask } from './simulate.js';

let usedUs = 0;

process.on('message', ({ ground, seed }: SeedTask) => {
  void SEED_GROUNDS[ground](seed).then(
    ({ virtualMs }) => {
      tell({ ground, seed, virtualMs });
    },
    (error: unknown) => {
      const broken = error instanceof Error ? (error.stack ?? error.message) : String(error);
      tell({ ground, seed, virtualMs: 0, broken });
    },
  );
});

function tell(outcome: Omit<SeedOutcome, 'cpuUs'>): void {
  const { user, system } = process.cpuUsage();
  const cpuUs = user + system - usedUs;
  usedUs = user + system;
  process.send?.({ ...outcome, cpuUs } satisfies SeedOutcome);
}
