import { describe, expect, it } from 'vitest';
import type { Mutation } from '../../../../src/core/mutation.js';
import { DigestKeys } from '../../../../src/core/vector-digests.js';
import { Giver } from '../../../../src/engines/fleet/replication/giver.js';
import { Oversize } from '../../../../src/engines/fleet/replication/oversize.js';
import { defaultFleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import type { Message } from '../../../../src/ports/bus.js';
import { insert } from '../../../core/support.js';
import { Road } from './support.js';

/** What a server with these mutations answers to a request for its state. */
function outcomeFor(mutations: readonly Mutation[], epoch?: number): string | undefined {
  const road = new Road('o');
  const { store, outbox, log, causes, bus, time } = road;
  for (const [i, mutation] of mutations.entries()) store.apply('o', i + 1, mutation);
  let said: Message | undefined;
  bus.publish = (message): void => {
    said = message;
  };
  const logger = { info: ignore, warn: ignore, error: ignore, debug: ignore };
  const giver = new Giver({
    ...{ self: 'o', store, outbox, log, causes, bus, time },
    digestKeys: new DigestKeys('f'),
    tuning: defaultFleetTuning,
    oversize: new Oversize(time, logger, ignore),
    onOldPeer: ignore,
  });
  giver.answer({
    type: 'stateRequest',
    from: 'p',
    to: 'o',
    id: 1,
    page: undefined,
    ...(epoch === undefined ? {} : { epoch }),
  });
  return said?.type === 'stateReply' ? said.body.outcome : undefined;
}

const ignore = (): void => undefined;

const first = insert('k', 1);
const expiring = insert('k', 2, { expiresAt: 9 });

describe('the state that a server gives to one of an older version, which names no epoch', () => {
  it.each<[string, readonly Mutation[]]>([
    ['an entry that expires, which it would show for ever', [first, expiring]],
    [
      'an entry that has passed, which it would show again',
      [first, expiring, { kind: 'discard', key: 'k', dots: [{ origin: 'o', seq: 2 }], passed: [['o', 1]] }],
    ],
    [
      'a floor, below which it would give numbers again',
      [first, { kind: 'raiseFloor', part: 3, version: 1, timestamp: 1, paceMs: 0 }],
    ],
  ])('is none with %s', (_, mutations) => {
    expect(outcomeFor(mutations)).toBe('lost');
    expect(outcomeFor(mutations, 1)).toBe('opening');
  });

  it('is whole without them, and again once what expired is gone', () => {
    expect(outcomeFor([first])).toBe('opening');
    const gone: Mutation = { kind: 'removeObserved', key: 'k', observed: [['o', 3]], keep: undefined };
    const swept: Mutation = {
      kind: 'discard',
      key: 'k',
      dots: [{ origin: 'o', seq: 2 }],
      passed: [['o', 1]],
    };
    expect(outcomeFor([first, expiring, swept, gone])).toBe('opening');
  });
});
