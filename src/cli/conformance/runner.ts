import { KvsError } from '../../core/errors.js';
import { CallBroken, Deviation, NotTried } from './case.js';
import type { BoundCase, Verdict } from './case.js';
import { conformanceLimits } from './limits.js';
import type { Subject } from './subject.js';
import { Transcript } from './transcript.js';

/** Why no more cases were tried. */
type Halt = 'gone' | 'silent' | 'interrupted' | undefined;

/** What became of all cases. */
export interface CheckOutcome {
  readonly verdicts: readonly Verdict[];
  readonly halt: Halt;
}

/** Tries the cases one by one, until all are done or the servers no longer answer. Never rejects for what servers do. */
export class CheckRunner {
  private halt: Halt;
  private silent = 0;
  private vainWaits = 0;

  /** @param progress called before each case */
  constructor(
    private readonly subject: Subject,
    private readonly progress: (done: number, all: number, next: string) => void,
  ) {}

  /** No further case is begun. */
  interrupt(): void {
    this.halt ??= 'interrupted';
  }

  async run(): Promise<CheckOutcome> {
    const { cases } = this.subject;
    const verdicts: Verdict[] = [];
    for (const [index, one] of cases.entries()) {
      this.progress(index, cases.length, one.id);
      const reason = this.whyNot(one);
      verdicts.push(reason === undefined ? await this.try(one) : skipped(one, reason));
    }
    return { verdicts, halt: this.halt };
  }

  private whyNot({ servers = 1, isReplication }: BoundCase): string | undefined {
    if (this.halt !== undefined) return HALT_TEXTS[this.halt];
    if (servers > this.subject.servers.length) return `precisa de ${servers} servidores: diga mais portas`;
    if (isReplication && this.vainWaits >= conformanceLimits.vainWaits) {
      return 'a replicação não apareceu nos casos anteriores';
    }
    return undefined;
  }

  private async try(one: BoundCase): Promise<Verdict> {
    const { id, rule, hint, isImplied, isTelling } = one;
    const transcript = new Transcript();
    const beganMs = performance.now();
    const verdict = (outcome: Verdict['outcome'], more: Partial<Verdict> = {}): Verdict => ({
      ...{ id, rule, outcome, steps: transcript.steps, ms: Math.round(performance.now() - beganMs) },
      ...more,
    });
    try {
      await one.run(transcript);
      this.silent = 0;
      return verdict('passou');
    } catch (error) {
      if (error instanceof NotTried) return verdict('pulado', { cause: error.message });
      const outcome = isImplied === true ? 'aviso' : 'falhou';
      if (error instanceof Deviation) {
        this.silent = 0;
        if (error.isVain) this.vainWaits++;
        const { expected, came } = error;
        return verdict(isImplied === true ? 'aviso' : 'falhou', {
          expected,
          came,
          cause: error.hint ?? hint,
        });
      }
      if (!(error instanceof CallBroken)) throw KvsError.from(error);
      await this.note(error);
      const cause = isTelling === true ? hint : (error.hint ?? hint);
      return verdict(outcome, { expected: 'uma resposta', came: error.came, cause });
    }
  }

  /** Finds out whether it is worth going on. */
  private async note({ kind }: CallBroken): Promise<void> {
    this.silent = kind === 'silent' ? this.silent + 1 : 0;
    if (this.silent >= conformanceLimits.silentCases) this.halt ??= 'silent';
    if (kind !== 'refused' && !(await this.subject.areThere())) this.halt ??= 'gone';
  }
}

const HALT_TEXTS = {
  gone: 'um servidor não responde mais',
  silent: `o servidor não respondeu em ${conformanceLimits.silentCases} casos seguidos`,
  interrupted: 'interrompido',
} as const;

function skipped({ id, rule }: BoundCase, cause: string): Verdict {
  return { id, rule, outcome: 'pulado', ms: 0, steps: [], cause };
}
