import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/arguments.js';
import { COMMANDS, unknownVariables } from '../../src/config/commands.js';
import type { CommandName } from '../../src/config/commands.js';
import { ENGINES, defaultOf, flagOptions, helpOf, typedNames, variablesOf } from '../../src/config/option.js';
import type { Option, Options } from '../../src/config/option.js';
import { serverConfig } from '../../src/config/server-config.js';
import { SERVER_OPTIONS } from '../../src/config/server-options.js';
import { Settings } from '../../src/config/settings.js';

const TABLES = (Object.keys(COMMANDS) as CommandName[]).map((name): readonly [CommandName, Options] => [
  name,
  COMMANDS[name].options,
]);
const SERVER_ROWS: readonly (readonly [string, Option])[] = Object.entries(SERVER_OPTIONS);

function textOf(...words: string[]): string {
  const command = parseCommandLine(words);
  return command.kind === 'text' ? command.text : '';
}

/** Options that help and completion show. */
function shownOptions(table: Options): readonly (readonly [string, Option])[] {
  return flagOptions(table).filter(([, { hidden }]) => hidden === undefined);
}

describe.each(TABLES)('options of %s', (command, table) => {
  it('help shows each option with its names, meaning and default, and no other', () => {
    const [, listed = ''] = /Opções:\n([\s\S]*?)(\n\n|$)/.exec(textOf(command, '--help')) ?? [];
    const lines = listed.split('\n').map((line) => line.trim());
    const [help, ...rest] = lines;
    expect(help).toMatch(/^-h, --help, --ajuda /);
    const wanted = shownOptions(table);
    expect(rest).toHaveLength(wanted.length);
    wanted.forEach(([name, option], at) => {
      const line = rest[at] ?? '';
      for (const typed of typedNames(name, option)) expect(line).toContain(typed);
      expect(line).toContain(`  ${helpOf(option)}  [`);
      const usual = defaultOf(option);
      // An empty text is shown nowhere.
      if (usual) expect(line).toContain(`(${usual})`);
      for (const choice of option.choices ?? []) expect(line).toContain(`"${choice}"`);
    });
  });

  it('completion offers the names of each option, and no others', () => {
    const offered = textOf('--get-yargs-completions', 'kvs', command, '--').split('\n');
    const names = shownOptions(table).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
    const words = offered.map((line) => line.replace(/:.*/, ''));
    expect(words).toEqual(['--help', ...names.map((name) => `--${name}`)]);
  });

  it('the default of each option is a value that it accepts', () => {
    for (const [name, { fallback, parse }] of Object.entries(table)) {
      if (typeof fallback !== 'string' && typeof fallback !== 'number') continue;
      expect(parse({ texts: [String(fallback)], place: name }), name).toBe(fallback);
    }
  });

  it('variables named in help exist', () => {
    const cited = textOf(command, '--help').match(/KVS_[A-Z_]+/g) ?? [];
    const known = TABLES.flatMap(([, rows]) => Object.entries(rows)).flatMap(([name, option]) =>
      variablesOf(name, option),
    );
    expect(cited.filter((name) => name !== 'KVS_' && !known.includes(name))).toEqual([]);
  });

  it('a secret does not come from the command line', () => {
    for (const [name] of Object.entries(table).filter(([, { secret }]) => secret === true)) {
      expect(() => parseCommandLine([command, `--${name}`, 'x'])).toThrow(`não conheço a opção --${name}`);
    }
  });
});

it('every variable of an option is known and read, and other variables are reported', () => {
  for (const [, table] of TABLES) {
    for (const [name, option] of Object.entries(table)) {
      for (const variable of variablesOf(name, option)) {
        expect(unknownVariables({ [variable]: 'x' }), variable).toEqual([]);
        const settings = new Settings(table, { flags: {}, env: { [variable]: 'x' }, file: undefined });
        expect(settings.given(name)).toEqual({ texts: ['x'], place: variable });
      }
    }
  }
  expect(unknownVariables({ KVS_BROKERS: 'x', PATH: 'x' })).toEqual(['KVS_BROKERS']);
});

it.each(SERVER_ROWS)('--config: takes option %s, unless it is a secret or the file itself', (name, row) => {
  const file = { path: 'f.json', text: JSON.stringify({ [name]: 'x' }) };
  const given = () => new Settings(SERVER_OPTIONS, { flags: {}, env: {}, file }).allGiven;
  if (row.secret === true || row.notInFile === true) {
    expect(given).toThrow(`f.json: opção desconhecida "${name}"`);
  } else {
    expect(given().map(({ setting }) => setting)).toEqual([{ texts: ['x'], place: `"${name}" em f.json` }]);
  }
});

describe.each(ENGINES)('engine %s', (engine) => {
  const foreign = SERVER_ROWS.filter(([, { engines }]) => engines?.includes(engine) === false);

  it.each(foreign)('refuses %s, which belongs to another engine', (name, option) => {
    const [variable = ''] = variablesOf(name, option);
    const env = { KVS_MOTOR: engine, [variable]: 'x' };
    expect(() => serverConfig({ flags: {}, env, file: undefined })).toThrow(
      `${variable} só vale com --motor ${option.engines?.join(' ou ') ?? ''}, e o motor aqui é ${engine}`,
    );
  });
});
