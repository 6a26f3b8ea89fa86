import type { LineJson } from '../../../src/doors/http/schemas.js';

/** Where a version stands: a lane for its origin, a column for its number. */
interface VersionPlace {
  readonly lane: number;
  readonly column: number;
  /** How many lanes further down the lowest of its siblings stands; 0 but for the topmost one. */
  readonly reach: number;
}

interface Lanes {
  readonly lanes: readonly { readonly origin: string; readonly name: string }[];
  /** How many origins share one more lane, the last: those that wrote longest ago. */
  readonly others: number;
  readonly columns: number;
  /** For each line its place. */
  readonly placed: readonly VersionPlace[];
}

/**
 * Lays out the versions of a key. Those of one number were written without one another. Pure.
 * @param lines in order
 * @param most lanes at most, the one that is shared among them
 */
export function lanesOf(lines: readonly LineJson[], most: number): Lanes {
  const origins = new Set(lines.map(({ origem }) => origem));
  const own = origins.size <= most ? origins : lastOrigins(lines, most - 1);
  const numbers = new Map<string, number>();
  const lanes: { origin: string; name: string }[] = [];
  for (const { origem: origin, servidor: name } of lines) {
    if (numbers.has(origin) || !own.has(origin)) continue;
    numbers.set(origin, lanes.length);
    lanes.push({ origin, name: name === '' ? origin : name });
  }
  let column = -1;
  let before: number | undefined;
  const spans = new Map<number, [top: number, bottom: number]>();
  const rough = lines.map(({ versao: version, origem: origin }) => {
    if (version !== before) column++;
    before = version;
    const lane = numbers.get(origin) ?? lanes.length;
    const span = spans.get(column);
    spans.set(column, span === undefined ? [lane, lane] : [Math.min(span[0], lane), Math.max(span[1], lane)]);
    return { lane, column };
  });
  const placed = rough.map(({ lane, column: at }) => {
    const [top, bottom] = spans.get(at) ?? [lane, lane];
    return { lane, column: at, reach: lane === top ? bottom - top : 0 };
  });
  return { lanes, others: origins.size - own.size, columns: column + 1, placed };
}

function lastOrigins(lines: readonly LineJson[], most: number): ReadonlySet<string> {
  const last = new Set<string>();
  for (let at = lines.length - 1; at >= 0 && last.size < most; at -= 1) last.add(lines[at]?.origem ?? '');
  return last;
}
