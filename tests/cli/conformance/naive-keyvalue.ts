import { each, rows, serveNaively, unary } from './naive-server.js';

/** A rule of `KeyValueStore` that a server breaks. */
export type KeyValueFlaw =
  | 'seconds'
  | 'same-version'
  | 'exact-version'
  | 'old-of-first'
  | 'blank-key'
  | 'del-newest-only'
  | 'trim-keeps-nothing'
  | 'trim-keeps-all'
  | 'range-excludes-end'
  | 'range-unsorted'
  | 'range-lesser-version'
  | 'delrange-one-answer'
  | 'splits-at-first-mark'
  | 'waits-for-the-end'
  | 'own-versions';

interface Asked {
  readonly key: string;
  readonly ver?: string | null;
}
interface Range {
  readonly fr: Asked;
  readonly to: Asked;
}
interface Found {
  readonly key: string;
  readonly val: string;
  readonly ver: number;
}

/** A server of `project.KeyValueStore` such as a student may write, on its own map. It has one flaw at most. */
export class NaiveKeyValue {
  port = 0;
  peers: readonly NaiveKeyValue[] = [];
  close: () => void = () => undefined;
  /** Versions of each key, oldest first. */
  private readonly data = new Map<string, Found[]>();

  private constructor(private readonly flaw: KeyValueFlaw | undefined) {}

  static async start(flaw?: KeyValueFlaw): Promise<NaiveKeyValue> {
    const naive = new NaiveKeyValue(flaw);
    const late = naive.has('waits-for-the-end');
    const { port, close } = await serveNaively([
      [
        'project_KeyValueStore.proto',
        'project.KeyValueStore',
        {
          Get: unary((asked: Asked) => naive.get(asked)),
          GetAll: each((asked: Asked) => naive.get(asked), late),
          Put: unary((asked: Found) => naive.put(asked)),
          PutAll: each((asked: Found) => naive.put(asked), late),
          Del: unary((asked: Asked) => naive.del(asked)),
          DelAll: each((asked: Asked) => naive.del(asked), late),
          Trim: unary((asked: Asked) => naive.trim(asked)),
          GetRange: rows((range: Range) => {
            const versions = [Number(range.fr.ver ?? 0), Number(range.to.ver ?? 0)];
            const ver = naive.has('range-lesser-version') ? Math.min(...versions) : Math.max(...versions);
            return naive.between(range).map((key) => naive.get({ key, ver: String(ver) }));
          }),
          DelRange: rows((range: Range) => {
            const found = naive.between(range).map((key) => naive.del({ key }));
            return naive.has('delrange-one-answer') ? found.slice(0, 1) : found;
          }),
        },
      ],
    ]);
    return Object.assign(naive, { port, close });
  }

  /** Several servers of the same data. */
  static async startSome(count: number, flaw?: KeyValueFlaw): Promise<NaiveKeyValue[]> {
    const all = await Promise.all(Array.from({ length: count }, () => NaiveKeyValue.start(flaw)));
    for (const one of all) one.peers = all.filter((other) => other !== one);
    return all;
  }

  get keys(): string[] {
    return [...this.data.keys()];
  }

  private has(flaw: KeyValueFlaw): boolean {
    return this.flaw === flaw;
  }

  /** Where a key is kept: on a disk, it and the version are joined by `!`. */
  private place(key: string): string {
    return this.has('splits-at-first-mark') ? (key.split('!')[0] ?? '') : key;
  }

  private versions(key: string): readonly Found[] {
    return this.data.get(this.place(key)) ?? [];
  }

  private get({ key, ver }: Asked): Found {
    const version = Number(ver ?? 0);
    const versions = this.versions(key);
    const fits = (one: Found): boolean =>
      version <= 0 || (this.has('exact-version') ? one.ver === version : one.ver <= version);
    const found = versions.filter(fits).at(-1);
    return {
      ...(found ?? { val: '', ver: 0 }),
      key: found === undefined && this.has('blank-key') ? '' : key,
    };
  }

  private put({ key, val }: Found): object {
    const versions = this.versions(key);
    const before = this.has('old-of-first') ? versions[0] : versions.at(-1);
    const now = this.has('seconds') ? Math.floor(Date.now() / 1000) : Date.now();
    const ver = this.has('same-version') ? now : Math.max(now, (versions.at(-1)?.ver ?? 0) + 1);
    this.learn({ key, val, ver });
    for (const peer of this.peers) {
      peer.learn({ key, val, ver: this.has('own-versions') ? ver + 1 : ver });
    }
    return { key, old_val: before?.val ?? '', old_ver: before?.ver ?? 0, ver };
  }

  private learn(found: Found): void {
    const place = this.place(found.key);
    const others = (this.data.get(place) ?? []).filter(({ ver }) => ver !== found.ver);
    this.data.set(
      place,
      [...others, found].sort((one, other) => one.ver - other.ver),
    );
  }

  private del({ key }: Asked, isTold = false): Found {
    if (!isTold) for (const peer of this.peers) peer.del({ key }, true);
    const newest = this.versions(key).at(-1);
    const rest = this.has('del-newest-only') ? this.versions(key).slice(0, -1) : [];
    if (rest.length > 0) this.data.set(this.place(key), [...rest]);
    else this.data.delete(this.place(key));
    return { ...(newest ?? { val: '', ver: 0 }), key };
  }

  private trim({ key }: Asked, isTold = false): Found {
    if (!isTold) for (const peer of this.peers) peer.trim({ key }, true);
    const newest = this.versions(key).at(-1);
    if (newest === undefined) return { key, val: '', ver: 0 };
    if (this.has('trim-keeps-nothing')) this.data.delete(this.place(key));
    else if (!this.has('trim-keeps-all')) this.data.set(this.place(key), [newest]);
    return newest;
  }

  private between({ fr, to }: Range): string[] {
    const isIn = (key: string): boolean =>
      key >= fr.key && (this.has('range-excludes-end') ? key < to.key : key <= to.key);
    const keys = [...this.data.keys()].filter(isIn);
    return this.has('range-unsorted') ? keys : keys.sort();
  }
}
