import { COMMANDS } from '../../config/commands.js';
import type { StoreName } from '../../config/commands.js';
import type { Flags } from '../../config/settings.js';
import { STANDARD_STREAM, unguarded } from '../words.js';

/** A command on the store, its words checked for number only. */
export interface StoreRequest {
  readonly kind: 'store';
  readonly name: StoreName;
  /** Positional words by their names in the table, verbatim; {@link STANDARD_STREAM} for a bare `-`. */
  readonly given: Readonly<Record<string, string | undefined>>;
  readonly flags: Flags;
}

/** Positional words that a command cannot do without, with what follows it in an example. */
const NEEDED: Readonly<Record<StoreName, readonly (readonly [word: string, what: string])[]>> = {
  insere: [['CHAVE', 'a chave']],
  consulta: [['CHAVE', 'a chave']],
  remove: [['CHAVE', 'a chave']],
  compara: [
    ['CHAVE', 'a chave'],
    ['VERSAO', 'a versão que deve ser a última (0: a chave não existe)'],
  ],
  expira: [
    ['CHAVE', 'a chave'],
    ['SEGUNDOS', 'em quantos segundos expira (0: nunca)'],
  ],
  apara: [['CHAVE', 'a chave']],
  historico: [['CHAVE', 'a chave']],
  lista: [],
  conta: [],
  observa: [],
  estado: [],
};

const EXAMPLES: Readonly<Record<StoreName, string>> = {
  insere: 'insere nome Maria',
  consulta: 'consulta nome',
  remove: 'remove nome',
  compara: 'compara nome 3 Maria',
  expira: 'expira nome 60',
  apara: 'apara nome',
  historico: 'historico nome',
  lista: 'lista',
  conta: 'conta',
  observa: 'observa nome',
  estado: 'estado',
};

/** @throws Error for a missing word, with a message for people */
export function storeRequest(
  name: StoreName,
  argv: Readonly<Record<string, unknown>>,
  flags: Flags,
): StoreRequest {
  const given: Record<string, string | undefined> = {};
  for (const word of Object.keys(COMMANDS[name].positionals)) {
    const text = argv[word];
    given[word] = typeof text === 'string' ? unguarded(text) : undefined;
  }
  const missing = NEEDED[name].find(([word]) => given[word] === undefined);
  if (missing !== undefined) {
    throw new Error(`${name}: falta ${missing[1]}, como em: kvs ${EXAMPLES[name]}`);
  }
  return { kind: 'store', name, given: { ...given, ...keyOf(given) }, flags: unmarked(flags) };
}

/** Only a value can come from standard input: a key or a prefix `-` is just that. */
function keyOf(given: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [word, text] of Object.entries(given)) {
    if (word !== 'VALOR' && text === STANDARD_STREAM) plain[word] = '-';
  }
  return plain;
}

function unmarked(flags: Flags): Flags {
  return Object.fromEntries(
    Object.entries(flags).map(([name, text]) => [
      name,
      text === STANDARD_STREAM && name !== 'arquivo' ? '-' : text,
    ]),
  );
}
