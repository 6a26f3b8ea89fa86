import { KvsError } from '../core/errors.js';
import type { ServerValues } from './server-options.js';
import type { Settings } from './settings.js';

/** A fleet's keys: in a file, or in the text of a variable. */
export interface FleetKeyConfig {
  readonly file: string | undefined;
  /** Secret. */
  readonly text: string | undefined;
  /** Whether messages are encrypted, or only authenticated. */
  readonly encrypts: boolean;
}

/**
 * @returns `undefined` if there are no keys
 * @throws KvsError CONFIGURACAO if they are in two places, or missing but needed
 */
export function keyConfig(settings: Settings<ServerValues>): FleetKeyConfig | undefined {
  const file = settings.value('chave-frota');
  const text = settings.value('chave-frota-texto');
  const encrypts = settings.value('cifra');
  if (file === undefined && text === undefined) {
    if (!encrypts) return undefined;
    throw new KvsError(
      'CONFIGURACAO',
      '--cifra precisa da chave da frota: diga onde está com --chave-frota ARQUIVO',
    );
  }
  if (file !== undefined && text !== undefined) {
    const places = [settings.given('chave-frota')?.place, settings.given('chave-frota-texto')?.place];
    throw new KvsError('CONFIGURACAO', `a chave da frota foi dada duas vezes: ${places.join(' e ')}`);
  }
  return Object.freeze({ file, text, encrypts });
}
