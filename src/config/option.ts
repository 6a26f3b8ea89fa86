import type { Setting } from './settings.js';

export const ENGINES = ['frota', 'consenso', 'lider', 'particoes'] as const;
export type EngineName = (typeof ENGINES)[number];

/** Engines whose servers can be part of a laboratory. */
export const LABORATORY_ENGINES = ['frota', 'consenso', 'lider'] as const satisfies readonly EngineName[];

/** A text for people, in the language of the program, and in English for documents. */
export interface Bilingual {
  readonly pt: string;
  readonly en: string;
}

/**
 * An option of a command, the single source for the command line, the environment, `--config`, help, completion,
 * suggestions and the tables of the guides.
 */
export interface Option<T = unknown> {
  /** `switch`: no value, on if present. `list`: may be repeated. */
  readonly takes: 'text' | 'list' | 'switch';
  /** @throws KvsError CONFIGURACAO that says what was expected */
  readonly parse: (setting: Setting) => T;
  /** The value if none is given. */
  readonly fallback: T;
  /** Other names on the command line. */
  readonly aliases?: readonly string[];
  /** Environment variables, by precedence; absent: the one named like the option; empty: none. */
  readonly variables?: readonly string[];
  /** The name of its value in the tables of the guides: `ARQUIVO`, `H:P`. */
  readonly value?: string;
  /** What it does, for help: without the engines, the unit and the default. */
  readonly text: Bilingual;
  /** Additional text for the tables of the guides. */
  readonly more?: Bilingual;
  /** The default for people, if the fallback does not show it. */
  readonly usual?: Bilingual;
  /** As {@link usual}, but only for the tables of the guides, not for help. */
  readonly absent?: Bilingual;
  readonly unit?: 'ms';
  /** Accepted words, if the command line itself is to refuse others, and completion to offer them. */
  readonly choices?: readonly string[];
  /** Absent: it applies to all engines. */
  readonly engines?: readonly EngineName[];
  /** Its value is a secret: only a variable may hold it, not a command line or a file of options. */
  readonly secret?: true;
  /** Not allowed in the file, such as `--config` itself. */
  readonly notInFile?: true;
  /** Left out of help and completion. */
  readonly hidden?: true;
  /** An empty value (`--prefixo=`) has a meaning. */
  readonly mayBeEmpty?: true;
  /** Its values are data and taken verbatim; `several`: more than one may follow one name. */
  readonly data?: 'one' | 'several';
}

/** Options by name; `V` holds the type of each one's value. */
export type OptionTable<V> = { readonly [Name in keyof V]: Option<V[Name]> };
export type ValuesOf<Table> = Table extends OptionTable<infer V> ? V : never;
/** A table of any values. */
export type Options = Readonly<Record<string, Option>>;

/** Gives the rows of a table the types of their parsers. */
export function optionTable<V>(table: OptionTable<V>): OptionTable<V> {
  return table;
}

/** Name of the environment variable of an option: `log-nivel` → `KVS_LOG_NIVEL`. */
export function envName(option: string): string {
  return `KVS_${option.toUpperCase().replaceAll('-', '_')}`;
}

/** Variables of an option, by precedence. */
export function variablesOf(name: string, { variables }: Option): readonly string[] {
  return variables ?? [envName(name)];
}

/** Names of an option as they are typed: `--porta`, `--port`, `-p`. */
export function typedNames(name: string, { aliases = [] }: Option): readonly string[] {
  return [name, ...aliases].map((known) => (known.length === 1 ? `-${known}` : `--${known}`));
}

/** Options of the command line: all except those that only a variable may hold. */
export function flagOptions(table: Options): readonly (readonly [name: string, option: Option])[] {
  return Object.entries(table).filter(([, { secret }]) => secret === undefined);
}

/** The meaning of an option: the engines that have it, what it does, and its unit. */
export function meaningOf({ engines, text, unit }: Option, language: keyof Bilingual = 'pt'): string {
  const unitText = unit === undefined ? '' : { pt: `, em ${unit}`, en: `, in ${unit}` }[language];
  return `${engines === undefined ? '' : `${engines.join(', ')}: `}${text[language]}${unitText}`;
}

/** The default that help names. */
export function defaultOf({ usual, fallback }: Option, language: keyof Bilingual = 'pt'): string | undefined {
  if (usual !== undefined) return usual[language];
  return typeof fallback === 'string' || typeof fallback === 'number' ? String(fallback) : undefined;
}

/** The line of an option in help. */
export function helpOf(option: Option): string {
  const usual = defaultOf(option);
  return meaningOf(option) + (usual ? ` (${usual})` : '');
}
