import { expect } from 'vitest';
import { reasonOf } from './door-client.js';
import type { ServerProcess } from './server-process.js';

/** What one writer knows of one of its keys, from the answers that it got. */
interface KeyLedger {
  readonly key: string;
  /** Versions that are there, with their values. */
  readonly present: Map<number, string>;
  readonly removed: Set<number>;
  greatest: number;
  /** A call on this key was cut off: nobody knows whether it was carried out. */
  uncertain: boolean;
}

export interface WriterOptions {
  /** Prefix of its keys: no two writers share one. */
  readonly name: string;
  readonly perSecond: number;
  readonly keys?: number;
  /** Only inserts, also on these keys, which other writers use too. */
  readonly sharedKeys?: readonly string[];
}

const LANES = 8;
const PAUSE_MS = 10;

/**
 * A client that writes, removes and reads at a steady rate until it is stopped or its server dies, checks every answer,
 * and remembers what was acknowledged. Each key is used by one lane, so its calls follow one another.
 */
export class Writer {
  readonly ledgers: KeyLedger[];
  /** Answers that broke a promise. */
  readonly problems: string[] = [];
  /** Versions acknowledged on shared keys. */
  readonly shared: { readonly key: string; readonly version: number }[] = [];
  /** What cut a call off, as when its server goes away: nothing is written after it. */
  cutBy: unknown;
  acknowledged = 0;
  private stopping = false;
  private calls = 0;
  private readonly greatestShared = new Map<string, number>();
  private readonly lanes: Promise<void>[];

  constructor(
    private readonly server: ServerProcess,
    private readonly options: WriterOptions,
  ) {
    this.ledgers = Array.from({ length: options.keys ?? 240 }, (_, index) => ({
      key: `${options.name}-${index}`,
      present: new Map<number, string>(),
      removed: new Set<number>(),
      greatest: 0,
      uncertain: false,
    }));
    this.lanes = Array.from({ length: LANES }, (_, lane) => this.run(lane));
  }

  /** Ends it once every call under way is answered. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.lanes);
  }

  private async run(lane: number): Promise<void> {
    const own = this.ledgers.filter((_, index) => index % LANES === lane);
    const startMs = performance.now();
    for (let done = 0; !this.stopping && this.cutBy === undefined; done++) {
      const ledger = own[done % own.length]!;
      try {
        await this.step(ledger, done);
      } catch (error) {
        // A full collection of garbage may stop a server for that long, and of what it refuses then nothing was done.
        if (reasonOf(error)?.startsWith('SERVIDOR_PAROU') !== true) {
          ledger.uncertain = true;
          this.cutBy ??= error;
        }
      }
      const dueMs = startMs + (1000 * LANES * done) / this.options.perSecond;
      if (dueMs > performance.now() + PAUSE_MS) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  private async step(ledger: KeyLedger, done: number): Promise<void> {
    const kind = (done + Math.floor(done / 20)) % 20;
    const newest = ledger.greatest;
    if (kind === 3 && this.options.sharedKeys) await this.insertShared(this.options.sharedKeys);
    else if (kind === 7 && ledger.present.size > 1) await this.removeOldest(ledger);
    else if (kind === 11 && ledger.present.size > 0) await this.removeAll(ledger);
    else if (kind === 15 && ledger.present.has(newest)) await this.readNewest(ledger, newest);
    else await this.insert(ledger);
    this.acknowledged++;
  }

  private async insert(ledger: KeyLedger): Promise<void> {
    const value = `${this.options.name}:${this.calls++}`;
    const { versao, erro } = await this.server.client.insere(ledger.key, value);
    if (versao <= ledger.greatest)
      this.complain(ledger.key, `version ${versao} after ${ledger.greatest} ${erro}`);
    ledger.greatest = versao;
    ledger.present.set(versao, value);
  }

  private async insertShared(keys: readonly string[]): Promise<void> {
    const key = keys[this.calls++ % keys.length]!;
    const { versao } = await this.server.client.insere(key, `${this.options.name}:${this.calls}`);
    this.shared.push({ key, version: versao });
    // Lanes share these keys: answers may overtake one another, but no version may come twice.
    const before = this.greatestShared.get(key) ?? 0;
    if (versao < before - LANES) this.complain(key, `version ${versao} long after ${before}`);
    this.greatestShared.set(key, Math.max(before, versao));
  }

  private async removeOldest(ledger: KeyLedger): Promise<void> {
    const [oldest = 0] = ledger.present.keys();
    const { versao, erro } = await this.server.client.remove(ledger.key, oldest);
    if (versao !== oldest) this.complain(ledger.key, `removal of ${oldest} answered ${versao} ${erro}`);
    forget(ledger, oldest);
  }

  private async removeAll(ledger: KeyLedger): Promise<void> {
    const { versao, erro } = await this.server.client.remove(ledger.key);
    if (versao !== 0) this.complain(ledger.key, `removal of all answered ${versao} ${erro}`);
    for (const version of [...ledger.present.keys()]) forget(ledger, version);
  }

  private async readNewest(ledger: KeyLedger, version: number): Promise<void> {
    const { valor, versao } = await this.server.client.consulta(ledger.key);
    if (versao !== version || valor !== ledger.present.get(version))
      this.complain(ledger.key, `own write ${version} not read: ${versao}`);
  }

  private complain(key: string, what: string): void {
    this.problems.push(`${key}: ${what}`);
  }
}

function forget(ledger: KeyLedger, version: number): void {
  ledger.present.delete(version);
  ledger.removed.add(version);
}

/**
 * Holds a server to what the writers were told: what was acknowledged and not removed is there with its value, what was
 * removed is not.
 */
export async function verifyLedgers(writers: readonly Writer[], server: ServerProcess): Promise<void> {
  expect(writers.flatMap(({ problems }) => problems)).toEqual([]);
  const known = writers.flatMap(({ ledgers }) => ledgers.filter(({ uncertain }) => !uncertain));
  const asked = known.flatMap(({ key, present, removed }) => [
    ...[...present].map(([versao, valor]) => ({ chave: key, versao, valor })),
    ...[...removed].map((versao) => ({ chave: key, versao, valor: undefined })),
  ]);
  const { resposta } = await server.client.consultaVarias(
    asked.map(({ chave, versao }) => ({ chave, versao })),
  );
  expect(resposta).toHaveLength(asked.length);
  const wrong = asked.flatMap((entry, index) => {
    const got = resposta[index]!;
    const there = got.versao === entry.versao;
    const right = entry.valor === undefined ? !there : there && got.valor === entry.valor;
    return right ? [] : [{ port: server.port, wanted: entry, got }];
  });
  expect(wrong).toEqual([]);
  const shared = writers.flatMap((writer) => writer.shared);
  const answers = await server.client.consultaVarias(
    shared.map(({ key, version }) => ({ chave: key, versao: version })),
  );
  expect(answers.resposta.map(({ versao }) => versao)).toEqual(shared.map(({ version }) => version));
}

/** Holds a server to the counters: the next version of a key is the one after the greatest ever acknowledged. */
export async function verifyCounters(
  writers: readonly Writer[],
  server: ServerProcess,
  keysEach = 10,
): Promise<void> {
  for (const { ledgers } of writers) {
    const chosen = ledgers.filter(({ uncertain }) => !uncertain).slice(0, keysEach);
    const { resposta } = await server.client.insereVarias(chosen.map(({ key }) => [key, 'depois']));
    expect(resposta).toEqual(chosen.map(({ greatest }) => greatest + 1));
    chosen.forEach((ledger) => {
      ledger.greatest++;
      ledger.present.set(ledger.greatest, 'depois');
    });
  }
}
