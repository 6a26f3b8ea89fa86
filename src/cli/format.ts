import { KvsError } from '../core/errors.js';

/** How answers look: JSON lines, only values, or for people. */
export type Format = 'json' | 'values' | 'people';

/** @throws KvsError CONFIGURACAO for both */
export function formatOf(json: boolean, quiet: boolean): Format {
  if (json && quiet) throw new KvsError('CONFIGURACAO', '--json e -q não valem juntos: diga um só');
  if (json) return 'json';
  return quiet ? 'values' : 'people';
}
