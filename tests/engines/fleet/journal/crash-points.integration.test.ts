import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Engine } from '../../../../src/ports/engine.js';
import { MemoryEngine } from '../../../support/memory-engine.js';
import { live, reborn, STEPS } from '../../../support/mortal-journal.js';
import { verbs, type CommitBody } from '../../../support/verbs.js';

type Operation = (engine: Engine) => unknown;

const KEYS = ['alfa', 'beta\0', 'gama\0\u0001', '\ud800 só', '😀'];

/** Inserts, repeated and mixed with each kind of removal and with commits, over few keys: forty writes. */
const SCRIPT: readonly Operation[] = (() => {
  const model = new MemoryEngine();
  return Array.from({ length: 40 }, (_, i): Operation => {
    const operation = operationAt(i, (key) => verbs(model).queryAt(key, undefined)?.version ?? 0);
    operation(model);
    return operation;
  });
})();

function operationAt(i: number, versionOf: (key: string) => number): Operation {
  const key = KEYS[(i * 7) % KEYS.length]!;
  switch (i % 8) {
    case 1:
    case 2: {
      // One step over three keys, and now and then on a condition that does not hold.
      const [second, third] = [KEYS[(i + 1) % KEYS.length]!, KEYS[(i + 2) % KEYS.length]!];
      const change: CommitBody = {
        guards: [{ key, version: versionOf(key) + (i % 5 === 0 ? 1 : 0) }],
        writes: [
          { kind: 'insert', key: KEYS[i % KEYS.length]!, value: `junto ${i}` },
          { kind: 'insert', key: second, value: `junto ${i}` },
          { kind: 'removeAll', key: third },
        ],
      };
      return (engine) => verbs(engine).commit(change);
    }
    case 3:
      return (engine) => verbs(engine).removeAll(key);
    case 5:
      return (engine) => verbs(engine).trim(key);
    case 6:
      return (engine) => verbs(engine).put(key, `posto ${i}`);
    default:
      return (engine) => verbs(engine).insert(key, `valor ${i}`);
  }
}

/** Everything that readers can see, and the version that comes next. */
async function seen(engine: Engine): Promise<string> {
  const all: string[] = [];
  for (const key of KEYS) {
    const rows: string[] = [];
    for (let version = 1; version <= SCRIPT.length; version++) {
      const row = await verbs(engine).query(key, version);
      if (row?.version === version) rows.push(`${version}=${row.value}`);
    }
    all.push(`${JSON.stringify(key)}: ${rows.join(' ')}`);
  }
  return all.join('\n');
}

/** What is seen after each number of operations. */
async function truths(): Promise<readonly string[]> {
  const model = new MemoryEngine();
  const after = [await seen(model)];
  for (const operation of SCRIPT) {
    await operation(model);
    after.push(await seen(model));
  }
  return after;
}

describe('kill at each step of the road of a mutation', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kvs-passos-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  /** How many operations were answered in an unbroken row. */
  async function lifeOf(path: string, lastStep: number, atOnce: boolean) {
    // One that has nothing to do is answered before those that wait for the disk.
    const answers = SCRIPT.map(() => false);
    const life = await live(path, 'oMorto', lastStep, async (engine) => {
      const ask = async (operation: Operation, i: number): Promise<void> => {
        await operation(engine);
        answers[i] = true;
      };
      if (atOnce) await Promise.all(SCRIPT.map(ask));
      else for (const [i, operation] of SCRIPT.entries()) await ask(operation, i);
    });
    const unanswered = answers.indexOf(false);
    return { ...life, answered: unanswered < 0 ? SCRIPT.length : unanswered };
  }

  it.each([
    ['one after the other', false],
    ['all at once', true],
  ])(
    'loses nothing answered and nothing published: %s',
    async (_, atOnce) => {
      const expected = await truths();
      const killedAt = new Set<string>();
      for (let step = 0, finished = false; !finished; step++) {
        const path = join(folder, String(step));
        const life = await lifeOf(path, step, atOnce);
        finished = life.over === 'done';
        if (life.killedAt !== undefined) killedAt.add(life.killedAt);
        const after = await reborn(path, 'oNovo');
        const where = `step ${step}, ${life.killedAt ?? 'not killed'}`;
        const found = await seen(after);
        expect(expected.slice(finished ? -1 : life.answered), where).toContain(found);
        expect(after.fleet.store.vector.seqOf('oMorto'), where).toBeGreaterThanOrEqual(life.published);
        // And it can go on from there.
        for (const key of KEYS) await verbs(after).insert(key, 'segue');
        await after.stop();
      }
      expect([...killedAt].sort()).toEqual(STEPS);
    },
    60_000,
  );
});
