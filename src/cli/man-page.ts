import { COMMANDS } from '../config/commands.js';
import type { CommandName, Positional } from '../config/commands.js';
import { ENGINES, flagOptions, helpOf, typedNames, variablesOf } from '../config/option.js';
import type { Option, Options } from '../config/option.js';
import { COMMAND_HELP } from './command-help.js';
import { EXIT_MEANINGS } from './exit.js';

/** When what the page says outside the tables was last changed: the format asks for a date. */
const PAGE_DATE = '2026-11-27';

/** An option of at least so many commands is told once, for all of them. */
const COMMON_COMMANDS = 8;

/** Lines of options that many commands share, by their name and what they say. */
const COMMON = commonOptions();

function commonOptions(): ReadonlyMap<string, readonly string[]> {
  const counts = new Map<string, { readonly item: readonly string[]; count: number }>();
  for (const { options } of Object.values(COMMANDS)) {
    for (const [name, row] of shownOptions(options)) {
      const item = optionItem(name, row);
      const found = counts.get(item.join('\n')) ?? { item, count: 0 };
      found.count++;
      counts.set(item.join('\n'), found);
    }
  }
  const common = [...counts].filter(([, { count }]) => count >= COMMON_COMMANDS);
  return new Map(common.map(([text, { item }]) => [text, item]));
}

function shownOptions(options: Options): readonly (readonly [string, Option])[] {
  return flagOptions(options).filter(([, { hidden }]) => hidden === undefined);
}

/**
 * The manual page of `kvs`, in the language of `man`, made of the same tables as the help.
 * @param version of the program
 */
export function manPage(version: string): string {
  const names = Object.keys(COMMANDS) as CommandName[];
  return [
    `.TH KVS 1 ${PAGE_DATE} "kvs-frota ${roff(version)}" "Manual do kvs"`,
    '.SH NOME',
    `kvs \\- um mapa de chaves e valores com versões, em servidores que se mantêm de acordo`,
    '.SH SINOPSE',
    '.B kvs',
    '.I comando',
    '.RI [ opções ]',
    '.PP',
    '.B kvs',
    '.I comando',
    '.B \\-\\-help',
    '.PP',
    '.B kvs \\-\\-version',
    '.SH DESCRIÇÃO',
    'Cada chave guarda todas as suas versões.',
    `Os motores são ${ENGINES.join(', ')}: a frota guarda tudo na memória e se acerta por MQTT; o consenso guarda em réplicas`,
    'no disco; no lider um servidor manda e os outros copiam.',
    '.SH COMANDOS',
    ...names.flatMap(commandSection),
    '.SH "OPÇÕES COMUNS"',
    'Dos comandos que falam com um servidor:',
    ...[...COMMON.values()].flat(),
    '.SH "ESTADO DE SAÍDA"',
    ...Object.entries(EXIT_MEANINGS).flatMap(([code, meaning]) => ['.TP', `.B ${code}`, roff(meaning)]),
    '.SH AMBIENTE',
    'A maioria das opções também vem de uma variável: a opção',
    '.B \\-\\-log\\-nivel',
    'da variável',
    '.BR KVS_LOG_NIVEL .',
    'A linha de comando vale antes da variável, e esta antes do arquivo de',
    '.BR \\-\\-config .',
    '.TP',
    '.B NO_COLOR',
    'Se não está vazia, nada é colorido.',
    '.TP',
    '.B XDG_STATE_HOME',
    'Onde',
    '.B kvs shell',
    'guarda as linhas digitadas, sem os valores (~/.local/state).',
    '.SH "VEJA TAMBÉM"',
    '.BR mosquitto (8),',
    '.BR etcd (1)',
    '',
  ].join('\n');
}

function commandSection(name: CommandName): readonly string[] {
  const { about, positionals, options } = COMMANDS[name];
  const { usage, examples, epilogue } = COMMAND_HELP[name];
  const items = shownOptions(options).map(([option, row]) => optionItem(option, row));
  const own = items.filter((item) => !COMMON.has(item.join('\n')));
  return [
    `.SS ${roff(name)}`,
    `${roff(about)}.`,
    ...usage.split('\n').flatMap((line) => ['.PP', '.nf', roff(line.replaceAll('$0', 'kvs')), '.fi']),
    ...Object.entries<Positional>(positionals).flatMap(([word, { text, choices }]) => [
      '.TP',
      `.I ${roff(word)}`,
      roff(text + choicesText(choices)),
    ]),
    ...own.flat(),
    ...(own.length < items.length ? ['.PP', 'E as opções comuns.'] : []),
    ...(examples.length === 0 ? [] : ['.PP', 'Exemplos:']),
    ...examples.flatMap(([line, what]) => [
      '.TP',
      `.B ${roff(line.replaceAll('$0', 'kvs'))}`,
      roff(what === '' ? 'o mesmo, com outros valores' : what),
    ]),
    ...epilogue.flatMap((paragraph) => ['.PP', roff(paragraph.replaceAll('$0', 'kvs'))]),
  ];
}

function optionItem(name: string, option: Option): readonly string[] {
  const typed = typedNames(name, option).map((one) => `\\fB${roff(one)}\\fP`);
  const value = option.takes === 'switch' ? '' : ` \\fI${roff(option.value ?? 'VALOR')}\\fP`;
  const [variable] = variablesOf(name, option);
  const from = variable === undefined ? '' : ` [${variable}]`;
  return ['.TP', `${typed.join(', ')}${value}`, roff(helpOf(option) + choicesText(option.choices) + from)];
}

function choicesText(choices: readonly string[] | undefined): string {
  return choices === undefined ? '' : `: ${choices.join(', ')}`;
}

/** A text in which nothing is a request or an escape of `man`. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga')
    .replaceAll('"', '\\(dq')
    .replace(/^\./, '\\&.');
}
