import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStand, openStandOn, settled, type Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { KeyValueClient } from '../../support/keyvalue-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { SilentCall } from '../../support/silent-call.js';
import { verbs } from '../../support/verbs.js';

const KEYS = 50_000;
const key = (i: number): string => `chave ${String(i).padStart(6, '0')}`;

let stand: Stand<MemoryEngine>;
let client: KeyValueClient;
beforeEach(async () => {
  stand = await openStand();
  for (let i = 0; i < KEYS; i++) verbs(stand.engine).insert(key(i), 'valor');
  client = new KeyValueClient(stand.doors.port);
});
afterEach(async () => {
  client.close();
  await stand.close();
});

/** `KeyRange { to { key: "z" } }`, framed. */
const EVERYTHING = Buffer.from('\0\0\0\0\x05\x12\x03\x0a\x01z', 'latin1');

describe('ranges of KeyValueStore', () => {
  it('reach a reader that pauses, complete and in order', { timeout: 120_000 }, async () => {
    let rows = 0;
    for await (const row of client.openRange('', 'z')) {
      expect((row as { key: string }).key).toBe(key(rows));
      rows++;
      if (rows % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(rows).toBe(KEYS);
  });

  it.each(['GetRange', 'DelRange'])(
    '%s goes no further than a reader that does not read, and stops when it leaves',
    { timeout: 60_000 },
    async (rpc) => {
      const silent = new SilentCall(stand.doors.port, `/KeyValueStore/${rpc}`);
      silent.send(EVERYTHING);
      silent.halfClose();
      const read = await settled(() => stand.engine.rowsRead);
      expect(read).toBeGreaterThan(0);
      // 64 KiB of window at 30 bytes a row, and the call's buffer.
      expect(read).toBeLessThan(4_000);
      expect((await client.put('outra', 'valor')).ver).toBeGreaterThan(0n);
      silent.disconnect();
      expect((await settled(() => stand.engine.rowsRead)) - read).toBeLessThan(100);
      // A deletion that was cut deleted what it had come to, and nothing else.
      expect(verbs(stand.engine).query(key(KEYS - 1), undefined)).toBeDefined();
      expect(verbs(stand.engine).query(key(0), undefined) === undefined).toBe(rpc === 'DelRange');
    },
  );

  it('let others be served meanwhile', { timeout: 120_000 }, async () => {
    const other = new KeyValueClient(stand.doors.port, 'project.KeyValueStore');
    const progress = { done: false };
    const all = client.getRange('', 'z').then((rows) => {
      progress.done = true;
      return rows.length;
    });
    let served = 0;
    while (!progress.done && served < 50) {
      expect((await other.get(key(1))).val).toBe('valor');
      served++;
    }
    // They were not kept until the range was over.
    expect(served).toBeGreaterThan(20);
    expect(await all).toBe(KEYS);
    other.close();
  });

  it('give their iterator back when the client leaves', { timeout: 60_000 }, async () => {
    let returned = 0;
    class Watching extends MemoryEngine {
      override *scan(): Iterable<never> {
        const row = { key: 'chave', value: 'v'.repeat(1000), version: 1, timestamp: 1 };
        try {
          for (;;) yield { key: 'chave', row } as never;
        } finally {
          returned++;
        }
      }
    }
    const endless = await openStandOn(new Watching());
    const reader = new KeyValueClient(endless.doors.port);
    const call = reader.openRange('', 'z');
    call.on('error', () => undefined);
    await new Promise((resolve) => call.once('data', resolve));
    call.cancel();
    await eventually('the iterator is given back', () => returned === 1);
    reader.close();
    await endless.close();
  });
});
