import { KvsError } from '../core/errors.js';

/** What was said on the command line: option name → text as typed; several texts for a repeatable option. */
export type Flags = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A configuration file that was read: its path, for messages, and its text. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Where settings come from, the first that has one wins: flags, environment, file. */
export interface SettingSources {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: ConfigFile | undefined;
  /** Options that were called by another name on the command line, with that name: `porta-mensagem` → `--porta`. */
  readonly typed?: Readonly<Record<string, string>>;
}

/** A setting as someone gave it, not yet checked, and where: `--porta`, `KVS_PORTA`, `"porta" em kvs.json`. */
export interface Setting {
  readonly texts: readonly string[];
  readonly place: string;
}

/** The error of a setting that makes no sense: one line that says where it came from, what came, what was expected. */
export function badSetting(place: string, given: string, expected: string): KvsError {
  return new KvsError('CONFIGURACAO', `${place}: ${JSON.stringify(given)} não serve; esperado ${expected}`);
}

/** Name of the environment variable of an option: `log-nivel` → `KVS_LOG_NIVEL`. */
export function envName(option: string): string {
  return `KVS_${option.toUpperCase().replaceAll('-', '_')}`;
}

/** Other names of an option that the environment may use, as the command line does. */
const ENV_ALIASES: Readonly<Record<string, string>> = { porta: 'KVS_PORT', endereco: 'KVS_ADDRESS' };

/**
 * A reader of settings by option name.
 * @param names every option that the file may hold
 * @throws KvsError CONFIGURACAO if the file is not a JSON object of these options with texts, numbers or lists of texts
 */
export function settingReader(
  sources: SettingSources,
  names: readonly string[],
): (name: string) => Setting | undefined {
  const fromFile = sources.file === undefined ? new Map<string, Setting>() : parseFile(sources.file, names);
  return (name) =>
    fromFlag(sources.flags[name], sources.typed?.[name] ?? `--${name}`) ??
    fromEnv(sources.env, name) ??
    fromFile.get(name);
}

function fromFlag(given: Flags[string], place: string): Setting | undefined {
  if (given === undefined || (typeof given !== 'string' && given.length === 0)) return undefined;
  return { texts: typeof given === 'string' ? [given] : given, place };
}

/** An empty variable counts as absent, as `KVS_PORTA= ./server.sh` means it. */
function fromEnv(env: SettingSources['env'], name: string): Setting | undefined {
  for (const variable of [envName(name), ENV_ALIASES[name] ?? '']) {
    const given = (env[variable] ?? '').trim();
    if (given !== '') return { texts: [given], place: variable };
  }
  return undefined;
}

function parseFile(file: ConfigFile, names: readonly string[]): Map<string, Setting> {
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
    // The parser may quote the text, and the file named by mistake may be that of a token or a key.
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
