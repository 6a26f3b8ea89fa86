import { setTimeout as pause } from 'node:timers/promises';
import { Deviation } from '../case.js';
import { greaterThan, Matcher, meets, displayed } from '../expectation.js';
import type { Expected } from '../expectation.js';
import { GrpcTrial } from '../grpc/trial.js';
import type { ServiceName, TrialOptions } from '../grpc/trial.js';
import type { CameMessage } from '../grpc/server.js';

/** A version of a key, as it was put. */
export interface PutVersion extends Expected {
  readonly key: string;
  readonly val: string;
  readonly ver: number;
}

/** The answer for a key of which nothing is found, to the letter. */
export function blankAnswer(key: string): Expected {
  return { key, val: '', ver: 0 };
}

/** One that says as much in another way: which one is right is a case of its own, and no other fails for it. */
export function nothingOf(key: string): Expected {
  const isThisOrNone = (given: unknown): boolean => given === key || given === '';
  return {
    key: new Matcher(displayed(key), isThisOrNone),
    val: '',
    ver: new Matcher('0', (ver) => typeof ver === 'number' && ver <= 0),
  };
}

/** Other services of the first server. */
export interface OtherServices {
  /** The other name of the same service, if the server has it too. */
  readonly otherName: ServiceName | undefined;
  /** Whether it offers `kvs.KVS` too. */
  readonly hasKvs: boolean;
}

/** The steps of one case at `KeyValueStore`. */
export class KeyValueTrial extends GrpcTrial {
  constructor(
    options: TrialOptions,
    readonly others: OtherServices,
  ) {
    super(options);
  }

  /** Many puts of one key, in one stream: every version greater than the one before. */
  async putMany(key: string, count: number): Promise<void> {
    let last = 0;
    const next = new Matcher('um número maior que o da resposta anterior', (ver) => {
      const isGreater = typeof ver === 'number' && ver > last;
      last = Number(ver);
      return isGreater;
    });
    await this.stream(
      'PutAll',
      Array.from(
        { length: count },
        (_, at) =>
          [
            { key, val: `valor ${at}` },
            { key, ver: next },
          ] as const,
      ),
    );
  }

  /** `Put` for a key of which `before` is the newest version. */
  async put(key: string, val: string, before?: PutVersion, at = 0): Promise<PutVersion> {
    const { ver: least } = before ?? { ver: 0 };
    const expected = { key, old_val: before?.val ?? '', old_ver: least, ver: greaterThan(least) };
    const { ver } = await this.call('Put', { key, val }, expected, { at });
    return { key, val, ver: Number(ver) };
  }

  /** Puts two versions with at least one number between theirs. */
  async putApart(key: string): Promise<readonly [PutVersion, PutVersion]> {
    const one = await this.put(key, 'valor um');
    for (let before = one, count = 2; ; count++) {
      // Versions are milliseconds, so the clock has to move on.
      await pause(3);
      const two = await this.put(key, `valor ${count}`, before);
      if (two.ver > before.ver + 1 || count > 20) return [before, two];
      before = two;
    }
  }

  /** `Get`. @param ver `undefined`: absent */
  async get(key: string, ver: number | undefined, expected: Expected, hint?: string): Promise<void> {
    await this.call('Get', timedKey(key, ver), expected, hint === undefined ? {} : { hint });
  }

  /** The answers of a range of keys of this case, all of them in order. */
  async range(
    method: 'GetRange' | 'DelRange',
    [from, to]: readonly [string, string],
    versions: readonly [number | undefined, number | undefined],
    expected: readonly Expected[],
    hint?: string,
  ): Promise<void> {
    const request = { fr: timedKey(from, versions[0]), to: timedKey(to, versions[1]) };
    const found = await this.rows(method, request, () => true);
    if (meets(found, expected)) return;
    throw new Deviation(displayed(expected), displayed(found), this.isSorted(found) ? hint : SORTED_HINT);
  }

  private isSorted(found: readonly CameMessage[]): boolean {
    const keys = found.map(({ key }) => String(key));
    return keys.every((key, at) => at === 0 || String(keys[at - 1]) < key);
  }
}

const SORTED_HINT =
  'as chaves vêm em ordem: guarde-as num mapa ordenado (TreeMap), ou ordene as do intervalo antes de responder';

/** `KeyRequest`, with the version only if there is one. */
export function timedKey(key: string, ver: number | undefined): object {
  return ver === undefined ? { key } : { key, ver };
}
