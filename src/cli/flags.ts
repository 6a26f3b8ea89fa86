import { flagOptions } from '../config/option.js';
import type { Options } from '../config/option.js';
import type { Flags } from '../config/settings.js';

/** Options of a table as texts under their main names; a switch becomes `sim` or `nao`. */
export function flagsOf(argv: Readonly<Record<string, unknown>>, table: Options): Flags {
  const flags: Record<string, string | readonly string[]> = {};
  for (const [name, { takes }] of flagOptions(table)) {
    const value = argv[name];
    if (typeof value === 'string') flags[name] = value;
    // `--no-porta` gives `false` even for an option with a value.
    else if (typeof value === 'boolean' && takes === 'switch') flags[name] = value ? 'sim' : 'nao';
    else if (Array.isArray(value)) flags[name] = value.map(String);
  }
  return flags;
}

/** The texts of an option; none if it was not given. */
export function flagTexts(given: Flags[string]): readonly string[] {
  if (given === undefined) return [];
  return typeof given === 'string' ? [given] : given;
}
