import { describe, expect, it } from 'vitest';
import type { VectorEntries } from '../../src/core/dot.js';
import type { Line } from '../../src/ports/lines.js';
import type { WatchEvent } from '../../src/ports/watch.js';
import { Oracle, type Target } from '../support/oracle.js';
import { WatchChecker, type WatchedServer } from '../support/watch-checker.js';
import { noWatchCounts } from '../support/watch-counts.js';

/** A history of two writers, and a reader of all keys, told by hand. */
class Told {
  readonly oracle = new Oracle();
  readonly checker = new WatchChecker(this.oracle, 'the reader', () => true, noWatchCounts());
  private wallMs = 1_000;
  /** What the server has that tells, what it cannot tell any more, and how many states it joined. */
  vector: VectorEntries = [];
  untold: VectorEntries = [];
  joins = 0;
  nowMs = 0;

  insert(origin: string, before: VectorEntries, key: string, version: number, expiresAt?: number): Line {
    const timestamp = this.wallMs++;
    const given = { version, timestamp, ...(expiresAt === undefined ? {} : { expiresAt }) };
    this.oracle.insert(origin, before, key, 'v', given, { wallMs: timestamp, fleetMs: 0 });
    const line = { key, value: 'v', ...given, origin, isHead: true, isSibling: false, isStable: false };
    return line;
  }

  remove(origin: string, before: VectorEntries, key: string, target: Target): void {
    this.oracle.remove(origin, before, key, target);
  }

  begin(from: 'now' | 'everything', token?: string): void {
    this.checker.begin(this.server, token, from);
  }

  take(kind: WatchEvent['kind'], token?: string, line?: Line): void {
    const shown = line && { ...line, value: /remove|expire/.test(kind) ? '' : line.value };
    this.checker.take({ kind, line: shown, token } as WatchEvent, this.server);
  }

  finish(): void {
    this.checker.finish(this.vector);
  }

  private get server(): WatchedServer {
    const { vector, untold, joins, nowMs } = this;
    return { origin: 'oS', vector, untold, joins, nowMs };
  }
}

/** Two inserts of `a`, the second by who had seen the first; both are removed by one, and the first by another too. */
function story(): { readonly told: Told; readonly first: Line; readonly second: Line } {
  const told = new Told();
  const first = told.insert('oA', [], 'k', 1);
  const second = told.insert('oB', [['oA', 1]], 'k', 2);
  told.begin('now');
  told.take('upToDate', 'o1.f.');
  told.vector = [
    ['oA', 1],
    ['oB', 1],
  ];
  return { told, first, second };
}

function removed(): { readonly told: Told; readonly first: Line; readonly second: Line } {
  const all = story();
  const { told, first, second } = all;
  told.take('insert', 'o1.f.oA:1', first);
  told.take('insert', 'o1.f.oB:1', second);
  const both: VectorEntries = [
    ['oA', 1],
    ['oB', 1],
  ];
  told.remove('oB', both, 'k', 'all');
  told.remove('oC', [['oA', 1]], 'k', 'all');
  told.vector = [
    ['oA', 1],
    ['oB', 2],
    ['oC', 1],
  ];
  return all;
}

describe('the checker of watches', () => {
  it('takes what is right: inserts, removals in part, two concurrent removals of one entry', () => {
    const { told, first, second } = removed();
    told.take('remove', 'o1.f.oB:1.oB:2:1:oA', first);
    told.take('remove', 'o1.f.oB:2', second);
    told.take('remove', 'o1.f.oB:2,oC:1', first);
    told.take('upToDate', 'o1.f.oB:2,oC:1');
    told.finish();
  });

  it.each([
    ['a missed insert', 'was told', (t) => t.told.take('insert', 'o1.f.oB:1', t.second)],
    [
      'a missed insert at the end',
      'never told',
      (t) => {
        t.told.take('insert', 'o1.f.oA:1', t.first);
        t.told.finish();
      },
    ],
    [
      'a repeated insert',
      'twice',
      (t) => {
        t.told.take('insert', 'o1.f.oA:1', t.first);
        t.told.take('insert', 'o1.f.oA:1', t.first);
      },
    ],
    ['an effect before its cause', 'before its cause', (t) => t.told.take('insert', 'o1.f.oB:1', t.second)],
    [
      'an insert that never was',
      'never was',
      (t) => t.told.take('insert', 'o1.f.oA:1', { ...t.first, version: 7 }),
    ],
    ['another value', 'never was', (t) => t.told.take('insert', 'o1.f.oA:1', { ...t.first, value: 'x' })],
    [
      'a removal of what was not told',
      'before it was there',
      (t) => {
        t.told.remove('oA', [['oA', 1]], 'k', 'all');
        t.told.take('remove', 'o1.f.oA:2', t.first);
      },
    ],
    ['a token that says too much', 'never told', (t) => t.told.take('insert', 'o1.f.oB:1', t.first)],
    [
      'a token that says too little, so that it would be told again',
      'its token does not know',
      (t) => t.told.take('insert', 'o1.f.', t.first),
    ],
    ['an event without a token', 'no token', (t) => t.told.take('insert', undefined, t.first)],
    [
      'a token that goes back',
      'went back',
      (t) => {
        t.told.take('insert', 'o1.f.oA:1', t.first);
        t.told.take('upToDate', 'o1.f.');
      },
    ],
    [
      'a token of what the server does not have',
      'of a server that does not',
      (t) => {
        t.told.vector = [['oA', 1]];
        t.told.take('insert', 'o1.f.oA:1', t.first);
        t.told.take('insert', 'o1.f.oB:1', t.second);
      },
    ],
  ] satisfies readonly (readonly [string, string, (t: ReturnType<typeof story>) => void])[])(
    'finds %s',
    (_, message, tell) => {
      expect(() => tell(story())).toThrow(message);
    },
  );

  it.each([
    [
      'a removal told once more than it was done',
      'once more',
      (t) => {
        t.told.take('remove', 'o1.f.oB:1.oB:2:1:oA', t.first);
        t.told.take('remove', 'o1.f.oB:2', t.second);
        t.told.take('remove', 'o1.f.oB:2,oC:1', t.first);
        t.told.take('remove', 'o1.f.oB:2,oC:1', t.first);
      },
    ],
    [
      'a removal in part that is forgotten',
      'was removed, which its token does not know',
      (t) => t.told.take('remove', 'o1.f.oB:1', t.first),
    ],
    [
      'a removal of which the rest is missing',
      'was never told that',
      (t) => t.told.take('remove', 'o1.f.oB:2', t.first),
    ],
    [
      'an expiry before its time',
      'before its time',
      (t) => t.told.take('expire', 'o1.f.oB:1.oB:2:1:oA', t.first),
    ],
    [
      'a write before the removal that its writer had seen',
      'before its cause, the removal',
      (t) => {
        const line = t.told.insert(
          'oB',
          [
            ['oA', 1],
            ['oB', 2],
          ],
          'j',
          1,
        );
        t.told.vector = [
          ['oA', 1],
          ['oB', 3],
          ['oC', 1],
        ];
        t.told.take('insert', 'o1.f.oB:3', line);
      },
    ],
  ] satisfies readonly (readonly [string, string, (t: ReturnType<typeof removed>) => void])[])(
    'finds %s',
    (_, message, tell) => {
      expect(() => tell(removed())).toThrow(message);
    },
  );
});

/** A reader that was told the first insert, and goes on at a server that has both. */
function moved(untold: VectorEntries): Told {
  const { told, first } = story();
  told.take('insert', 'o1.f.oA:1', first);
  told.untold = untold;
  told.begin('now', 'o1.f.oA:1');
  return told;
}

describe('a watch that begins again', () => {
  it('may, where the log no longer has what follows, and is told what is there', () => {
    const told = moved([
      ['oA', 1],
      ['oB', 1],
    ]);
    const [first, second] = [...told.oracle.stateAt(told.vector).keys.get('k')!.entries];
    told.take('restart', 'o1.f.-');
    for (const entry of [first!, second!])
      told.take('present', undefined, { ...lineOf(entry), isHead: entry === second });
    told.take('upToDate', 'o1.f.oB:1');
    told.finish();
  });

  it('may, where the server does not have what was told', () => {
    const told = moved([]);
    told.vector = [];
    told.take('restart', 'o1.f.-');
    told.take('upToDate', 'o1.f.');
  });

  it('may not, where the log has all that follows', () => {
    expect(() => moved([['oA', 1]]).take('restart', 'o1.f.-')).toThrow('began again although');
    expect(() => moved([]).take('restart', 'o1.f.-')).toThrow('began again although');
  });

  it('may not in between, unless a state was joined', () => {
    const { told, first } = story();
    told.take('insert', 'o1.f.oA:1', first);
    expect(() => told.take('restart', 'o1.f.-')).toThrow('nothing was joined');
    told.joins = 1;
    told.take('restart', 'o1.f.-');
  });

  it('must, with a token that names no place', () => {
    const { told, first } = story();
    told.begin('now', 'o1.f.-');
    expect(() => told.take('insert', 'o1.f.oA:1', first)).toThrow('went on from nowhere');
  });

  it('may not be ended as slow where the log has all that follows', () => {
    const told = moved([['oA', 1]]);
    expect(() => told.checker.endedAsSlow({ ...serverOf(told), untold: [['oA', 1]] })).toThrow('as slow');
  });

  it.each([
    ['what is missing', 'was not told', (line: Line) => [line].slice(1)],
    ['what was not there', 'was told that', (line: Line, other: Line) => [line, other]],
    ['what comes twice', 'twice', (line: Line) => [line, line]],
    ['a head that is none', 'head', (line: Line) => [{ ...line, isHead: false }]],
  ])('finds %s among what is present', (_, message, shown) => {
    const told = new Told();
    const line = told.insert('oA', [], 'k', 1);
    const other = told.insert('oA', [['oA', 1]], 'j', 1);
    told.vector = [['oA', 1]];
    told.begin('everything');
    expect(() => {
      for (const one of shown(line, other)) told.take('present', undefined, one);
      told.take('upToDate', 'o1.f.oA:1');
    }).toThrow(message);
  });

  it('finds what had expired among what is present', () => {
    const told = new Told();
    const line = told.insert('oA', [], 'k', 1, 2_000);
    told.vector = [['oA', 1]];
    told.nowMs = 3_000;
    told.begin('everything');
    told.take('present', undefined, line);
    expect(() => told.take('upToDate', 'o1.f.oA:1')).toThrow('had expired');
  });

  it('finds that it is up to date too early', () => {
    const { told } = story();
    told.begin('now', 'o1.f.');
    expect(() => told.take('upToDate', 'o1.f.')).toThrow('up to date without');
  });
});

function lineOf(entry: {
  readonly version: number;
  readonly timestamp: number;
  readonly origin: string;
  readonly value: string;
}): Line {
  const { version, timestamp, origin, value } = entry;
  return { key: 'k', value, version, timestamp, origin, isHead: true, isSibling: false, isStable: false };
}

function serverOf({ vector, untold, joins, nowMs }: Told): WatchedServer {
  return { origin: 'oS', vector, untold, joins, nowMs };
}
