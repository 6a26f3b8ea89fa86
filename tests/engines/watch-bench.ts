import { afterEach, expect, type TestContext } from 'vitest';
import type { Engine } from '../../src/ports/engine.js';
import type { Watch, WatchEvent } from '../../src/ports/watch.js';
import { WatchReader } from '../support/watch-reader.js';
import type { Bench } from './conformance.js';

/** What an event says, in short: `insert chave@3=valor`. */
export function shortly({ kind, line }: WatchEvent): string {
  if (line === undefined) return kind;
  return `${kind} ${line.key}@${line.version}${line.value === '' ? '' : `=${line.value}`}`;
}

export const everyShortly = (events: readonly WatchEvent[]): string[] => events.map(shortly);

/** What the tests of watches work with. All readers leave after each test. */
export class WatchBench {
  readonly #readers: WatchReader[] = [];

  constructor(private readonly bench: Bench) {}

  need(context: TestContext): void {
    context.skip(this.bench.engine.capabilities.watches !== true, 'nobody watches');
  }

  /** To be called within the `describe` of the tests. */
  leaveAfterEach(): void {
    afterEach(async () => {
      await Promise.all(this.#readers.map((reader) => reader.leave()));
      this.#readers.length = 0;
    });
  }

  servers(): Engine[] {
    return [this.bench.engine, this.bench.open.second ?? this.bench.engine];
  }

  read(engine: Engine, scan: Omit<Watch, 'kind'>): WatchReader {
    const reader = new WatchReader(engine, scan);
    this.#readers.push(reader);
    return reader;
  }

  /** A watch from now on, up to date. */
  async watching(engine: Engine, scan: Omit<Watch, 'kind' | 'from'>): Promise<WatchReader> {
    const reader = this.read(engine, { ...scan, from: 'now' });
    expect(everyShortly(await reader.untilUpToDate())).toEqual([]);
    return reader;
  }

  /** A watch from now on of each server, up to date. */
  watchingAll(scan: Omit<Watch, 'kind' | 'from'>): Promise<WatchReader[]> {
    return Promise.all(this.servers().map((server) => this.watching(server, scan)));
  }
}

/** The next so many events, in short. */
export async function told(reader: WatchReader, count: number): Promise<string[]> {
  return everyShortly(await reader.take(count));
}
