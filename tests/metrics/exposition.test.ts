import { describe, expect, it } from 'vitest';
import { DURATION_BOUNDS_MS, Durations } from '../../src/core/durations.js';
import { Exposition } from '../../src/metrics/exposition.js';
import { METRIC_FAMILIES } from '../../src/metrics/families.js';
import type { MetricFamily } from '../../src/metrics/family.js';

describe('the text that Prometheus reads', () => {
  it('has help, type and samples of each family once, in the order of the table', () => {
    const into = new Exposition();
    into.set('kvs_process_resident_bytes', 5);
    into.set('kvs_health', 1, 'servidor');
    into.set('kvs_process_cpu_seconds_total', 0.5, 'user');
    into.set('kvs_health', 0, 'kvs.disco');
    expect(into.text().split('\n')).toEqual([
      `# HELP kvs_health ${METRIC_FAMILIES.kvs_health.pt}`,
      '# TYPE kvs_health gauge',
      'kvs_health{condition="servidor"} 1',
      'kvs_health{condition="kvs.disco"} 0',
      `# HELP kvs_process_cpu_seconds_total ${METRIC_FAMILIES.kvs_process_cpu_seconds_total.pt}`,
      '# TYPE kvs_process_cpu_seconds_total counter',
      'kvs_process_cpu_seconds_total{mode="user"} 0.5',
      `# HELP kvs_process_resident_bytes ${METRIC_FAMILIES.kvs_process_resident_bytes.pt}`,
      '# TYPE kvs_process_resident_bytes gauge',
      'kvs_process_resident_bytes 5',
      '',
    ]);
  });

  it('counts durations up to each bound, in seconds', () => {
    const durations = new Durations();
    for (const tookMs of [0.01, 0.3, 0.3, 60_000]) durations.add(tookMs);
    const into = new Exposition();
    into.durations('kvs_journal_sync_duration_seconds', durations);
    const [, , ...lines] = into.text().trimEnd().split('\n');
    const counts = lines.map((line) => Number(line.split(' ')[1]));
    const ofBounds = DURATION_BOUNDS_MS.map((boundMs) => (boundMs >= 0.5 ? 3 : 1));
    expect(counts).toEqual([...ofBounds, 4, 60.00061, 4]);
    expect(lines[0]).toBe('kvs_journal_sync_duration_seconds_bucket{le="0.00005"} 1');
    expect(lines.at(-3)).toBe('kvs_journal_sync_duration_seconds_bucket{le="+Inf"} 4');
  });

  it('says what no text may say as it is: quotes, backslashes and line breaks in a label', () => {
    const into = new Exposition();
    into.set('kvs_peer_lag_mutations', Infinity, 'a"b\\c\nd');
    expect(into.text()).toContain('kvs_peer_lag_mutations{peer="a\\"b\\\\c\\nd"} +Inf\n');
  });

  it('takes as many labels as the family has', () => {
    expect(() => new Exposition().set('kvs_health', 1)).toThrow('condition');
  });
});

describe('the table of metrics', () => {
  const families = Object.entries<MetricFamily>(METRIC_FAMILIES);

  it.each(families)('%s is named by the rules, and explained in both languages', (name, family) => {
    expect(name).toMatch(/^kvs_[a-z0-9]+(_[a-z0-9]+)*$/);
    expect(name.endsWith('_total')).toBe(family.type === 'counter');
    expect(name).not.toMatch(/_(ms|millis|kb|mb|percent|bucket|count|sum)(_|$)/);
    if (family.type === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(family.labels ?? []).not.toContain('le');
    expect(family.pt).toMatch(/^\S.*\.$/);
    expect(family.en).toMatch(/^\S.*\.$/);
  });
});
