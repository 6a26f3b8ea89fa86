import { runHere } from '../../cli/in-process.js';

/** Runs `kvs corrige …words` in this process, as nobody at a terminal. */
export const correctHere = (words: readonly string[]): ReturnType<typeof runHere> =>
  runHere(['corrige', ...words]);
