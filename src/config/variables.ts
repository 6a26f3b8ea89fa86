import { variablesOf } from './option.js';
import { SERVER_OPTIONS } from './server-options.js';
import type { SettingSources } from './settings.js';

/** Variables of programs under this name that are not options of a server. */
const OTHER_VARIABLES = [
  ...['KVS_ADDRESS', 'KVS_ENDERECO', 'KVS_PRAZO', 'KVS_JSON'],
  ...['KVS_SERVIDORES', 'KVS_DESCOBRE', 'KVS_CREDENCIAL', 'KVS_TOKEN'],
  ...['KVS_TLS', 'KVS_TLS_NOME'],
  ...['KVS_REPLICA_DADOS', 'KVS_REPLICA_ARQUIVO', 'KVS_REPLICA_COTA'],
];

/** Variables that look like options and are none: a misspelt one would be missed without a word. */
export function unknownVariables(env: SettingSources['env']): string[] {
  const own = Object.entries(SERVER_OPTIONS).flatMap(([name, option]) => variablesOf(name, option));
  const known = new Set([...own, ...OTHER_VARIABLES]);
  return Object.keys(env).filter((name) => name.startsWith('KVS_') && !known.has(name));
}
