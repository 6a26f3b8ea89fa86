import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { badSetting } from './settings.js';
import type { Setting } from './settings.js';

/** An address to listen on or to connect to. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** @throws KvsError CONFIGURACAO if there is more than one text */
export function onlyText(setting: Setting): string {
  const [text] = setting.texts;
  if (text === undefined || setting.texts.length > 1) {
    throw badSetting(setting.place, setting.texts.join(' '), `um só valor, não ${setting.texts.length}`);
  }
  return text.trim();
}

/** The only text, with its blanks: it is data. @throws KvsError CONFIGURACAO if there is more than one */
export function onlyVerbatim({ texts, place }: Setting): string {
  const [text] = texts;
  if (text !== undefined && texts.length === 1) return text;
  throw badSetting(place, texts.join(' '), `um só valor, não ${texts.length}`);
}

/** Splits several texts: repeated flags, a list in the file, or one text separated by commas or blanks. */
export function listedTexts(setting: Setting): readonly string[] {
  return setting.texts.flatMap((text) => text.split(/[\s,]+/)).filter((text) => text !== '');
}

/** Makes a parser of a single text into one of a setting with only one text. */
export function one<T>(parse: (text: string, place: string) => T): (setting: Setting) => T {
  return (setting) => parse(onlyText(setting), setting.place);
}

/** The texts as they were given. */
export function givenTexts({ texts }: Setting): readonly string[] {
  return texts;
}

/**
 * A parser of whole decimal numbers within these bounds.
 * @param expected for the message: the expected number, with its bounds
 */
export function wholeNumber(
  min: number,
  max: number,
  expected: string,
): (text: string, place: string) => number {
  return (text, place) => {
    const value = Number(text);
    if (!/^\d{1,16}$/.test(text) || value < min || value > max) throw badSetting(place, text, expected);
    return value;
  };
}

/** @throws KvsError CONFIGURACAO if `text` is blank */
export function parseFileName(text: string, place: string): string {
  if (text === '') throw badSetting(place, text, 'o nome de um arquivo');
  return text;
}

/** @throws KvsError CONFIGURACAO unless `text` is a whole number from 0 to 65535 */
export function parsePort(text: string, place: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw badSetting(place, text, 'um número de porta, de 0 (o sistema escolhe) a 65535');
  }
  return Number(text);
}

/** @throws KvsError CONFIGURACAO unless `text` looks like a name or an address; brackets of IPv6 are removed */
export function parseHost(text: string, place: string): string {
  const host = text.replace(/^\[(.*)\]$/, '$1');
  if (!/^[A-Za-z0-9._:%-]+$/.test(host)) throw badSetting(place, text, 'um nome ou endereço, como 127.0.0.1');
  return host;
}

/**
 * @param example for the message, such as `127.0.0.1:1883`
 * @throws KvsError CONFIGURACAO unless `text` is an address and a port other than 0
 */
export function parseHostPort(text: string, place: string, example: string): HostPort {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) === 0) {
    throw badSetting(place, text, `endereço e porta, como ${example}`);
  }
  return Object.freeze({ host: parseHost(host, place), port: parsePort(port, place) });
}

/** @throws KvsError CONFIGURACAO unless `text` is one of `choices` */
export function parseChoice<T extends string>(text: string, place: string, choices: readonly T[]): T {
  const choice = choices.find((known) => known === text);
  if (choice === undefined) throw badSetting(place, text, `um destes: ${choices.join(', ')}`);
  return choice;
}

/** As {@link parseChoice}, for a table. */
export function choiceOf<T extends string>(choices: readonly T[]): (text: string, place: string) => T {
  return (text, place) => parseChoice(text, place, choices);
}

/** @throws KvsError CONFIGURACAO unless `text` is yes or no */
export function parseFlag(text: string, place: string): boolean {
  const choice = parseChoice(text, place, ['sim', 'nao', 'não', 'true', 'false', '1', '0']);
  return choice === 'sim' || choice === 'true' || choice === '1';
}

/** On, unless the value is a no: a variable of a switch is mostly `1`. */
export function isOn({ texts }: Setting): boolean {
  return !['', '0', 'false', 'nao', 'não'].includes(texts.join(' ').trim().toLowerCase());
}

/** Merges the positional port and the option; both may be given only if they agree. */
export function mergePort(positional: string | undefined, option: string | undefined): string | undefined {
  if (positional !== undefined && option !== undefined && positional !== option) {
    throw new KvsError('CONFIGURACAO', `a porta foi dada duas vezes: ${positional} e --porta ${option}`);
  }
  return option ?? positional;
}

/** Where a watch was, from whichever server. @throws KvsError CONFIGURACAO unless it looks like that */
export function parseWatchToken(text: string, place: string): string {
  if (/^[!-~]+$/.test(text) && text.length <= limits.watchTokenBytes) return text;
  throw badSetting(place, text.slice(0, 40), 'o token que observa mostrou ao terminar');
}
