import { status } from '@grpc/grpc-js';
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerUnaryCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { rows, serveNaively } from './naive-server.js';

/** A rule of `kvs.KVS` that a server breaks. */
export type KvsFlaw =
  | 'counter-restarts'
  | 'one-counter'
  | 'exact-version'
  | 'zero-is-a-version'
  | 'snapshot-without-latest'
  | 'snapshot-shows-removed'
  | 'waits-for-the-end'
  | 'remove-up-to'
  | 'remove-answers-latest'
  | 'error-as-status'
  | 'echoes-key'
  | 'minus-one-for-none'
  | 'remove-needs-absence'
  | 'counts-bytes'
  | 'no-minimum'
  | 'no-query'
  | 'drops-old-versions'
  | 'stream-stops-at-error'
  | 'stream-never-ends'
  | 'silent-remove'
  | 'dies-at-remove'
  | 'without-snapshot'
  | 'not-replicated'
  | 'renumbers-replicas';

interface Entry {
  readonly versions: Map<number, string>;
  greatest: number;
}

interface Asked {
  readonly chave: string;
  readonly valor?: string;
  readonly versao?: number;
}

/** Stands for an absent version, which names none. */
const ABSENT = -1_000_000;

const BLANK = { chave: '', valor: '', versao: 0 };

/**
 * A server of `kvs.KVS` such as a student may write, on its own map: nothing of `src`. It has one flaw at most. Several
 * replicate by calling each other at once.
 */
export class NaiveKvs {
  port = 0;
  close: () => void = () => undefined;
  peers: readonly NaiveKvs[] = [];
  private readonly entries = new Map<string, Entry>();
  private common = 0;
  /** How often it was asked to remove something. */
  removals = 0;

  private constructor(private readonly flaw: KvsFlaw | undefined) {}

  static async start(flaw?: KvsFlaw): Promise<NaiveKvs> {
    const naive = new NaiveKvs(flaw);
    const { port, close } = await serveNaively([['kvs.proto', 'kvs.KVS', naive.handlers()]]);
    return Object.assign(naive, { port, close });
  }

  /** Several servers of the same data. */
  static async startSome(count: number, flaw?: KvsFlaw): Promise<NaiveKvs[]> {
    const all = await Promise.all(Array.from({ length: count }, () => NaiveKvs.start(flaw)));
    for (const one of all) one.peers = all.filter((other) => other !== one);
    return all;
  }

  /** Keys that have versions. */
  get keys(): string[] {
    return [...this.entries].filter(([, { versions }]) => versions.size > 0).map(([key]) => key);
  }

  private has(flaw: KvsFlaw): boolean {
    return this.flaw === flaw;
  }

  private insert({ chave, valor = '' }: Asked): number {
    const sizeOf = (text: string): number =>
      this.has('counts-bytes') ? Buffer.byteLength(text) : Array.from(text).length;
    if (!this.has('no-minimum') && (sizeOf(chave) < 3 || sizeOf(valor) < 3)) return -1;
    const entry = this.entry(chave);
    entry.greatest = this.has('one-counter') ? ++this.common : entry.greatest + 1;
    this.apply(chave, valor, entry.greatest);
    if (!this.has('not-replicated')) for (const peer of this.peers) peer.learn(chave, valor, entry.greatest);
    return entry.greatest;
  }

  private learn(key: string, value: string, version: number): void {
    if (this.has('renumbers-replicas')) {
      this.apply(key, value, this.entry(key).greatest + 2);
      return;
    }
    // The greater value wins, whoever comes last.
    const known = this.entry(key).versions.get(version);
    if (known === undefined || known < value) this.apply(key, value, version);
  }

  private apply(key: string, value: string, version: number): void {
    const entry = this.entry(key);
    if (this.has('drops-old-versions')) entry.versions.clear();
    entry.versions.set(version, value);
    entry.greatest = Math.max(entry.greatest, version);
  }

  private query({ chave, versao }: Asked): typeof BLANK {
    const found = this.find(chave, versao);
    if (found === undefined) {
      if (this.has('minus-one-for-none')) return { chave, valor: '', versao: -1 };
      return this.has('echoes-key') ? { ...BLANK, chave } : BLANK;
    }
    return { chave, valor: found[1], versao: found[0] };
  }

  private find(key: string, version = 0): readonly [number, string] | undefined {
    const versions = [...(this.entries.get(key)?.versions ?? [])].sort(([one], [other]) => one - other);
    if (this.has('exact-version') && version > 0) return versions.find(([number]) => number === version);
    if (version <= 0 && !(this.has('zero-is-a-version') && version === 0)) return versions.at(-1);
    return versions.filter(([number]) => number <= version).at(-1);
  }

  private remove({ chave, versao = ABSENT }: Asked, isTold = false): number {
    if (!isTold && !this.has('not-replicated'))
      for (const peer of this.peers) peer.remove({ chave, versao }, true);
    const entry = this.entries.get(chave);
    if (entry === undefined || entry.versions.size === 0) return -1;
    if (this.has('remove-needs-absence') && versao <= 0 && versao !== ABSENT) return -1;
    if (versao <= 0) {
      const latest = entry.greatest;
      entry.versions.clear();
      if (this.has('counter-restarts')) this.entries.delete(chave);
      return this.has('remove-answers-latest') ? latest : 0;
    }
    const target = this.has('remove-up-to') ? (this.find(chave, versao)?.[0] ?? 0) : versao;
    return entry.versions.delete(target) ? target : -1;
  }

  private snapshot(version: number): (typeof BLANK)[] {
    if (this.has('snapshot-without-latest') && version <= 0) return [BLANK];
    const rows = [...this.entries.keys()].flatMap((chave) => {
      const found = this.find(chave, version);
      if (found === undefined) return this.has('snapshot-shows-removed') ? [{ ...BLANK, chave }] : [];
      return [{ chave, valor: found[1], versao: found[0] }];
    });
    return rows.length === 0 ? [BLANK] : rows;
  }

  private entry(key: string): Entry {
    const entry = this.entries.get(key) ?? { versions: new Map(), greatest: 0 };
    this.entries.set(key, entry);
    return entry;
  }

  private handlers(): UntypedServiceImplementation {
    type Unary = ServerUnaryCall<Asked, object>;
    type Duplex = ServerDuplexStream<Asked, object>;
    const version = (versao: number): object => ({ versao });
    const one =
      (work: (asked: Asked) => object) =>
      (call: Unary, done: sendUnaryData<object>): void => {
        // Absent is `null` in what the loader decodes.
        const answer = work(named(call.request));
        const isError = 'versao' in answer && answer.versao === -1;
        if (this.has('error-as-status') && isError)
          done({ code: status.UNKNOWN, details: 'java.lang.NullPointerException' });
        else done(null, answer);
      };
    const many =
      (work: (asked: Asked) => object) =>
      (call: Duplex): void => {
        const kept: object[] = [];
        call.on('data', (asked: Asked) => {
          const answer = work(named(asked));
          if (this.has('waits-for-the-end')) kept.push(answer);
          else if (this.has('stream-stops-at-error') && 'versao' in answer && answer.versao === -1)
            call.end();
          else call.write(answer);
        });
        call.on('end', () => {
          for (const answer of kept) call.write(answer);
          if (!this.has('stream-never-ends')) call.end();
        });
      };
    const handlers = {
      Insere: one((asked) => version(this.insert(asked))),
      Consulta: one((asked) => this.query(asked)),
      Remove: (call: Unary, done: sendUnaryData<object>): void => {
        this.removals++;
        if (this.has('dies-at-remove')) this.close();
        else if (!this.has('silent-remove')) one((asked) => version(this.remove(asked)))(call, done);
      },
      InsereVarias: many((asked) => version(this.insert(asked))),
      ConsultaVarias: many((asked) => this.query(asked)),
      RemoveVarias: many((asked) => version(this.remove(asked))),
      Snapshot: rows(({ versao }: { readonly versao: number }) => this.snapshot(versao)),
    };
    const { Snapshot, Consulta, ...rest } = handlers;
    if (this.has('no-query')) return { ...rest, Snapshot };
    if (this.has('without-snapshot')) return { ...rest, Consulta };
    return { ...rest, Consulta, Snapshot };
  }
}

/** A request with an absent version as one that names none. */
function named(asked: Asked): Asked {
  return { ...asked, versao: (asked.versao as number | null) ?? ABSENT };
}
