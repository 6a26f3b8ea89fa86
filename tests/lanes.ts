/** A lane of the tests: what its files may use, and how their names end. */
export interface Lane {
  readonly name: string;
  readonly include: string;
  readonly exclude: readonly string[];
}

const INTEGRATION = 'tests/**/*.integration.test.ts';
const E2E = 'tests/**/*.e2e.test.ts';

/**
 * The lane of a test file is the end of its name, so that no file is in two lanes and none in no lane:
 * `.e2e.test.ts` starts programs of this repository, or a browser; `.integration.test.ts` opens sockets, brokers, etcd or
 * LevelDB; every other `.test.ts` does none of this and takes seconds. `support/lane-guard.ts` holds them to it.
 */
export const LANES: readonly Lane[] = [
  { name: 'unit', include: 'tests/**/*.test.ts', exclude: [INTEGRATION, E2E] },
  { name: 'integration', include: INTEGRATION, exclude: [] },
  { name: 'e2e', include: E2E, exclude: [] },
];
