import type { Flags } from '../config/settings.js';

/** Options as texts under their main names; everything else that yargs puts beside them is left out. */
export function flagsOf(argv: Readonly<Record<string, unknown>>): Flags {
  const flags: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(argv)) {
    if (name === '$0' || name === '_' || name.length === 1) continue;
    if (typeof value === 'string') flags[name] = value;
    // The settings of TLS also come from variables and files, where they are texts.
    else if (value === true && name.startsWith('tls')) flags[name] = 'sim';
    else if (Array.isArray(value)) flags[name] = value.map(String);
    // Of the options with a yes or no, this one is a setting; the others say how the client works.
    else if (name === 'cifra' && typeof value === 'boolean') flags[name] = String(value);
  }
  return flags;
}
