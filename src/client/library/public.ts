/** Every type of the package's public interface. */
import type { ErrorCode } from '../../core/errors.js';

/** Which servers, and what every call demands. */
export interface KvsOptions {
  /** Addresses as `host:port`; any of them may be asked. Default: `127.0.0.1:40000`. */
  readonly servers?: string | readonly string[] | undefined;
  /** Asks one of them first which servers there are, and uses those. Default: false. */
  readonly discover?: boolean | undefined;
  /** Longest time for one call with all its attempts, in ms. Default: 10,000. */
  readonly timeoutMs?: number | undefined;
  /** The token of a credential, or what gives it, asked for each call. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** `true`: TLS, with servers checked against the public authorities. Default: false. */
  readonly tls?: boolean | KvsTls | undefined;
  /** How many other servers must hold a write before it is answered. Default: none. */
  readonly confirmations?: number | undefined;
  /**
   * `true`: calls form a session, in which no answer shows less than an earlier one did, from whichever server. A text: the
   * session with this token goes on (see {@link Kvs.sessionToken}). Calls of a session are made one after the other.
   */
  readonly session?: boolean | string | undefined;
}

/** Files in PEM. */
export interface KvsTls {
  /** Authorities that the server's certificate is checked against. Default: those that Node.js knows. */
  readonly ca?: string | undefined;
  /** Certificate of this client, for servers that ask for one, and its private key. Both or neither. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** The name that the server's certificate must hold. Default: the host of its address. */
  readonly name?: string | undefined;
}

/** What one call demands; absent: as the options of the client say. */
export interface KvsCallOptions {
  /** Longest time for this call with all its attempts, in ms. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call: it rejects with the reason of the signal. A write may have been done all the same. */
  readonly signal?: AbortSignal | undefined;
}

export interface KvsGetOptions extends KvsCallOptions {
  /** The greatest version at or below this one. At most one of the three is given; none: the latest. */
  readonly version?: number | undefined;
  /** What was there at this moment: ms since 1970, or a date. */
  readonly at?: number | Date | undefined;
  /** So many versions before the latest. */
  readonly back?: number | undefined;
}

export interface KvsWriteOptions extends KvsCallOptions {
  /** How many other servers must hold the write before it is answered. */
  readonly confirmations?: number | undefined;
}

export interface KvsPutOptions extends KvsWriteOptions {
  /** The value expires after so many seconds. Default: never. */
  readonly ttlSeconds?: number | undefined;
}

export interface KvsRemoveOptions extends KvsWriteOptions {
  /** Only this version. Default: all of them. */
  readonly version?: number | undefined;
}

/** Keys that satisfy all that is given, in the order of code points. */
export interface KvsRange extends KvsCallOptions {
  /** They begin with this. */
  readonly prefix?: string | undefined;
  /** They are not before this. */
  readonly from?: string | undefined;
  /** They are not after this. */
  readonly to?: string | undefined;
  /** They are after this: the last key of the page before. */
  readonly after?: string | undefined;
}

export interface KvsListOptions extends KvsRange {
  /** At most so many keys. Default: all. */
  readonly limit?: number | undefined;
  /** Without values, which are empty then. */
  readonly keysOnly?: boolean | undefined;
  /** Each key as of this version. */
  readonly version?: number | undefined;
  /** Each key as of this moment: ms since 1970, or a date. */
  readonly at?: number | Date | undefined;
}

/** A version of a key, and everything that is known about it. */
export interface KvsLine {
  readonly key: string;
  readonly value: string;
  /** 1, 2, 3, … per key. */
  readonly version: number;
  /** When it was written, ms since 1970. */
  readonly timestamp: number;
  /** Who wrote it: one run of a server. */
  readonly origin: string;
  /** The readable name of that server, if it is known. */
  readonly server: string;
  /** When it expires, ms since 1970; absent: never. */
  readonly expiresAt?: number;
  /** No other version supersedes it. */
  readonly isHead: boolean;
  /** Another entry has this version number: the two were written concurrently. */
  readonly isSibling: boolean;
  /** Every server that is known holds it. */
  readonly isStable: boolean;
}

/** Lines that are read while they are iterated; each iteration is a call of its own. */
export interface KvsLines extends AsyncIterable<KvsLine> {
  /** All of them at once. */
  toArray(): Promise<KvsLine[]>;
}

/** What {@link Kvs.batch} writes: a key and its value. */
export type KvsPair =
  | readonly [key: string, value: string]
  | { readonly key: string; readonly value: string; readonly ttlSeconds?: number | undefined };

/** What became of a batch. */
export interface KvsBatch {
  /** The version of each pair, in order; `undefined` if it was refused. */
  readonly versions: readonly (number | undefined)[];
  readonly refusals: readonly KvsRefusal[];
}

/** Why one pair of a batch was refused. */
export interface KvsRefusal {
  /** Which pair, from 0. */
  readonly index: number;
  readonly key: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface KvsCount {
  readonly keys: number;
  readonly versions: number;
}

export interface KvsWatchOptions {
  /** The changes of this key. At most one of the two is given; neither: those of every key. */
  readonly key?: string | undefined;
  /** The changes of the keys that begin with this. */
  readonly prefix?: string | undefined;
  /**
   * `now`: the changes from now on. `everything`: first what is there, as `present`. A token: what came after the event that
   * had it. Default: `now`.
   */
  readonly from?: 'now' | 'everything' | { readonly token: string } | undefined;
  /** Ends the watch: its iteration rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the watch has broken off and no server answers, each time that all were asked; it goes on by itself. */
  readonly lost?: (() => void) | undefined;
}

/**
 * - `insert`: a version was added
 * - `remove`, `expire`: a version went, by a removal or by its time to live; its value is empty
 * - `present`: a version that was there already
 * - `restart`: all that was told so far is void; everything follows as `present`, then `upToDate`
 * - `upToDate`: all that there was has been told; comes now and then
 */
export type KvsEvent = KvsLineEvent | KvsRestartEvent | KvsUpToDateEvent;

export interface KvsLineEvent {
  readonly type: 'insert' | 'remove' | 'expire' | 'present';
  readonly line: KvsLine;
  /** From where another watch, of this program or another, can go on; absent where there is no such place. */
  readonly token?: string;
}

export interface KvsRestartEvent {
  readonly type: 'restart';
  readonly line?: undefined;
  readonly token?: string;
}

export interface KvsUpToDateEvent {
  readonly type: 'upToDate';
  readonly line?: undefined;
  readonly token?: string;
}

/** A watch under way. Ends with the loop that reads it, with `close()`, or with its signal. */
export interface KvsWatch extends AsyncIterableIterator<KvsEvent> {
  /** The token of the last event that had one. */
  readonly token: string | undefined;
  next(): Promise<IteratorResult<KvsEvent, undefined>>;
  return(): Promise<IteratorResult<KvsEvent, undefined>>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How the system is, as the server that was asked sees it. */
export interface KvsStatus {
  readonly fleet: string;
  readonly engine: string;
  /** The server that was asked first. */
  readonly servers: readonly KvsServer[];
  readonly broker: string;
  /** Whether all servers that are known hold the same, as far as this one can tell. */
  readonly agrees: boolean;
  readonly keys: number;
  readonly versions: number;
  readonly bytes: number;
  /** Portuguese, for people: what needs attention. */
  readonly warnings: readonly string[];
}

export interface KvsServer {
  readonly name: string;
  readonly address: string;
  readonly origin: string;
  readonly state: string;
  readonly programVersion: string;
  readonly isSelf: boolean;
  /** How many changes it lacks of those that the asked server holds. */
  readonly lag: number;
  /** When it was last heard, ms since 1970; absent: never. */
  readonly seenAt?: number;
}
