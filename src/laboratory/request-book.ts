import { laboratoryLimits } from './limits.js';

/** A request that has left. */
interface Asked {
  readonly id: string;
  readonly t: number;
}

/**
 * Requests that are not answered yet. An answer is taken for that of the last request of its kind: those before it that
 * have none were lost, or given up. (Two at once may be taken for each other.)
 */
export class RequestBook {
  private readonly open = new Map<string, Asked[]>();

  asked(by: string, of: string, type: string, request: Asked): void {
    const key = `${by}\n${of}\n${type}`;
    const waiting = this.open.get(key) ?? [];
    waiting.push(request);
    if (waiting.length > laboratoryLimits.openRequests) waiting.shift();
    this.open.set(key, waiting);
  }

  /** The request that this answers; `undefined`: none, as where a stream tells more. */
  answered(by: string, of: string, type: string): Asked | undefined {
    return this.open.get(`${by}\n${of}\n${type}`)?.pop();
  }
}
