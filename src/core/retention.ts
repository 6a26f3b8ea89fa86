import { KvsError } from './errors.js';
import { limits } from './limits.js';

/** Which versions of a key stay. What is beyond either goes; the newest visible value never does. */
export interface RetentionBound {
  /** The last so many in the order (timestamp, origin), from 1. */
  readonly versions?: number;
  /** Those no older than this, ms. */
  readonly ageMs?: number;
}

/** The bound of every key that begins with a prefix, if no longer prefix has a rule too. */
export interface RetentionRule extends RetentionBound {
  /** Empty: every key. */
  readonly prefix: string;
}

/** Keys below this belong to the servers themselves: only rules that name it touch them. */
export const OWN_PREFIX = '$kvs/';

/** The key of the rules that all servers share: an ordinary one, whose newest value is JSON. */
export const RETENTION_KEY = `${OWN_PREFIX}retencao`;

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;
const AGE = /^([0-9]{1,9})([dhms])$/;
const COUNT = /^[0-9]{1,7}$/;

/** An age such as `30d`, `12h`, `90m`, `45s`, in ms; `undefined` if it is none, or longer than a timestamp can say. */
export function parseAge(text: string): number | undefined {
  const [, digits, unit] = AGE.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const ageMs = Number(digits) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return ageMs > 0 && ageMs <= limits.timestampMs ? ageMs : undefined;
}

/** A number of versions; `undefined` if it is none that a bound may have. */
export function parseVersions(text: string): number | undefined {
  const versions = COUNT.test(text) ? Number(text) : 0;
  return versions >= 1 && versions <= limits.entriesPerKey ? versions : undefined;
}

/** An age in the largest unit that says it exactly. */
export function ageText(ageMs: number): string {
  for (const [unit, unitMs] of Object.entries(UNIT_MS)) {
    if (ageMs % unitMs === 0) return `${ageMs / unitMs}${unit}`;
  }
  return `${Math.ceil(ageMs / UNIT_MS.s)}s`;
}

/** The value of {@link RETENTION_KEY}: one rule a line, so that people can read it. */
export function retentionText(rules: readonly RetentionRule[]): string {
  const lines = rules.map(({ prefix, versions, ageMs }) =>
    JSON.stringify({
      prefixo: prefix,
      ...(versions === undefined ? {} : { versoes: versions }),
      ...(ageMs === undefined ? {} : { idade: ageText(ageMs) }),
    }),
  );
  // Servers ask for three characters.
  return lines.length === 0 ? '[ ]' : `[${lines.join(',\n ')}]`;
}

/**
 * Reads the value of {@link RETENTION_KEY}.
 * @throws KvsError CONFIGURACAO that says what is wrong
 */
export function retentionOf(text: string): readonly RetentionRule[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw wrong('não é JSON');
  }
  if (!Array.isArray(parsed)) throw wrong('não é uma lista de regras');
  const rules = parsed.map(ruleOf);
  assertRules(rules);
  return rules;
}

/** @throws KvsError CONFIGURACAO for too many rules, or two of one prefix */
export function assertRules(rules: readonly RetentionRule[]): void {
  if (rules.length > limits.retentionRules) throw wrong(`mais de ${limits.retentionRules} regras`);
  const prefixes = new Set<string>();
  for (const { prefix } of rules) {
    if (prefixes.has(prefix)) throw wrong(`duas regras para o prefixo ${JSON.stringify(prefix)}`);
    prefixes.add(prefix);
  }
}

function ruleOf(rule: unknown): RetentionRule {
  if (typeof rule !== 'object' || rule === null) throw wrong('uma regra não é um objeto');
  const { prefixo, versoes, idade, ...others } = rule as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw wrong(`campo desconhecido ${JSON.stringify(unknown)}`);
  if (typeof prefixo !== 'string') throw wrong('uma regra sem o texto "prefixo"');
  const of = `a regra de ${JSON.stringify(prefixo)}`;
  const versions = typeof versoes === 'number' ? parseVersions(String(versoes)) : undefined;
  if (versoes !== undefined && versions === undefined)
    throw wrong(`${of}: "versoes" é um número de 1 a ${limits.entriesPerKey}`);
  const ageMs = typeof idade === 'string' ? parseAge(idade) : undefined;
  if (idade !== undefined && ageMs === undefined) throw wrong(`${of}: "idade" é como 30d, 12h, 90m ou 45s`);
  if (versions === undefined && ageMs === undefined) throw wrong(`${of}: falta "versoes" ou "idade"`);
  return {
    prefix: prefixo,
    ...(versions === undefined ? {} : { versions }),
    ...(ageMs === undefined ? {} : { ageMs }),
  };
}

function wrong(what: string): KvsError {
  return new KvsError('CONFIGURACAO', `retenção: ${what}`);
}

/** The rules in force, by key. */
export class RetentionRules {
  /** The longest prefixes first. */
  private readonly rules: readonly RetentionRule[];

  /**
   * @param own of this server's options
   * @param shared of the stored setting, which go before those of the same prefix
   */
  constructor(own: readonly RetentionRule[], shared: readonly RetentionRule[] = []) {
    const byPrefix = new Map([...own, ...shared].map((rule) => [rule.prefix, rule]));
    this.rules = [...byPrefix.values()].sort((a, b) => b.prefix.length - a.prefix.length);
  }

  get isEmpty(): boolean {
    return this.rules.length === 0;
  }

  /** The bound of a key; `undefined`: all of its versions stay. */
  boundOf(key: string): RetentionBound | undefined {
    const isOwn = key.startsWith(OWN_PREFIX);
    return this.rules.find(
      ({ prefix }) => key.startsWith(prefix) && (!isOwn || prefix.startsWith(OWN_PREFIX)),
    );
  }
}
