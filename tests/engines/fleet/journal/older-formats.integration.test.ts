import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Batch } from '../../../../src/core/mutation.js';
import type { DurableFleet } from '../../../../src/engines/fleet/durable-engine.js';
import { encodeEntry, encodeMark } from '../../../../src/engines/fleet/journal/records.js';
import { LevelJournal } from '../../../../src/engines/fleet/journal/level-journal.js';
import { LoopbackNetwork } from '../../../support/loopback-bus.js';
import { live, reborn } from '../../../support/mortal-journal.js';
import { verbs } from '../../../support/verbs.js';
import { insert } from '../../../core/support.js';
import { LogRecorder } from '../bus/support.js';

const ATTEMPT = { id: 'loyw438s-brssvqqoxlqe', number: 2 };
const LOGGED: Batch = {
  ...{ origin: 'oB', first: 2, dependencies: [['oA', 2]] },
  mutations: [insert('do log', 1), { kind: 'removeObserved', key: 'vazia', observed: [], keep: undefined }],
};

/** The key of an entry in formats 1 and 2: the number of its origin has two bytes. */
function oldEntryKey(generation: string, key: string, version: number, origin: number, seq: number): Buffer {
  const place = Buffer.alloc(13);
  place.writeUInt32BE(version);
  place.writeUInt16BE(origin, 4);
  place.writeUInt32BE(seq, 9);
  return Buffer.concat([Buffer.from(`s${generation}u${key}\0\0`), place]);
}

/** A state and a log as the programs of formats 1 and 2 wrote them. */
async function writeOldFolder(path: string, format: 1 | 2): Promise<void> {
  const raw = new ClassicLevel<Buffer, Buffer>(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  const text = (key: string, value: string): Promise<void> => raw.put(Buffer.from(key), Buffer.from(value));
  await text('formato', JSON.stringify({ formato: format, frota: 'passos' }));
  const vetor = [['oA', 2] as const, ['oB', 1] as const];
  await text(
    'meta',
    JSON.stringify({ geracao: 7, inicioLog: 5, vetor, origens: ['oB', 'nunca escreveu', 'oA'] }),
  );
  const entry = { origin: '', seq: 0, version: 0, context: [], value: 'v' };
  const put = (key: string, version: number, origin: number, seq: number, more: object = {}): Promise<void> =>
    raw.put(
      oldEntryKey('00000007', key, version, origin, seq),
      encodeEntry({ ...entry, timestamp: 100 + version, ...more }),
    );
  await put('a', 1, 2, 1);
  await put('a', 2, 2, 2, { context: [['oB', 1]], ...(format === 2 && { attempt: ATTEMPT }) });
  await put('b', 3, 0, 1);
  const mark = { greatestVersion: 9, greatestTimestamp: 900, heads: [] };
  await raw.put(Buffer.from('s00000007uvazia\0\0'), encodeMark(mark));
  await text('l0000000000000005', new LoopbackNetwork().join('oX').pack(LOGGED));
  await raw.close();
}

/** All that readers see, the number that a key without entries goes on with, and what the vector says. */
function seen(engine: DurableFleet): object {
  const { store } = engine.fleet;
  const rows = ['a', 'b', 'do log', 'vazia'].map((key) => store.heads(key));
  const older = verbs(engine).query('a', 1);
  return {
    rows,
    older,
    next: store.key('vazia').greatestVersion,
    vector: [...store.vector.entries()].sort(),
  };
}

async function formatOf(path: string): Promise<unknown> {
  const raw = new ClassicLevel(path);
  const { formato } = JSON.parse((await raw.get('formato')) ?? '{}') as { formato: unknown };
  await raw.close();
  return formato;
}

/** The first characters of all record keys. */
async function prefixes(path: string): Promise<string[]> {
  const raw = new ClassicLevel(path);
  const keys = await raw.keys().all();
  await raw.close();
  return [...new Set(keys.map((key) => (/^[so]/.test(key) ? key.slice(0, 9) : key[0]!)))];
}

describe.each([1, 2] as const)('a folder of format %i', (format) => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kvs-formato-'));
    path = join(folder, 'antiga');
    await writeOldFolder(path, format);
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('is opened with everything, and has format 3 from then on', async () => {
    for (const origin of ['oC', 'oD']) {
      const engine = await reborn(path, origin);
      await engine.journalWriter.settled();
      expect(seen(engine)).toMatchObject({
        rows: [
          [{ origin: 'oA', seq: 2, version: 2, timestamp: 102, context: [['oB', 1]] }],
          [{ origin: 'oB', seq: 1, version: 3 }],
          [{ origin: 'oB', seq: 2 }],
          [],
        ],
        older: { version: 1, value: 'v' },
        next: 9,
        vector: [
          ['oA', 2],
          ['oB', 3],
        ],
      });
      const [head] = engine.fleet.store.heads('a');
      expect(head?.attempt).toEqual(format === 2 ? ATTEMPT : undefined);
      await engine.stop();
      expect(await formatOf(path)).toBe(3);
    }
    expect((await prefixes(path)).sort()).toEqual(['f', 'm', 'o00000000', 'o00000001', 'p', 's00000008']);
  });

  it('has everything wherever its first server is killed, in the old format or in the new one', async () => {
    const whole = await reborn(path, 'oC');
    const expected = seen(whole);
    await whole.stop();
    const formats = new Set<unknown>();
    for (let step = 0, finished = false; !finished; step++) {
      const copy = join(folder, `passo ${step}`);
      await writeOldFolder(copy, format);
      const life = await live(copy, 'oMorto', step, (engine) => verbs(engine).insert('nova', 'valor'));
      finished = life.over === 'done';
      formats.add(await formatOf(copy));
      const after = await reborn(copy, 'oNovo');
      const found = seen(after) as { vector: (readonly [string, number])[] };
      const vector = found.vector.filter(([origin]) => origin !== 'oMorto');
      expect({ ...found, vector }, `step ${step}, ${life.killedAt ?? 'not killed'}`).toEqual(expected);
      await after.stop();
    }
    expect(formats).toEqual(new Set([format, 3]));
  });

  it('takes nothing but a whole state, and its old one is deleted even after a kill', async () => {
    const journal = await LevelJournal.open(path, 'passos', new LogRecorder());
    expect(journal.isOutdated).toBe(true);
    expect(() => journal.checkpoint(false)).toThrow('whole');
    await journal.close();
    await (await reborn(path, 'oC')).stop();
    const raw = new ClassicLevel<Buffer, Buffer>(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
    await raw.put(oldEntryKey('00000007', 'fantasma', 1, 0, 1), Buffer.alloc(9));
    await raw.close();
    await (await reborn(path, 'oD')).stop();
    expect(await prefixes(path)).not.toContain('s00000007');
  });
});
