import type { Setting } from './settings.js';

export const ENGINES = ['frota', 'consenso', 'lider'] as const;
export type EngineName = (typeof ENGINES)[number];

/** A text for people, in the language of the program and in English, which only documents show. */
export interface Bilingual {
  readonly pt: string;
  readonly en: string;
}

/**
 * An option of a command, said once: the command line, the environment, `--config`, help, completion, suggestions and the
 * tables of the guides are made from these rows.
 */
export interface Option<T = unknown> {
  /** `switch`: no value, on where it stands. `list`: may stand several times. */
  readonly takes: 'text' | 'list' | 'switch';
  /** @throws KvsError CONFIGURACAO that says what was expected */
  readonly parse: (setting: Setting) => T;
  /** What holds where nobody says anything. */
  readonly fallback: T;
  /** Other names on the command line. */
  readonly aliases?: readonly string[];
  /** Of the environment, the first before the others; absent: the one named like the option; empty: none. */
  readonly variables?: readonly string[];
  /** What its value is called in the tables of the guides: `ARQUIVO`, `H:P`. */
  readonly value?: string;
  /** What it does, as help says it: without the engines, the unit and the default. */
  readonly text: Bilingual;
  /** What the tables of the guides say besides. */
  readonly more?: Bilingual;
  /** The default for people, where the fallback does not say it. */
  readonly usual?: Bilingual;
  /** As {@link usual}, for the tables of the guides only: help does not name it. */
  readonly absent?: Bilingual;
  readonly unit?: 'ms';
  /** Words that it takes, where the command line itself is to refuse others, and completion to offer them. */
  readonly choices?: readonly string[];
  /** Absent: it is not of single engines. */
  readonly engines?: readonly EngineName[];
  /** It is a secret itself: only a variable may hold it, neither a command line nor a file of options. */
  readonly secret?: true;
  /** `--config` itself does not stand in the file. */
  readonly notInFile?: true;
  /** Left out of help and completion. */
  readonly hidden?: true;
  /** `--prefixo=` means something. */
  readonly mayBeEmpty?: true;
  /** Its values are data and taken to the letter; `several`: after one name more than one may follow. */
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

/** Variables of an option, the first before the others. */
export function variablesOf(name: string, { variables }: Option): readonly string[] {
  return variables ?? [envName(name)];
}

/** Names of an option as they are typed: `--porta`, `--port`, `-p`. */
export function typedNames(name: string, { aliases = [] }: Option): readonly string[] {
  return [name, ...aliases].map((known) => (known.length === 1 ? `-${known}` : `--${known}`));
}

/** Options of the command line: all but those that only a variable may hold. */
export function flagOptions(table: Options): readonly (readonly [name: string, option: Option])[] {
  return Object.entries(table).filter(([, { secret }]) => secret === undefined);
}

/** What an option does: the engines that have it, what it does, and its unit. */
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
  return meaningOf(option) + (usual === undefined ? '' : ` (${usual})`);
}
