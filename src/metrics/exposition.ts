import { DURATION_BOUNDS_MS } from '../core/durations.js';
import type { Durations } from '../core/durations.js';
import { METRIC_FAMILIES } from './families.js';
import type { MetricName } from './families.js';
import type { MetricFamily } from './family.js';

/** The format of {@link Exposition.text}. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const BOUNDS_SECONDS = [...DURATION_BOUNDS_MS.map((boundMs) => String(boundMs / 1_000)), '+Inf'];

/** Collects the samples of one scrape, and writes them in the text format of Prometheus. */
export class Exposition {
  private readonly lines = new Map<MetricName, string[]>();

  /**
   * Adds a sample. Two samples of one name must differ in their labels: Prometheus rejects all of a text otherwise.
   * @param values of the labels of the family, in its order
   */
  set(name: MetricName, value: number, ...values: readonly string[]): void {
    this.linesOf(name).push(`${name}${labelled(name, values)} ${numberText(value)}`);
  }

  /** Adds one sample for each entry, labelled by its name. */
  setEach(name: MetricName, byLabel: Readonly<Record<string, number>>): void {
    for (const [label, value] of Object.entries(byLabel)) this.set(name, value, label);
  }

  /** Adds a histogram. */
  durations(
    name: MetricName,
    { count, totalMs, buckets }: Readonly<Pick<Durations, 'count' | 'totalMs' | 'buckets'>>,
    ...values: readonly string[]
  ): void {
    const lines = this.linesOf(name);
    let below = 0;
    for (const [index, bound] of BOUNDS_SECONDS.entries()) {
      below += buckets[index] ?? 0;
      lines.push(`${name}_bucket${labelled(name, values, bound)} ${below}`);
    }
    lines.push(`${name}_sum${labelled(name, values)} ${numberText(totalMs / 1_000)}`);
    lines.push(`${name}_count${labelled(name, values)} ${count}`);
  }

  /** Everything collected, by family in the order of the table; families without samples are left out. */
  text(): string {
    let text = '';
    for (const name of Object.keys(METRIC_FAMILIES) as MetricName[]) {
      const lines = this.lines.get(name);
      if (lines === undefined) continue;
      const { pt, type } = METRIC_FAMILIES[name];
      text += `# HELP ${name} ${escapedHelp(pt)}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
    }
    return text;
  }

  private linesOf(name: MetricName): string[] {
    const known = this.lines.get(name);
    if (known !== undefined) return known;
    const lines: string[] = [];
    this.lines.set(name, lines);
    return lines;
  }
}

/** Adds samples to a scrape. */
export type MetricReader = (into: Exposition) => void;

function labelled(name: MetricName, values: readonly string[], bound?: string): string {
  const { labels = [] }: MetricFamily = METRIC_FAMILIES[name];
  if (labels.length !== values.length) throw new Error(`${name} has the labels ${labels.join(', ')}`);
  const pairs = labels.map((label, index) => `${label}="${escapedLabel(values[index] ?? '')}"`);
  if (bound !== undefined) pairs.push(`le="${bound}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapedLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

function escapedHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
