import { describe, expect, it } from 'vitest';
import { StateFollower } from '../../../src/doors/mqtt/state-follower.js';
import { defaultMirrorTuning } from '../../../src/doors/mqtt/tuning.js';
import type { Line } from '../../../src/ports/lines.js';
import type { WatchEvent } from '../../../src/ports/watch.js';
import { SILENT } from '../../support/silent-logger.js';
import { StoppableTime } from '../../support/mirror-world.js';
import { promisesSettled, World } from '../../support/sim-time.js';

const line = (key: string): Line => ({
  ...{ key, value: key, version: 1, timestamp: 1, origin: 'o' },
  ...{ isHead: true, isSibling: false, isStable: true },
});

/** What a follower says of these events, in order: a key, or `gap`. */
async function toldOf(events: readonly WatchEvent[]): Promise<readonly string[]> {
  const told: string[] = [];
  const follower = new StateFollower({
    engine: { scan: (() => events) as never },
    prefix: undefined,
    tuning: defaultMirrorTuning,
    time: new StoppableTime(new World()),
    logger: SILENT,
    onChanged: (key) => told.push(key),
    onGap: () => told.push('gap'),
  });
  follower.start();
  await promisesSettled();
  follower.stop();
  return told;
}

const changed = (key: string): WatchEvent => ({ kind: 'insert', line: line(key) });
const present: WatchEvent = { kind: 'present', line: line('there') };
const upToDate: WatchEvent = { kind: 'upToDate' };
const restart: WatchEvent = { kind: 'restart', token: '' };

describe('who follows the state for the mirror', () => {
  it.each<readonly [string, readonly WatchEvent[], readonly string[]]>([
    ['looks at all of it once it is told what changes', [upToDate, changed('a')], ['gap', 'a']],
    ['and not again because nothing happens', [upToDate, changed('a'), upToDate], ['gap', 'a']],
    [
      'looks again where the watch begins again, and once more when what changes is told again',
      [upToDate, changed('a'), restart, present, upToDate, changed('b'), upToDate],
      ['gap', 'a', 'gap', 'gap', 'b'],
    ],
    [
      'is told to begin again twice in a row',
      [upToDate, restart, restart, upToDate],
      ['gap', 'gap', 'gap', 'gap'],
    ],
    [
      'hears of removals and of what expires',
      [upToDate, { kind: 'remove', line: line('a') }, { kind: 'expire', line: line('b') }],
      ['gap', 'a', 'b'],
    ],
  ])('%s', async (_what, events, told) => {
    expect(await toldOf(events)).toEqual(told);
  });
});
