import type { Logger } from '../../src/ports/logger.js';

/** Does nothing, where something is called that nobody waits for. */
export function nothing(): void {
  // Nobody reads it.
}

/** A logger that nobody reads. */
export const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
