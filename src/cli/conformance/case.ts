import type { Transcript } from './transcript.js';

/** One thing that a contract says, and how it is tried. `T` is what the trial is made with. */
export interface ConformanceCase<T> {
  /** Short, and says what it is about: `conta-depois-de-remover`. */
  readonly id: string;
  /** The sentence of the contract. */
  readonly rule: string;
  /** The likely cause of a failure, and where to look in one's own program. */
  readonly hint: string;
  /** The contract means it, but does not say it in so many words: what differs is a warning. */
  readonly isImplied?: true;
  /** If a call breaks here, the hint of this case says more than that of the call. */
  readonly isTelling?: true;
  /** Fewest servers. */
  readonly servers?: number;
  /** Makes the steps, in order. @throws Deviation, CallBroken, NotTried */
  readonly run: (trial: T) => Promise<void>;
}

/** A case that knows its servers. */
export interface BoundCase extends Omit<ConformanceCase<unknown>, 'run'> {
  /** Whether it waits for what was written at another server. */
  readonly isReplication: boolean;
  readonly run: (transcript: Transcript) => Promise<void>;
}

/** Something else came than the contract says. */
export class Deviation extends Error {
  override readonly name = 'Deviation';

  /** @param hint absent: that of the case */
  constructor(
    readonly expected: string,
    readonly came: string,
    readonly hint?: string,
    /** Whether the other servers were given time to show a write, in vain. */
    readonly isVain = false,
  ) {
    super(`expected ${expected}, came ${came}`);
  }
}

/** `gone`: the connection broke; `silent`: no answer in time; `refused`: the call ended with an error. */
type BreakKind = 'gone' | 'silent' | 'refused';

/** A call that gave no answer. */
export class CallBroken extends Error {
  override readonly name = 'CallBroken';

  /** @param hint absent: that of the case */
  constructor(
    readonly kind: BreakKind,
    readonly came: string,
    readonly hint?: string,
  ) {
    super(came);
  }
}

/** A case that cannot be tried here: why, for people. */
export class NotTried extends Error {
  override readonly name = 'NotTried';
}

/** `passou`; `falhou`; `aviso`: differs from what the contract implies; `pulado`: not tried. */
type CaseOutcome = 'passou' | 'falhou' | 'aviso' | 'pulado';

/** What a case has shown. */
export interface Verdict {
  readonly id: string;
  readonly rule: string;
  readonly outcome: CaseOutcome;
  readonly ms: number;
  /** What was sent and what came, in order. */
  readonly steps: readonly CaseStep[];
  /** Why it failed, or was not tried. */
  readonly expected?: string;
  readonly came?: string;
  readonly cause?: string;
}

/** One exchange. */
export interface CaseStep {
  /** The server, if there are several. */
  readonly server?: string;
  readonly sent: string;
  readonly came: string;
}
