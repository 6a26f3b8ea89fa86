import { expect, it } from 'vitest';
import { sendRows } from '../../../src/doors/grpc/calls/rows.js';
import type { ServerCall } from '../../../src/doors/grpc/protocol/server-call.js';
import { WatchStream } from '../../../src/engines/watching/stream.js';

/** As much of a call as rows are sent to. */
class FakeCall {
  over = false;
  needsRoom = false;
  onRoom = (): void => undefined;
  onOver = (): void => undefined;

  isOver(): boolean {
    return this.over;
  }

  write(): boolean {
    return true;
  }
}

it('lets a watch go as soon as its call is over, although nothing comes', async () => {
  const call = new FakeCall();
  let closed = 0;
  const source = {
    take: () => undefined,
    closed: () => {
      closed++;
    },
  };
  const sent = sendRows(
    call as unknown as ServerCall,
    new WatchStream(source),
    (row) => row,
    () => new Uint8Array(),
  );
  await Promise.resolve();
  expect(closed).toBe(0);
  call.over = true;
  call.onOver();
  expect(await sent).toBe(0);
  expect(closed).toBe(1);
});
