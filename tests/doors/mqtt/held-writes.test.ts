import { describe, expect, it } from 'vitest';
import { HeldWrites } from '../../../src/doors/mqtt/held-writes.js';
import { mqttDoorLimits } from '../../../src/doors/mqtt/limits.js';
import type { TopicWrite } from '../../../src/doors/mqtt/writes.js';

const put = (value: string, key = 'k'): TopicWrite => ({ kind: 'insert', key, value });
const removal: TopicWrite = { kind: 'remove', key: 'k' };

/** A message that came, or (as a text) a value that was seen; `undefined`: that all was removed. */
type Step = TopicWrite | string | undefined;

function leftAfter(steps: readonly Step[]): readonly TopicWrite[] {
  const held = new HeldWrites();
  for (const step of steps) {
    if (typeof step === 'object') held.hold(step, 0);
    else held.changed('k', step, 0);
  }
  const { size } = held;
  const left = held.take().map(({ write }) => write);
  expect(left).toHaveLength(size);
  return left;
}

describe('what another server was to do', () => {
  it.each<readonly [string, readonly Step[], readonly TopicWrite[]]>([
    ['is left if nobody did it', [put('1'), removal, put('2')], [put('1'), removal, put('2')]],
    ['is forgotten once it is done, with what came before it', [put('1'), removal, put('2'), '2'], []],
    ['is left from there on', [put('1'), put('2'), put('3'), '2'], [put('3')]],
    ['is forgotten where it was seen before the message came', ['1', put('1')], []],
    ['one change is for one message', [put('1'), put('1'), '1'], [put('1')]],
    ['is a removal, forgotten once it is done', [removal, undefined], []],
    ['a value that came by another door is not taken away by a removal from before', [removal, 'other'], []],
    [
      'nor are other messages of that key forgotten',
      [put('1'), removal, 'other', put('2')],
      [put('1'), put('2')],
    ],
    ['a removal of one version stays', [{ ...removal, version: 3 }, 'other'], [{ ...removal, version: 3 }]],
  ])('%s', (_what, steps, left) => {
    expect(leftAfter(steps)).toEqual(left);
  });

  it('is bounded in number, the oldest goes first, and in time', () => {
    const held = new HeldWrites();
    const most = mqttDoorLimits.waitingMessages;
    for (let i = 0; i < most + 10; i++) held.hold(put(String(i), `k${i % 100}`), i);
    expect(held.size).toBe(most);
    held.forgetUntil(mqttDoorLimits.holdMs + most);
    expect(held.size).toBeLessThan(10 + 1);
    held.forgetUntil(mqttDoorLimits.holdMs + most + 10);
    expect(held.size).toBe(0);
  });
});
