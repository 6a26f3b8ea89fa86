import { COMMANDS } from '../../src/config/commands.js';
import { defaultOf, meaningOf, typedNames, variablesOf } from '../../src/config/option.js';
import type { Bilingual, Option, Options } from '../../src/config/option.js';
import { STORE_OPTIONS } from '../../src/config/store-options.js';

type Language = keyof Bilingual;

/** The pages whose tables of options are generated. */
export const OPTION_PAGES: readonly { readonly path: string; readonly language: Language }[] = [
  { path: 'docs/guia/opcoes.md', language: 'pt' },
  { path: 'docs/guia/en/opcoes.md', language: 'en' },
];

const HEADS: Readonly<Record<Language, string>> = {
  pt: '| Opção | Variável | Padrão | Significado |',
  en: '| Option | Variable | Default | Meaning |',
};

const TOGGLED_OFF: Bilingual = { pt: 'não', en: 'no' };
const NONE: Bilingual = { pt: 'nenhum', en: 'none' };

/** Names of values in English, where they are other ones. */
const VALUES: Readonly<Record<string, string>> = {
  ...{ ARQUIVO: 'FILE', ASSUNTO: 'SUBJECT', CHAVE: 'KEY', 'CHAVE VALOR': 'KEY VALUE', DIAS: 'DAYS' },
  ...{ ENDEREÇO: 'ADDRESS', LEITURA: 'READING', MOTOR: 'ENGINE', NOME: 'NAME', NÍVEL: 'LEVEL' },
  ...{ OPERAÇÃO: 'OPERATION', PAPEL: 'ROLE', PASTA: 'FOLDER', PREFIXO: 'PREFIX', SERVIÇO: 'SERVICE' },
  ...{ VALOR: 'VALUE', VERSÃO: 'VERSION', QUANDO: 'WHEN', INÍCIO: 'START', IDIOMA: 'LANGUAGE' },
  ...{ RESPOSTA: 'ANSWER' },
};

/** A block of a page: its first line names the command, as in `<!-- options:cliente -->`. */
const BLOCK = /(<!-- options:([\w-]+) -->\n)[\s\S]*?(<!-- \/options -->)/g;

/** The commands whose tables a page holds, in order. */
export function tabledCommands(page: string): string[] {
  return [...page.matchAll(BLOCK)].map(([, , name = '']) => name);
}

/** A page with the tables of its blocks as the rows of the options say them. */
export function withOptionTables(page: string, language: Language): string {
  return page.replace(BLOCK, (_, begin: string, name: string, end: string) => {
    if (name === STORE_BLOCK) return `${begin}${storeTable(language)}\n${end}`;
    if (!Object.hasOwn(COMMANDS, name)) throw new Error(`no command ${name}`);
    return `${begin}${tableOf(COMMANDS[name as keyof typeof COMMANDS].options, language)}\n${end}`;
  });
}

/** The block of all commands on the store, which share most options. */
export const STORE_BLOCK = 'loja';

/** One table of the options of all of them: a row that not all have begins with the commands that have it. */
function storeTable(language: Language): string {
  const commands = Object.entries<Options>(STORE_OPTIONS);
  const rows = new Map<string, { readonly row: (prefix: string) => string; readonly names: string[] }>();
  for (const [command, options] of commands) {
    for (const [name, option] of Object.entries(options)) {
      const plain = rowOf(name, option, language);
      const found = rows.get(plain) ?? { row: (prefix) => rowOf(name, option, language, prefix), names: [] };
      found.names.push(command);
      rows.set(plain, found);
    }
  }
  const shown = [...rows.values()].sort((a, b) => a.names.length - b.names.length);
  const texts = shown.map(({ row, names }) =>
    row(names.length === commands.length ? '' : `${names.join(', ')}: `),
  );
  return [HEADS[language], '|---|---|---|---|', ...texts].join('\n');
}

function tableOf(options: Options, language: Language): string {
  const rows = Object.entries(options).map(([name, option]) => rowOf(name, option, language));
  return [HEADS[language], '|---|---|---|---|', ...rows].join('\n');
}

function rowOf(name: string, option: Option, language: Language, prefix = ''): string {
  const { more, choices } = option;
  const meaning = [
    prefix + meaningOf(option, language),
    ...(choices === undefined ? [] : [choices.map((choice) => `\`${choice}\``).join(', ')]),
    ...(more === undefined || more[language] === '' ? [] : [more[language]]),
  ].join('; ');
  const variables = variablesOf(name, option).map((variable) => `\`${variable}\``);
  const cells = [namesOf(name, option, language), variables.join(', '), usualOf(option, language), meaning];
  return `| ${cells.map(escaped).join(' | ')} |`;
}

function namesOf(name: string, option: Option, language: Language): string {
  if (option.secret === true) return '';
  const { takes, value = '' } = option;
  const shown = value === '' ? '' : ` ${language === 'en' ? (VALUES[value] ?? value) : value}`;
  const names = [...typedNames(name, option)].sort((a, b) => a.length - b.length);
  return names
    .map((typed, at) => `\`${typed}${at < names.length - 1 ? '' : shown}\``)
    .join(', ')
    .concat(takes === 'list' ? '…' : '');
}

function usualOf(option: Option, language: Language): string {
  const { absent, takes } = option;
  const none = takes === 'switch' ? TOGGLED_OFF : NONE;
  return defaultOf(option, language) ?? (absent ?? none)[language];
}

/** As Markdown shows it: outside code, variables are code, `_` and `*` are letters; nowhere does `|` end a cell. */
function escaped(text: string): string {
  const variables = text.replace(/(?<!`)KVS_[A-Z_]+/g, '`$&`');
  const outside = variables
    .split('`')
    .map((part, at) => (at % 2 === 0 ? part.replace(/[_*]/g, '\\$&') : part));
  return outside.join('`').replaceAll('|', '\\|');
}
