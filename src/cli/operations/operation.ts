import type { Colors } from 'picocolors/types.js';
import type { Rpc } from '../../client/call.js';
import type { Failure } from '../failure.js';
import type { CountedName, TimedName } from '../../config/operation-names.js';

/** A row of the table of operations on keys: everything that one of them does not share with the others. */
export interface KeyOperation {
  readonly name: CountedName | TimedName;
  readonly door: KeyDoor;
  readonly rpc: Rpc<KeyReply>;
  /** How many of each option it takes. */
  readonly takes: Takes;
  /** What is sent for one thing asked; of an operation with rows, for the first and the second. */
  readonly item: (first: AskedKey, second: AskedKey) => object;
  /** One answer; one for each key; or a row for each key that there is. */
  readonly answers: 'one' | 'each' | 'rows';
  /** Whether it removes, so that `--simula` shows and `--sim` confirms it. */
  readonly removes?: boolean;
  /** What a blank reply means where the server gives no reason: nothing is there, unless said otherwise. */
  readonly blank?: 'refused' | 'skipped';
  /** The answer to the only key, for people. Absent where there is never only one. */
  readonly text?: AnswerText;
  readonly columns: readonly AnswerColumn[];
  /** How many rows there were, for people. Of an operation with rows. */
  readonly countText?: (rows: number) => string;
  /** What was done, in the last column: `encontrada`. */
  readonly done: string;
}

/** What the operations of one service share. */
export interface KeyDoor {
  /** How messages call the options. */
  readonly key: string;
  readonly value: string;
  readonly version: string;
  /** @throws KvsError CONFIGURACAO */
  readonly parseVersion: (text: string) => bigint;
  /** Whether versions are moments, which are shown as dates too. */
  readonly isTimed: boolean;
}

/** `perKey` of versions: none, or one for each key. */
export interface Takes {
  readonly keys: 'none' | 'one' | 'two' | 'some';
  readonly values: 'none' | 'one' | 'perKey';
  readonly versions: 'none' | 'atMostOne' | 'atMostTwo' | 'perKey';
}

/** One thing asked. */
export interface AskedKey {
  readonly key: string;
  readonly value: string;
  /** `undefined`: none was named. */
  readonly version: bigint | undefined;
}

/** A version, and its value where the answer holds it. */
export interface FoundVersion {
  readonly value: string | undefined;
  readonly version: bigint;
}

/** An answer of a door. */
export interface KeyReply {
  /** `undefined` where the door does not repeat it. */
  readonly key: string | undefined;
  /** Found, inserted, removed or left; of a put, what was newest before. `undefined`: nothing. Version 0: all of them. */
  readonly found: FoundVersion | undefined;
  /** Assigned by a put; 0 in answers to anything else. */
  readonly assigned: bigint;
}

/** An answer beside what was asked. */
export interface KeyAnswer {
  readonly operation: KeyOperation;
  readonly key: string;
  /** The version that was asked for; `undefined` if none was named. */
  readonly asked: bigint | undefined;
  readonly found: FoundVersion | undefined;
  readonly assigned: bigint;
  /** Why it was not done, or that there is nothing; `undefined` if it was done or found. */
  readonly refusal: Failure | undefined;
}

/** The only answer of a call, for people. A refused one is not shown so but as an error. */
export type AnswerText = (answer: KeyAnswer, colors: Colors) => string;

/** A column of a table of answers. */
export interface AnswerColumn {
  readonly title: string;
  readonly cell: (answer: KeyAnswer) => string;
  /** Green where it was done, red where it was not. */
  readonly isPainted?: boolean;
  /** Its text in a line of its own, where there are too many answers for a table. */
  readonly inLine?: (text: string) => string;
}
