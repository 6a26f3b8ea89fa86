import { fixed, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

/** How figures grow with one size. */
export interface Curve {
  /** Of its file. */
  readonly name: string;
  readonly title: string;
  /** What grows, with its unit. */
  readonly x: string;
  readonly sizes: readonly number[];
  /** Plots below one another: figures of one unit share one. */
  readonly plots: readonly Plot[];
  readonly notes: readonly string[];
}

export interface Plot {
  readonly unit: string;
  readonly lines: readonly Line[];
}

export interface Line {
  readonly name: string;
  /** One for each size; `undefined`: not measured there. */
  readonly values: readonly (number | undefined)[];
}

/** The figures of a curve, to read. */
export function tableOf(curve: Curve): Table {
  const lines = curve.plots.flatMap(({ unit, lines }) =>
    lines.map((line) => ({ ...line, name: `${line.name}, ${unit}` })),
  );
  return {
    title: curve.title,
    columns: [curve.x, ...lines.map(({ name }) => name)],
    rows: curve.sizes.map((size, i) => [whole(size), ...lines.map(({ values }) => shown(values[i]))]),
    notes: curve.notes,
  };
}

function shown(value: number | undefined): string {
  if (value === undefined) return '–';
  return value >= 1_000 ? whole(value) : fixed(value, value >= 100 ? 0 : value >= 1 ? 1 : 3);
}
