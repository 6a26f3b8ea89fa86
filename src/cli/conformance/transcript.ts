import type { CaseStep } from './case.js';

/** What one case has sent and received so far. */
export class Transcript {
  readonly steps: CaseStep[] = [];

  /** @returns a function that notes what came, once it is there; until then nothing has */
  begin(server: string | undefined, sent: string): (came: string) => void {
    const at = this.steps.length;
    const head = server === undefined ? { sent } : { server, sent };
    this.steps.push({ ...head, came: '(nada)' });
    return (came) => {
      this.steps[at] = { ...head, came };
    };
  }
}
