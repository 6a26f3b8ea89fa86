import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VectorEntries } from '../../../../src/core/dot.js';
import type { KvsError } from '../../../../src/core/errors.js';
import {
  encodeFloors,
  encodeMeta,
  encodeOrigin,
  entryKey,
  keyOf,
  logKey,
  markKey,
  originKey,
  placeOffset,
} from '../../../../src/engines/fleet/journal/layout.js';
import { LevelJournal } from '../../../../src/engines/fleet/journal/level-journal.js';
import { decodeEntry, encodeEntry, encodeMark } from '../../../../src/engines/fleet/journal/records.js';
import type { Checkpoint, Done, KeptEntry, KeptKey, StateHead } from '../../../../src/ports/journal.js';
import { LogRecorder } from '../bus/support.js';

const logger = new LogRecorder();

function entry(seq: number, value: string, context: VectorEntries = []): KeptEntry {
  return { origin: 'oA', seq, version: seq, timestamp: 1_700_000_000_000 + seq, value, context };
}

const when = (start: (done: Done) => void): Promise<KvsError | undefined> => new Promise(start);

const HEAD: StateHead = { floors: [], fleetMs: 0, frontier: undefined };

async function written(
  journal: LevelJournal,
  whole: boolean,
  advanced: VectorEntries,
  put: (checkpoint: Checkpoint) => void,
  head = HEAD,
): Promise<void> {
  const checkpoint = journal.checkpoint(whole);
  for (const [origin, seq] of advanced) checkpoint.putOrigin(origin, seq);
  put(checkpoint);
  expect(await when((done) => checkpoint.commit(head, done))).toBeUndefined();
}

/** Everything that a folder gives back. */
async function content(path: string, fleet = 'f'): Promise<object> {
  const journal = await LevelJournal.open(path, fleet, logger);
  const found = { vector: [] as VectorEntries, head: HEAD, keys: [] as KeptKey[], batches: [] as string[] };
  await journal.load({
    origins: (entries) => (found.vector = [...found.vector, ...entries]),
    head: (head) => (found.head = head),
    key: (kept) => found.keys.push(kept),
    batch: (packed) => found.batches.push(packed),
  });
  await journal.close();
  return found;
}

/** Bytes of all files of a folder. */
async function size(path: string): Promise<number> {
  const sizes = (await readdir(path)).map(async (name) => (await stat(join(path, name))).size);
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}

describe('the journal in LevelDB', () => {
  let path: string;

  beforeEach(async () => {
    path = join(await mkdtemp(join(tmpdir(), 'kvs-diario-')), 'sub', 'pasta');
  });
  afterEach(async () => {
    await rm(join(path, '../..'), { recursive: true });
  });

  it.each([true, false])(
    'tells at commit that it was closed while a state was written (whole: %s)',
    async (whole) => {
      const journal = await LevelJournal.open(path, 'f', logger);
      await written(journal, true, [['oA', 1]], () => undefined);
      const checkpoint = journal.checkpoint(whole);
      checkpoint.putEntry('chave', entry(1, 'valor'));
      await journal.close();
      checkpoint.putOrigin('oA', 2);
      checkpoint.putEntry('chave', entry(2, 'valor'));
      checkpoint.removeMark('chave');
      const failure = await when((done) => {
        checkpoint.commit(HEAD, done);
      });
      expect(failure?.code).toBe('DISCO_FALHOU');
    },
  );

  it('is for its owner; a folder that others may read is warned of', async () => {
    await content(path);
    expect((await stat(path)).mode & 0o077).toBe(0);
    const log = new LogRecorder();
    await (await LevelJournal.open(path, 'f', log)).close();
    expect(log.lines).toEqual([]);
    await chmod(path, 0o755);
    await (await LevelJournal.open(path, 'f', log)).close();
    expect(log.lines.map(({ message }) => message)).toEqual([
      'outros usuários desta máquina podem ler os dados: chmod 700',
    ]);
  });

  it('gives back the state, then what was appended since, and begins empty', async () => {
    expect(await content(path)).toEqual({ vector: [], head: HEAD, keys: [], batches: [] });
    const journal = await LevelJournal.open(path, 'f', logger);
    for (const texts of [['um'], ['dois', 'três']]) {
      expect(await when((done) => journal.append(texts, done))).toBeUndefined();
    }
    const mark = { greatestVersion: 9, greatestTimestamp: 10, heads: [{ origin: 'oB', seq: 2 }] };
    await written(journal, false, [['oA', 3]], (checkpoint) => {
      checkpoint.putEntry('a', entry(1, 'some'));
      checkpoint.putEntry('a\0', entry(2, ''));
      checkpoint.putEntry('a', entry(3, 'fica', [['oB', 7]]));
      checkpoint.putMark('a', mark);
      checkpoint.removeEntry('a', entry(1, ''));
    });
    await when((done) => journal.append(['depois'], done));
    await journal.close();
    expect(await content(path)).toEqual({
      vector: [['oA', 3]],
      head: HEAD,
      keys: [
        { key: 'a', mark, entries: [entry(3, 'fica', [['oB', 7]])] },
        { key: 'a\0', mark: undefined, entries: [entry(2, '')] },
      ],
      batches: ['depois'],
    });
  });

  it('replaces everything by a whole state, and nothing by one that is not committed', async () => {
    const journal = await LevelJournal.open(path, 'f', logger);
    await written(journal, false, [['oA', 1]], (checkpoint) => checkpoint.putEntry('velha', entry(1, 'v')));
    journal.checkpoint(true).discard();
    await written(journal, true, [['oA', 2]], (checkpoint) => checkpoint.putEntry('nova', entry(2, 'v')));
    await written(journal, false, [['oA', 3]], (checkpoint) => checkpoint.putEntry('outra', entry(3, 'v')));
    await journal.close();
    const keys = ['nova', 'outra'].map((key, i) => ({ key, mark: undefined, entries: [entry(i + 2, 'v')] }));
    expect(await content(path)).toEqual({ vector: [['oA', 3]], head: HEAD, keys, batches: [] });
  });

  it('writes a whole state in pieces, which count once it is committed', async () => {
    const large = 'x'.repeat(64 * 1024);
    const put = (checkpoint: Checkpoint, value: string): void => {
      for (let i = 1; i <= 300; i++) checkpoint.putEntry(`chave ${i}`, entry(i, value + large));
    };
    const journal = await LevelJournal.open(path, 'f', logger);
    await written(journal, true, [['oA', 300]], (checkpoint) => put(checkpoint, 'antes'));
    // One that is given up, and one that is never finished: the process is killed.
    const given = journal.checkpoint(true);
    put(given, 'largada');
    await given.ready();
    given.discard();
    const killed = journal.checkpoint(true);
    killed.putOrigin('oA', 999);
    killed.putEntry('só da morta', entry(1, 'v'));
    put(killed, 'morta');
    await killed.ready();
    await journal.close();
    const raw = new ClassicLevel(path);
    const generations = (await raw.keys({ gte: 's', lt: 't' }).all()).map((key) => key.slice(0, 9));
    await raw.close();
    expect([...new Set(generations)]).toEqual(['s00000001', 's00000002', 's00000003']);
    const keys = (value: string): unknown =>
      Array.from({ length: 300 }, (_, i) => ({
        key: `chave ${i + 1}`,
        entries: [entry(i + 1, value + large)],
      })).sort((a, b) => (a.key < b.key ? -1 : 1));
    expect(await content(path)).toMatchObject({ vector: [['oA', 300]], keys: keys('antes') });
    const next = await LevelJournal.open(path, 'f', logger);
    next.checkpoint(true).discard();
    await written(next, true, [['oA', 300]], (checkpoint) => put(checkpoint, 'depois'));
    await next.close();
    expect(await content(path)).toMatchObject({ vector: [['oA', 300]], keys: keys('depois') });
  });

  it.each([
    ['another format', { formato: 4, frota: 'f' }, 'formato 4, e este programa conhece os formatos 1, 2 e 3'],
    ['another fleet', { formato: 1, frota: 'g' }, 'os dados são da frota "g", não de "f"'],
  ])('refuses a folder of %s', async (_, said, why) => {
    await (await LevelJournal.open(path, 'f', logger)).close();
    const raw = new ClassicLevel(path);
    await raw.put('formato', JSON.stringify(said));
    await raw.close();
    await expect(LevelJournal.open(path, 'f', logger)).rejects.toMatchObject({
      code: 'DADOS_INVALIDOS',
      message: `não é possível usar os dados em ${path}: ${why}`,
    });
  });

  it('keeps what an entry may have besides: a request, an expiry, the flag of one that has passed', async () => {
    const attempt = { id: 'loyw438s-brssvqqoxlqe', number: 1_000_000 };
    const kept: KeptEntry[] = [
      entry(1, 'sem'),
      { ...entry(2, 'com', [['oB', 7]]), attempt },
      { ...entry(3, 'até', [['oB', 7]]), expiresAt: 8.64e15 },
      { ...entry(4, 'passada'), passed: true },
      { ...entry(5, '\ud800', [['oB', 7]]), attempt, expiresAt: 1, passed: true },
    ];
    const journal = await LevelJournal.open(path, 'f', logger);
    await written(journal, false, [['oA', 5]], (checkpoint) => {
      for (const each of kept) checkpoint.putEntry('a', each);
    });
    await journal.close();
    expect(await content(path)).toMatchObject({ keys: [{ key: 'a', entries: kept }] });
  });

  it('keeps floors, the clock and a short frontier, and origins by what advanced alone', async () => {
    const journal = await LevelJournal.open(path, 'f', logger);
    const many = Array.from({ length: 5_000 }, (_, i) => [`o${i}`, i + 1] as const);
    await written(journal, false, many, () => undefined, { ...HEAD, frontier: many });
    expect(await size(path)).toBeGreaterThan(50_000);
    const floors = [{ part: 1023, version: 7, timestamp: 1.7e12, paceMs: 1.8e12 }];
    const head = { floors, fleetMs: 1.9e12, frontier: [['o7', 9] as const] };
    const before = await size(path);
    await written(journal, false, [['o7', 2 ** 40 + 1]], () => undefined, head);
    await written(journal, false, [['novo', 1]], () => undefined, head);
    expect((await size(path)) - before).toBeLessThan(1_000);
    await journal.close();
    const vector = [...many.map(([name, seq]) => (name === 'o7' ? [name, 2 ** 40 + 1] : [name, seq]))];
    expect(await content(path)).toEqual({ vector: [...vector, ['novo', 1]], head, keys: [], batches: [] });
  });

  it('refuses a database that is not its own, a file, and a folder in use', async () => {
    const raw = new ClassicLevel(path);
    await raw.put('alheia', 'x');
    await expect(LevelJournal.open(path, 'f', logger)).rejects.toMatchObject({ code: 'DADOS_EM_USO' });
    await raw.close();
    await expect(LevelJournal.open(path, 'f', logger)).rejects.toMatchObject({ code: 'DADOS_INVALIDOS' });
    await expect(LevelJournal.open('/dev/null', 'f', logger)).rejects.toMatchObject({
      code: 'DADOS_INVALIDOS',
    });
  });

  it('has the layout that docs/STORAGE.md describes', () => {
    const hex = (bytes: Buffer): string =>
      bytes.toString('latin1').replaceAll(/[^ -~]/g, (c) => {
        return `<${c.charCodeAt(0).toString(16)}>`;
      });
    expect({
      log: hex(logKey(4096)),
      meta: hex(encodeMeta({ generation: 1, logStart: 2, fleetMs: 3, frontier: [['oA', 3]] })),
      floors: hex(encodeFloors([{ part: 1, version: 2, timestamp: 3, paceMs: 4 }])),
      origin: originKey(258),
      originValue: encodeOrigin('oA', 2 ** 40 + 1),
      mark: hex(markKey(1, 'a\0b')),
      markValue: hex(encodeMark({ greatestVersion: 3, greatestTimestamp: 4, heads: [] })),
      entry: hex(entryKey(1, 'a', 258, 3, 2 ** 40 + 1)),
      entryValue: hex(encodeEntry(entry(1, 'v', [['oB', 2]]))),
      withRequest: hex(encodeEntry({ ...entry(1, 'v'), attempt: { id: 'l-abcdefghijk', number: 2 } })),
      expiring: hex(encodeEntry({ ...entry(1, 'v'), expiresAt: 2, passed: true })),
    }).toEqual({
      log: 'l0000000000001000',
      meta: '{"geracao":1,"inicioLog":2,"hora":3,"fronteira":[["oA",3]]}',
      floors: '[[1,2,3,4]]',
      origin: 'o00000102',
      originValue: '1099511627777 oA',
      mark: 's00000001ua<0><1>b<0><0>',
      markValue: '{"maiorVersao":3,"maiorTs":4,"cabecas":[]}',
      entry: 's00000001ua<0><0><0><0><1><2><0><0><0><3><0><1><0><0><0><0><1>',
      entryValue: '<1>Bx<bc><fe>V<80><10><0><0><0><0><a>[["oB",2]]v',
      withRequest: '<4>Bx<bc><fe>V<80><10><0><0><0><0><2><d>l-abcdefghijkv',
      expiring: '<18>Bx<bc><fe>V<80><10><0>@<0><0><0><0><0><0><0>v',
    });
  });

  it.each(['', 'a', '\0', '\0\0', '\0\u0001', 'é\uffff', '\ud800', 'x\udc00\0', '😀', '"'])(
    'keeps the text %j as key and as value',
    (text) => {
      const kept = { ...entry(7, text), origin: 'oC' };
      const key = entryKey(0, text, kept.version, 5, kept.seq);
      const place = placeOffset(key);
      expect(keyOf(key, place)).toBe(text);
      expect(decodeEntry(key, place, encodeEntry(kept), (number) => (number === 5 ? 'oC' : ''))).toEqual(
        kept,
      );
    },
  );
});
