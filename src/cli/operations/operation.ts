import type { Colors } from 'picocolors/types.js';
import type { Rpc } from '../../client/call.js';
import type { Failure } from '../failure.js';
import type { CountedName, TimedName } from '../../config/operation-names.js';

/** A row of the table of operations on keys: everything specific to one of them. */
export interface KeyOperation {
  readonly name: CountedName | TimedName;
  readonly door: KeyDoor;
  readonly rpc: Rpc<KeyReply>;
  /** How many values of each option it takes. */
  readonly takes: Takes;
  /** The message for one key; for an operation with rows, for the first and the second key. */
  readonly item: (first: AskedKey, second: AskedKey) => object;
  /** One answer; one for each key; or one row for each existing key. */
  readonly answers: 'one' | 'each' | 'rows';
  /** Whether it removes, so that `--simula` previews it and `--sim` confirms it. */
  readonly removes?: boolean;
  /** Meaning of a blank reply if the server gives no reason; by default, that nothing is there. */
  readonly blank?: 'refused' | 'skipped';
  /** The answer to the only key, for people. Absent if there is never a single answer. */
  readonly text?: AnswerText;
  readonly columns: readonly AnswerColumn[];
  /** The number of rows, for people. Only for an operation with rows. */
  readonly countText?: (rows: number) => string;
  /** The outcome in the last column: `encontrada`. */
  readonly done: string;
}

/** What all operations of one service share. */
export interface KeyDoor {
  /** Option names in messages. */
  readonly key: string;
  readonly value: string;
  readonly version: string;
  /** @throws KvsError CONFIGURACAO */
  readonly parseVersion: (text: string) => bigint;
  /** Whether versions are timestamps, which are also shown as dates. */
  readonly isTimed: boolean;
}

/** `perKey` of versions: none, or one for each key. */
export interface Takes {
  readonly keys: 'none' | 'one' | 'two' | 'some';
  readonly values: 'none' | 'one' | 'perKey';
  readonly versions: 'none' | 'atMostOne' | 'atMostTwo' | 'perKey';
}

/** One requested item. */
export interface AskedKey {
  readonly key: string;
  readonly value: string;
  /** `undefined`: none was named. */
  readonly version: bigint | undefined;
}

/** A version, and its value if the answer has it. */
export interface FoundVersion {
  readonly value: string | undefined;
  readonly version: bigint;
}

/** An answer of a door. */
export interface KeyReply {
  /** `undefined` if the door does not return it. */
  readonly key: string | undefined;
  /** Found, inserted, removed or kept; for a put, the newest before. `undefined`: nothing. Version 0: all of them. */
  readonly found: FoundVersion | undefined;
  /** Assigned by a put; 0 in answers to anything else. */
  readonly assigned: bigint;
}

/** An answer together with its request. */
export interface KeyAnswer {
  readonly operation: KeyOperation;
  readonly key: string;
  /** The requested version; `undefined` if none was named. */
  readonly asked: bigint | undefined;
  readonly found: FoundVersion | undefined;
  readonly assigned: bigint;
  /** What was inserted expires after this; absent: never. */
  readonly ttlSeconds?: number | undefined;
  /** Why it was not done, or that nothing was found; `undefined` on success. */
  readonly refusal: Failure | undefined;
}

/** The only answer of a call, for people. A refusal is shown as an error instead. */
export type AnswerText = (answer: KeyAnswer, colors: Colors) => string;

/** A column of a table of answers. */
export interface AnswerColumn {
  readonly title: string;
  readonly cell: (answer: KeyAnswer) => string;
  /** Green on success, red otherwise. */
  readonly isPainted?: boolean;
  /** Its text outside a table, if there are too many answers for one. */
  readonly inLine?: (text: string) => string;
}
