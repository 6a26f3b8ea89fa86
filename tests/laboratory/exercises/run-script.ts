import type { CallAnswered, RecordedEngine } from '../../../src/laboratory/recording.js';

export type RunOperation = 'insert' | 'query' | 'remove' | 'history' | 'compare';

export interface CallDetails {
  readonly value?: string;
  readonly version?: number;
  readonly session?: true;
  readonly confirm?: number;
}

/** What a script looks at in an answer. */
export interface SeenAnswer {
  readonly code: CallAnswered['code'];
  readonly lines: readonly { readonly value: string }[];
}

/** Whoever does what a script says: by the laboratory's API, or by the buttons of its page. */
export interface RunDriver {
  call(
    client: string,
    server: string,
    operation: RunOperation,
    key: string,
    details?: CallDetails,
  ): Promise<SeenAnswer>;
  /** Asks until the answer is as wanted; every time it asks is recorded, as a person's would be. */
  ask(
    client: string,
    server: string,
    operation: RunOperation,
    key: string,
    isWanted: (answer: SeenAnswer) => boolean,
    details?: CallDetails,
  ): Promise<SeenAnswer>;
  isolate(server: string): Promise<unknown>;
  connect(server: string): Promise<unknown>;
  lose(server: string, perMille: number): Promise<unknown>;
  clock(server: string, ms: number): Promise<unknown>;
  /** Kills it, and waits until it is seen to be dead. */
  kill(server: string): Promise<void>;
  /** Starts it again, and waits until it serves. */
  start(server: string): Promise<void>;
  /** Waits until all servers were seen to hold the same, and every write that was acknowledged until now. */
  agreed(): Promise<void>;
}

/** A run that does all that an exercise asks for. */
export interface RightRun {
  /** Of the recording, without its ending. */
  readonly file: string;
  readonly exercise: string;
  readonly engine: RecordedEngine;
  readonly drive: (lab: RunDriver) => Promise<void>;
}

export const isFound = ({ code }: SeenAnswer): boolean => code === 'OK';
export const isRefused = ({ code }: SeenAnswer): boolean => code === 'SESSAO_ADIANTE';

export const shows =
  (value: string) =>
  ({ lines }: SeenAnswer): boolean =>
    lines.at(-1)?.value === value;
