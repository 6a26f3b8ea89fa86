import type { Options as YargsOptions } from 'yargs';
import { flagOptions, helpOf } from '../config/option.js';
import type { Option, Options } from '../config/option.js';

/** The rows of a table as the argument library wants to be told of them. */
export function declared(table: Options): Record<string, YargsOptions> {
  return Object.fromEntries(flagOptions(table).map(([name, option]) => [name, declaredOption(option)]));
}

function declaredOption(option: Option): YargsOptions {
  const { aliases, takes, choices, hidden, mayBeEmpty } = option;
  return {
    ...(aliases !== undefined && { alias: [...aliases] }),
    ...(takes === 'switch' && { type: 'boolean' }),
    ...(takes === 'text' && { type: 'string' }),
    ...(takes === 'list' && { type: 'array', string: true }),
    ...(takes !== 'switch' && mayBeEmpty === undefined && { requiresArg: true }),
    ...(choices !== undefined && { choices }),
    ...(hidden === true && { hidden }),
    describe: helpOf(option),
  };
}
