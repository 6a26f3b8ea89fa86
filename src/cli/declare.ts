import type { Argv, Options as YargsOptions } from 'yargs';
import { COMMANDS } from '../config/commands.js';
import type { CommandName, Positional } from '../config/commands.js';
import { flagOptions, helpOf } from '../config/option.js';
import type { Option } from '../config/option.js';
import { COMMAND_HELP } from './command-help.js';

/** Declares a command to the argument library: its words, its options and its help. */
export function declareCommand(parser: Argv, name: CommandName): Argv {
  const positionals: Readonly<Record<string, Positional>> = COMMANDS[name].positionals;
  const { usage, examples, epilogue } = COMMAND_HELP[name];
  parser.usage(usage);
  for (const [word, { text, choices }] of Object.entries(positionals)) {
    parser.positional(word, { type: 'string', ...(choices && { choices }), describe: text });
  }
  for (const [option, row] of flagOptions(COMMANDS[name].options)) parser.option(option, declared(row));
  if (examples.length > 0) parser.example(examples.map(([line, what]) => [line, what]));
  return epilogue.length > 0 ? parser.epilogue(epilogue.join('\n')) : parser;
}

/** `servidor [PORTA]`, in the syntax of the argument library. */
export function commandWords(name: CommandName): string {
  return [name, ...Object.keys(COMMANDS[name].positionals).map((word) => `[${word}]`)].join(' ');
}

function declared(option: Option): YargsOptions {
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
