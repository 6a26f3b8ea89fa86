import { KvsError } from '../core/errors.js';
import { onlyText } from './parse.js';
import { badSetting } from './settings.js';
import type { Setting } from './settings.js';

/** A fleet's keys: in a file, or else in the text of a variable. */
export interface FleetKeyConfig {
  readonly file: string | undefined;
  /** Secret. */
  readonly text: string | undefined;
  /** Whether messages are encrypted, or readable and authenticated. */
  readonly encrypts: boolean;
}

/** The variable that holds keys themselves: no option, since a command line and a file of options are no places for them. */
export const KEY_TEXT_VARIABLE = 'KVS_CHAVE_FROTA_TEXTO';

/**
 * @param file what names the file
 * @param text keys themselves
 * @returns `undefined` if there are none
 * @throws KvsError CONFIGURACAO if they are in two places, or in none and needed
 */
export function keyConfig(
  file: Setting | undefined,
  text: string | undefined,
  encrypts: boolean,
): FleetKeyConfig | undefined {
  if (file !== undefined && text !== undefined) {
    throw new KvsError(
      'CONFIGURACAO',
      `a chave da frota foi dada duas vezes: ${file.place} e ${KEY_TEXT_VARIABLE}`,
    );
  }
  if (file === undefined && text === undefined) {
    if (!encrypts) return undefined;
    throw new KvsError(
      'CONFIGURACAO',
      '--cifra precisa da chave da frota: diga onde está com --chave-frota ARQUIVO',
    );
  }
  const path = file === undefined ? undefined : onlyText(file);
  if (file !== undefined && path === '') throw badSetting(file.place, '', 'o nome de um arquivo');
  return Object.freeze({ file: path, text, encrypts });
}
