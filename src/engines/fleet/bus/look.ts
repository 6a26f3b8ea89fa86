import type { Origin } from '../../../core/dot.js';
import { PAYLOAD_FORMAT, TYPES } from './message-shapes.js';

/**
 * A message of a server to itself, of about so many bytes: a confirmation, with fields that whoever reads it ignores.
 * @param tag what nobody can know before it was sent
 */
export function lookBody(fleet: string, origin: Origin, tag: string, look: number, bytes: number): Buffer {
  const head = {
    formato: PAYLOAD_FORMAT,
    tipo: TYPES.confirm,
    frota: fleet,
    de: origin,
    para: origin,
    seq: look,
  };
  const text = JSON.stringify({ ...head, marca: tag, resto: '' });
  return Buffer.from(`${text.slice(0, -2)}${'.'.repeat(Math.max(0, bytes - text.length))}"}`);
}
