/** Validation of records and identifiers, with messages that name what is wrong. Pure. */
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { portalLimits } from './limits.js';
import type { Kind } from './records.js';

/** @throws KvsError CADASTRO_INVALIDO */
export function checkId<T>(kind: Kind<T>, id: string): void {
  checkText(kind.idLabel, id, portalLimits.identifierBytes);
}

/** @throws KvsError CADASTRO_INVALIDO */
export function checkName<T>(kind: Kind<T>, name: string): void {
  checkText(`o nome d${kind.label}`, name, portalLimits.nameBytes);
}

/** @throws KvsError CADASTRO_INVALIDO */
export function checkPlaces(places: number): void {
  if (!Number.isInteger(places) || places < 0 || places > limits.version) {
    throw new KvsError(
      'CADASTRO_INVALIDO',
      `as vagas não podem ser ${places}: esperado um número a partir de 0`,
    );
  }
}

function checkText(what: string, text: string, bytesMax: number): void {
  const minimum = portalLimits.minimumChars;
  if (Array.from(text.slice(0, 2 * minimum)).length < minimum) {
    const given = JSON.stringify(text);
    throw new KvsError(
      'CADASTRO_INVALIDO',
      `${what} precisa de pelo menos ${minimum} caracteres, e veio ${given}`,
    );
  }
  if (Buffer.byteLength(text, 'utf8') > bytesMax) {
    throw new KvsError('CADASTRO_INVALIDO', `${what} passa de ${bytesMax} bytes`);
  }
}

/** Whether an identifier is possible: lookups of others can be skipped. */
export function mayExist(id: string): boolean {
  return Buffer.byteLength(id, 'utf8') <= portalLimits.identifierBytes;
}

/** An identifier as messages show it. */
export function shown(id: string): string {
  return JSON.stringify(id.length > 100 ? `${id.slice(0, 100)}…` : id);
}

export function missing<T>(kind: Kind<T>, id: string): KvsError {
  return new KvsError('CADASTRO_INEXISTENTE', `${kind.label} ${shown(id)} não existe`);
}
