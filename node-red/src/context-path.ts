/**
 * Keys of a context are property expressions: `a`, `a.b[0]`, `a["b c"]`. The first part names a value of its own; the others
 * lead into it.
 */
export type ContextPath = readonly [name: string, ...inside: (string | number)[]];

/** An expression that Node-RED would refuse too, with its code. */
export class InvalidExpression extends Error {
  readonly code = 'INVALID_EXPR';

  constructor(key: string) {
    super(`chave de contexto inválida: ${JSON.stringify(key)}`);
  }
}

// A name, .name, [0], ["name"] or ['name'].
const PART = /\.?([^.[\]"'\s]+)|\[(\d+)\]|\[(?:"([^"]+)"|'([^']+)')\]/y;

/** @throws InvalidExpression */
export function contextPath(key: string): ContextPath {
  const parts: (string | number)[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < key.length) {
    const at = PART.lastIndex;
    const [found, name, index, double, single] = PART.exec(key) ?? [];
    const isFirst = at === 0;
    if (found === undefined || (name !== undefined && found.startsWith('.') === isFirst)) {
      throw new InvalidExpression(key);
    }
    parts.push(index === undefined ? (name ?? double ?? single ?? '') : Number(index));
  }
  const [first, ...inside] = parts;
  if (first === undefined || typeof first === 'number' || parts.includes('__proto__')) {
    throw new InvalidExpression(key);
  }
  return [first, ...inside];
}

/** What lies at a path inside a value; `undefined` if nothing does. */
export function partOf(value: unknown, inside: readonly (string | number)[]): unknown {
  let part = value;
  for (const name of inside) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) return undefined;
    part = (part as Record<string | number, unknown>)[name];
  }
  return part;
}

/**
 * The value with something else at a path inside it, as Node-RED does it: what is missing on the way is created, and
 * `undefined` takes the part away.
 * @throws Error if something on the way holds no properties
 */
export function withPart(value: unknown, inside: readonly (string | number)[], part: unknown): unknown {
  const [name, ...further] = inside;
  if (name === undefined) return part;
  if (value === undefined || value === null) {
    if (part === undefined) return value;
    return withPart(typeof name === 'number' ? [] : {}, inside, part);
  }
  if (typeof value !== 'object') throw new Error(`não há onde pôr ${JSON.stringify(name)}`);
  const inner = partOf(value, [name]);
  const next = withPart(inner, further, part);
  if (Array.isArray(value)) {
    const items = [...(value as unknown[])];
    if (typeof name !== 'number') throw new Error(`${JSON.stringify(name)} não é um índice`);
    if (name > items.length) throw new Error(`o índice ${name} deixaria um vazio`);
    if (next === undefined) items.splice(name, 1);
    else items[name] = next;
    return items;
  }
  const others = Object.entries(value).filter(([one]) => one !== String(name));
  return Object.fromEntries(next === undefined ? others : [...others, [name, next]]);
}
