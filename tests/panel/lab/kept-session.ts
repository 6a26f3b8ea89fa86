import type { KeptSession } from '../../../panel/src/lab/lab-model.js';

/** What a tab keeps across reloads. */
export function keptSession(session?: string): KeptSession {
  let kept = session;
  return {
    get: () => kept,
    set: (one) => {
      kept = one;
    },
  };
}
