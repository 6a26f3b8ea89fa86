import type { Line } from './lines.js';

/**
 * A watch is a scan that does not end: it tells every change of the keys of its interest, in an order in which no effect
 * comes before its cause, once each, also over reconnections and servers: whoever continues from the token of the last
 * event, on whichever server, misses nothing and sees nothing twice.
 *
 * A watch begins with what it must catch up with (nothing if it begins `now`), then says `upToDate`, then goes on as
 * changes come. Where a token lies further back than what is kept of the past, stands for what nobody has any more, or is
 * none of these servers', the watch says `restart` once: everything told so far is void. Then come all versions that are
 * there as `present`, oldest first for each key, then `upToDate`.
 *
 * A reader that falls behind what is kept of the past is ended with LEITOR_LENTO: it goes on from its last token.
 */
export interface Watch {
  readonly kind: 'watch';
  /** The changes of this key. Excludes {@link prefix}. */
  readonly key?: string | undefined;
  /** The changes of keys that begin with this. Without both: of every key. */
  readonly prefix?: string | undefined;
  /** `everything`: first all versions that are there, as `present`. */
  readonly from: 'now' | 'everything' | WatchToken;
}

/** Where an earlier watch was. */
interface WatchToken {
  /**
   * Of any server of the system: at most `limits.watchTokenBytes` of printable ASCII without blanks. Doors refuse what
   * has not that form; whatever else it is, an engine takes it, and at worst begins again.
   */
  readonly token: string;
}

/** One event of a watch. */
export type WatchEvent = LineEvent | MarkEvent;

/**
 * - `insert`: a version was added
 * - `remove`: a version was removed; a removal of several versions is an event for each, oldest first
 * - `expire`: a version was removed because it had expired
 * - `present`: a version that is there
 */
interface LineEvent {
  readonly kind: 'insert' | 'remove' | 'expire' | 'present';
  /** Of what was removed all but the value, which is empty. */
  readonly line: Line;
  /** From where to go on after this event; absent for `present`, before which there is only another start. */
  readonly token?: string | undefined;
}

/** `upToDate` comes also now and then on a quiet watch, for its token. */
interface MarkEvent {
  readonly kind: 'restart' | 'upToDate';
  readonly line?: undefined;
  readonly token?: string | undefined;
}

/** The watches of one server, for metrics. */
export interface WatchFigures {
  /** Watches that are open. */
  readonly open: number;
  /** Bytes that wait for readers. */
  readonly queuedBytes: number;
  /** Events that readers took since the start. */
  readonly events: number;
  /** Watches ended since the start because their readers were too slow. */
  readonly slowReaders: number;
}
