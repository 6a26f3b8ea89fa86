import { NULL, TRY_OTHER } from '../../../wire/mensagem/messages.js';

/** The fields that a request or an answer of this contract needs. */
type OwnField = 'tipo' | 'chave' | 'valor' | 'timestamp';

/** The names that servers give to these fields: the contract says none. */
export type Dialect = Readonly<Record<OwnField, string>>;

const OWN: Dialect = { tipo: 'tipo', chave: 'chave', valor: 'valor', timestamp: 'timestamp' };

/** Names that are tried one after the other, until a server understands them. */
export const DIALECTS: readonly Dialect[] = [
  OWN,
  { ...OWN, chave: 'key', valor: 'value' },
  { tipo: 'type', chave: 'key', valor: 'value', timestamp: 'timestamp' },
  { tipo: 'type', chave: 'key', valor: 'value', timestamp: 'ts' },
  { tipo: 'method', chave: 'key', valor: 'value', timestamp: 'timestamp' },
  { tipo: 'metodo', chave: 'chave', valor: 'valor', timestamp: 'timestamp' },
];

/** Other names under which an answer may have a field. */
const ANSWER_NAMES: Readonly<Record<OwnField, readonly string[]>> = {
  tipo: ['tipo', 'type', 'method', 'metodo', 'op'],
  chave: ['chave', 'key'],
  valor: ['valor', 'value', 'val'],
  timestamp: ['timestamp', 'ts', 'versao', 'version'],
};

/** The names of the command line; those that it does not say are ours. */
export function givenDialect(fields: Readonly<Record<string, string>>): Dialect {
  return { ...OWN, ...fields };
}

/** A request in the names of a server. */
export function requestNamed(
  names: Dialect,
  request: {
    readonly tipo: 'PUT' | 'GET';
    readonly chave: string;
    readonly valor?: string;
    readonly timestamp?: number;
  },
): object {
  return Object.fromEntries(
    (Object.entries(request) as [OwnField, string | number][]).map(([own, value]) => [names[own], value]),
  );
}

/** What an answer says, whatever its names. */
export interface MensagemReading {
  readonly tipo: string;
  readonly valor: string | null | undefined;
  /** `undefined`: none, or no number. */
  readonly timestamp: number | undefined;
}

/** @returns `undefined` if the text is no JSON object */
export function readAnswer(text: string, names: Dialect): MensagemReading | undefined {
  let fields: ReadonlyMap<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
    // `Key` of a Java class is the `key` of others.
    fields = new Map(Object.entries(parsed).map(([name, value]) => [name.toLowerCase(), value]));
  } catch {
    return undefined;
  }
  const of = (own: OwnField): unknown =>
    [names[own], ...ANSWER_NAMES[own]]
      .map((name) => fields.get(name.toLowerCase()))
      .find((value) => value !== undefined);
  const [tipo, valor, timestamp] = [of('tipo'), of('valor'), of('timestamp')];
  return {
    tipo: typeof tipo === 'string' ? tipo : '',
    valor: typeof valor === 'string' || valor === null ? valor : undefined,
    timestamp: /^\d+$/.test(String(timestamp)) ? Number(timestamp) : undefined,
  };
}

/** Whether it says that the key is unknown. */
export function saysNull({ tipo, valor }: MensagemReading): boolean {
  return tipo === NULL || valor === NULL || valor === null;
}

/** Whether it says that another server, or this one later, knows more. */
export function saysTryOther({ tipo, valor }: MensagemReading): boolean {
  return tipo === TRY_OTHER || valor === TRY_OTHER;
}

/** Whether it is an answer to a `GET` and no complaint about the request. */
export function isUnderstood(answer: MensagemReading): boolean {
  if (saysNull(answer) || saysTryOther(answer)) return true;
  return answer.tipo !== '' && !/err|inv[aá]lid|unknown|bad/i.test(answer.tipo);
}
