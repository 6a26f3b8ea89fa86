import { SERVER_CHOICE_OPTIONS } from '../../config/client-options.js';

/** Options that say which servers are asked and how: those of the shell, not of one of its lines. */
export function isLent(option: string): boolean {
  return Object.hasOwn(SERVER_CHOICE_OPTIONS, option) || option === 'servidores' || option === 'descobre';
}
