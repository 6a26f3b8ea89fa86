import { defineConfig } from 'vitest/config';
import { LANES } from './tests/lanes.js';

export default defineConfig({
  test: {
    // Real servers, brokers and child processes: a process per file keeps their sockets and timers apart.
    pool: 'forks',
    // On two cores: most tests wait for servers most of the time, which left a third of both idle with two workers.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    coverage: { include: ['src/**'] },
    projects: LANES.map(({ name, include, exclude }) => ({
      extends: true as const,
      test: {
        name,
        include: [include],
        exclude: [...exclude],
        setupFiles: ['tests/support/lane-guard.ts'],
        provide: { lane: name },
      },
    })),
  },
});
