import { KvsError } from '../core/errors.js';
import { variablesOf } from './option.js';
import type { Option, OptionTable } from './option.js';

/** Options of the command line: option name → text as typed; several texts for a repeatable option. */
export type Flags = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A configuration file that was read: its path, for messages, and its text. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** The sources of settings, by precedence: flags, environment, file. */
export interface SettingSources {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: ConfigFile | undefined;
  /** Options that were typed under another name, with that name: `porta-mensagem` → `--porta`. */
  readonly typed?: Readonly<Record<string, string>>;
}

/** A setting as given, not yet checked, and its place: `--porta`, `KVS_PORTA`, `"porta" em kvs.json`. */
export interface Setting {
  readonly texts: readonly string[];
  readonly place: string;
}

/** The error of an invalid setting: one line with its place, the given value, and what was expected. */
export function badSetting(place: string, given: string, expected: string): KvsError {
  return new KvsError('CONFIGURACAO', `${place}: ${JSON.stringify(given)} não serve; esperado ${expected}`);
}

/** The given settings for the options of a table, and their values. */
export class Settings<V> {
  private readonly rows: ReadonlyMap<string, Option>;
  private readonly fromFile: ReadonlyMap<string, Setting>;

  /**
   * @throws KvsError CONFIGURACAO unless the file is a JSON object of these options with texts, numbers or lists of
   * texts
   */
  constructor(
    private readonly table: OptionTable<V>,
    private readonly sources: SettingSources,
  ) {
    this.rows = new Map(Object.entries<Option>(table));
    this.fromFile = sources.file === undefined ? new Map() : parseFile(sources.file, this.rows);
  }

  /** The setting as given, not yet checked; `undefined` if absent. */
  given(name: keyof V & string): Setting | undefined {
    return this.find(name, this.table[name]);
  }

  /** All options that were given. */
  get allGiven(): readonly { readonly option: Option; readonly setting: Setting }[] {
    return [...this.rows].flatMap(([name, option]) => {
      const setting = this.find(name, option);
      return setting === undefined ? [] : [{ option, setting }];
    });
  }

  /** The checked value; the table's fallback if absent. @throws KvsError CONFIGURACAO */
  value<Name extends keyof V & string>(name: Name): V[Name] {
    const option: Option<V[Name]> = this.table[name];
    const setting = this.given(name);
    return setting === undefined ? option.fallback : option.parse(setting);
  }

  private find(name: string, option: Option): Setting | undefined {
    const flag = option.secret === undefined ? this.sources.flags[name] : undefined;
    return (
      fromFlag(flag, this.sources.typed?.[name] ?? `--${name}`) ??
      fromEnv(this.sources.env, variablesOf(name, option)) ??
      this.fromFile.get(name)
    );
  }
}

function fromFlag(given: Flags[string], place: string): Setting | undefined {
  if (given === undefined || (typeof given !== 'string' && given.length === 0)) return undefined;
  return { texts: typeof given === 'string' ? [given] : given, place };
}

/** An empty variable counts as absent, as in `KVS_PORTA= ./server.sh`. */
function fromEnv(env: SettingSources['env'], variables: readonly string[]): Setting | undefined {
  for (const variable of variables) {
    const given = (env[variable] ?? '').trim();
    if (given !== '') return { texts: [given], place: variable };
  }
  return undefined;
}

function isInFile(option: Option | undefined): boolean {
  return option !== undefined && option.secret === undefined && option.notInFile === undefined;
}

function parseFile(file: ConfigFile, rows: ReadonlyMap<string, Option>): Map<string, Setting> {
  const names = [...rows.keys()].filter((name) => isInFile(rows.get(name)));
  const settings = new Map<string, Setting>();
  for (const [name, value] of Object.entries(parseObject(file))) {
    if (!names.includes(name)) {
      const known = names.join(', ');
      throw new KvsError('CONFIGURACAO', `${file.path}: opção desconhecida "${name}"; conhecidas: ${known}`);
    }
    settings.set(name, { texts: textsOf(value, name, file.path), place: `"${name}" em ${file.path}` });
  }
  return settings;
}

function parseObject(file: ConfigFile): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(file.text);
  } catch (error) {
    // The parser may quote the text, and a file named by mistake may hold a token or a key.
    const [, place] = /( at position \d+.*)$/s.exec(KvsError.from(error).message) ?? [];
    const where = place === undefined ? '' : ` (${place.trim().replaceAll('\n', ' ')})`;
    throw new KvsError('CONFIGURACAO', `${file.path}: não é JSON válido${where}`, { cause: error });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new KvsError('CONFIGURACAO', `${file.path}: esperado um objeto JSON, como {"porta": 9000}`);
  }
  return parsed;
}

function textsOf(value: unknown, name: string, path: string): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.map((item) => {
    if (typeof item === 'string') return item;
    if (typeof item === 'number') return String(item);
    if (typeof item === 'boolean') return String(item);
    throw badSetting(
      `"${name}" em ${path}`,
      JSON.stringify(item),
      'um texto, um número, true, false ou uma lista de textos',
    );
  });
}
