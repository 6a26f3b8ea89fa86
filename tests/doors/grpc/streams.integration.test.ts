import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, type KvsClient, type Tupla } from '../../support/kvs-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { openStand, openStandOn, settled, type Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { SilentCall } from '../../support/silent-call.js';
import { verbs } from '../../support/verbs.js';

let stand: Stand<MemoryEngine>;
/** A second connection: what the first one does must not matter to it. */
let other: KvsClient;
beforeEach(async () => {
  stand = await openStand();
  other = connect(stand.doors.port);
});
afterEach(async () => {
  other.close();
  await stand.close();
});

/** As many `ChaveVersao { chave: "chave" }`, framed. */
function queryFrames(count: number): Buffer {
  const frame = Buffer.from('\0\0\0\0\x07\x0a\x05chave', 'latin1');
  return Buffer.alloc(frame.length * count, frame);
}

/** Waits for the end of a call; resolves with its status code. */
function codeOf(call: {
  on(event: 'status', listener: (status: { code: status }) => void): unknown;
}): Promise<status> {
  return new Promise((resolve) => call.on('status', ({ code }) => resolve(code)));
}

describe('streams', () => {
  it('inserts 200,000 items in one call', { timeout: 120_000 }, async () => {
    function* pairs(): Iterable<[string, string]> {
      for (let i = 0; i < 200_000; i++) yield [`chave ${String(i % 50_000)}`, `valor ${String(i)}`];
    }
    const { resposta, erro } = await stand.client.insereVarias(pairs());
    expect(erro).toBeUndefined();
    expect(resposta).toHaveLength(200_000);
    expect(resposta.every((version, i) => version === 1 + Math.floor(i / 50_000))).toBe(true);
    expect(await stand.client.consulta('chave 7', 2)).toMatchObject({ valor: 'valor 50007', versao: 2 });
  });

  it('stops reading from a client that never reads, and serves the others', { timeout: 60_000 }, async () => {
    await stand.client.insere('chave', 'v'.repeat(10_000));
    const before = stand.engine.calls;
    const silent = new SilentCall(stand.doors.port, '/kvs.KVS/ConsultaVarias');
    // 100,000 small requests, 1 GB of answers.
    silent.send(queryFrames(100_000));
    const answered = (await settled(() => stand.engine.calls)) - before;
    // What fits the window of HTTP/2 (64 KiB), the call's own buffers of 16 messages each, and little more.
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(100);
    expect((await other.insere('outra', 'valor')).versao).toBe(1);
    const seen = stand.engine.calls;
    silent.disconnect();
    expect((await settled(() => stand.engine.calls)) - seen).toBeLessThan(100);
  });

  it('goes on where it stopped when the client reads at last', { timeout: 60_000 }, async () => {
    await stand.client.insere('chave', 'v'.repeat(10_000));
    const late = new SilentCall(stand.doors.port, '/kvs.KVS/ConsultaVarias');
    late.send(queryFrames(2_000));
    late.halfClose();
    expect(await settled(() => stand.engine.calls)).toBeLessThan(100);
    // Each answer: five bytes of gRPC, the key's 2 + 5, the value's 3 + 10,000, the version's 2.
    expect(await late.readAll()).toBe(2_000 * (5 + 7 + 10_003 + 2));
    late.disconnect();
  });

  it('lets a client that never half-closes cost only its stream', async () => {
    const idle = Array.from({ length: 50 }, () => stand.client.open<{ versao: number }>('InsereVarias'));
    await Promise.all(
      idle.map((call) => {
        call.on('error', () => undefined);
        const answer = new Promise((resolve) => call.once('data', resolve));
        call.write({ chave: 'chave', valor: 'valor' });
        return answer;
      }),
    );
    expect((await stand.client.insere('outra', 'valor')).versao).toBe(1);
    expect((await other.insereVarias([['mais', 'valor']])).resposta).toEqual([1]);
    for (const call of idle) call.cancel();
  });

  it('answers nothing after a cancellation, and does nothing more', async () => {
    const call = stand.client.open<{ versao: number }>('InsereVarias');
    const code = codeOf(call);
    call.on('error', () => undefined);
    const first = new Promise((resolve) => call.once('data', resolve));
    call.write({ chave: 'chave', valor: 'valor' });
    await first;
    call.cancel();
    expect(await code).toBe(status.CANCELLED);
    const seen = await settled(() => stand.engine.calls);
    expect(seen).toBe(1);
    expect((await stand.client.insere('chave', 'valor')).versao).toBe(2);
  });
});

describe('snapshot', () => {
  beforeEach(() => {
    for (let i = 0; i < 200_000; i++) verbs(stand.engine).insert(`chave ${String(i)}`, `valor ${String(i)}`);
  });

  it('of 200,000 rows reaches a reader that pauses, complete', { timeout: 120_000 }, async () => {
    const call = stand.client.openSnapshot(0);
    let rows = 0;
    for await (const row of call) {
      expect((row as Tupla).chave).toBe(`chave ${String(rows)}`);
      rows++;
      if (rows % 20_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(rows).toBe(200_000);
  });

  it(
    'reads no further than a reader that does not read, and stops when it leaves',
    { timeout: 60_000 },
    async () => {
      const silent = new SilentCall(stand.doors.port, '/kvs.KVS/Snapshot');
      silent.send(Buffer.alloc(5));
      silent.halfClose();
      const read = await settled(() => stand.engine.rowsRead);
      expect(read).toBeGreaterThan(0);
      // 64 KiB of window at 30 bytes a row, and what a stream buffers: 16 KiB, from Node.js 22 on 64 KiB.
      expect(read).toBeLessThan(6_000);
      silent.disconnect();
      expect((await settled(() => stand.engine.rowsRead)) - read).toBeLessThan(100);
    },
  );

  it('lets others be served meanwhile', { timeout: 120_000 }, async () => {
    const progress = { done: false };
    const all = stand.client.snapshot().then((rows) => {
      progress.done = true;
      return rows.length;
    });
    let served = 0;
    while (!progress.done && served < 200) {
      expect((await other.consulta('chave 1')).versao).toBe(1);
      served++;
    }
    // They were not kept until the snapshot was over.
    expect(served).toBeGreaterThan(50);
    expect(await all).toBe(200_000);
  });

  it('gives its iterator back when the client leaves', { timeout: 60_000 }, async () => {
    let returned = 0;
    class Watching extends MemoryEngine {
      override *scan(): Iterable<never> {
        const row = { key: 'chave', value: 'v'.repeat(1000), version: 1, timestamp: 1 };
        try {
          for (;;) yield row as never;
        } finally {
          returned++;
        }
      }
    }
    const endless = await openStandOn(new Watching());
    const call = endless.client.openSnapshot(0);
    call.on('error', () => undefined);
    await new Promise((resolve) => call.once('data', resolve));
    call.cancel();
    await eventually('the iterator is given back', () => returned === 1);
    await endless.close();
  });
});
