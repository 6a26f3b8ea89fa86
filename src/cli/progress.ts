import { isatty } from 'node:tty';

const PROGRESS_MS = 1_000;

/** Reports a count of versions on standard error: at the end, and at a terminal also once in a while. */
export class VersionProgress {
  count = 0;
  private readonly isWatched = isatty(process.stderr.fd);
  private saidMs = performance.now();

  /**
   * @param verb what was done with them: `exportadas`
   * @param say shows a line
   */
  constructor(
    private readonly verb: string,
    private readonly say: (message: string) => void,
  ) {}

  add(): void {
    this.count++;
    if (!this.isWatched || performance.now() - this.saidMs < PROGRESS_MS) return;
    this.saidMs = performance.now();
    this.say(`${this.count} versões ${this.verb}…`);
  }

  end(more: string): void {
    const what =
      this.count === 1 ? `1 versão ${this.verb.slice(0, -1)}` : `${this.count} versões ${this.verb}`;
    this.say(`${what}${more}`);
  }
}
