import { afterAll, beforeAll, describe } from 'vitest';
import type { Engine } from '../../src/ports/engine.js';
import type { ExpiryControl } from '../support/skipping-time.js';
import { commitSection } from './section-commit.js';
import { compareSection } from './section-compare.js';
import { copySection } from './section-copy.js';
import { everythingSection } from './section-everything.js';
import { expirySection } from './section-expiry.js';
import { historySection } from './section-history.js';
import { keysSection } from './section-keys.js';
import { linesSection } from './section-lines.js';
import { listsSection } from './section-lists.js';
import { rangesSection } from './section-ranges.js';
import { renewSection } from './section-renew.js';
import { requestsSection } from './section-requests.js';
import { restoreSection } from './section-restore.js';
import { retentionSection } from './section-retention.js';
import { sessionsSection } from './section-sessions.js';
import { togetherSection } from './section-together.js';
import { watchSection } from './section-watch.js';
import { watchTokensSection } from './section-watch-tokens.js';

/** An engine under test, fresh and serving. */
export interface OpenEngine {
  readonly engine: Engine;
  /** Another server of the same system, if it has several. */
  readonly second?: Engine;
  /** Further servers of the system, where one of them does what neither of these two does. */
  readonly others?: readonly Engine[];
  /** Waits until both servers agree on everything written so far. */
  settle(): Promise<void>;
  /** Runs something while the servers do not hear each other. Needed where a write takes so long that one may reach the other. */
  apart?(run: () => Promise<unknown>): Promise<void>;
  /** How values expire where a test need not wait for real seconds; absent: by the clock on the wall. */
  readonly expiry?: ExpiryControl;
  close(): Promise<void>;
}

/** What a section of the suite works with. The engine is the same for all tests: each takes keys of its own. */
export interface Bench {
  readonly open: OpenEngine;
  readonly engine: Engine;
  /** A key that no test has used yet. Each is behind all those given before in the order of keys. */
  key(): string;
}

/**
 * What every engine must do, whatever it is made of. Tests that need a capability or a second server look whether they
 * are there, and are skipped if not.
 */
export function engineConformance(name: string, openEngine: () => Promise<OpenEngine>): void {
  describe(`the engine ${name}`, () => {
    let open: OpenEngine | undefined;
    let keys = 0;
    const bench: Bench = {
      get open() {
        if (open === undefined) throw new Error('the engine is not open');
        return open;
      },
      get engine() {
        return this.open.engine;
      },
      key: () => `chave ${String(++keys).padStart(4, '0')}`,
    };
    beforeAll(async () => {
      open = await openEngine();
    }, 60_000);
    afterAll(() => open?.close(), 60_000);

    historySection(bench);
    keysSection(bench);
    rangesSection(bench);
    togetherSection(bench);
    commitSection(bench);
    requestsSection(bench);
    everythingSection(bench);
    copySection(bench);
    restoreSection(bench);
    expirySection(bench);
    retentionSection(bench);
    linesSection(bench);
    listsSection(bench);
    compareSection(bench);
    renewSection(bench);
    watchSection(bench);
    watchTokensSection(bench);
    sessionsSection(bench);
  });
}
