import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/e2e-build.js';
import { hastened, prometheusAvailable, promtool } from '../support/prometheus.js';

const RULES = 'deploy/prometheus/kvs.rules.yml';

describe.skipIf(!prometheusAvailable())('what deploy/prometheus gives to Prometheus', () => {
  it('is taken by promtool: rules and configuration', () => {
    expect(promtool(['check', 'rules', '--lint=all', '--lint-fatal', RULES])).toMatchObject({ code: 0 });
    expect(promtool(['check', 'config', 'deploy/prometheus/prometheus.yml'])).toMatchObject({ code: 0 });
  });

  it('fires where it should, and only there', () => {
    expect(promtool(['test', 'rules', 'tests/metrics/kvs.rules.test.yml'])).toMatchObject({ code: 0 });
  });

  it('is made faster for tests in its durations alone', () => {
    const rules = readFileSync(join(root, RULES), 'utf8');
    const bare = (text: string): string =>
      text.replace(/(for:|\[|offset) ?\w+/g, '$1').replace(/(lag_seconds >) \d+/, '$1');
    expect(bare(hastened(rules))).toBe(bare(rules));
    expect(hastened(rules)).not.toMatch(/for: \d+[mh]|\[\?/);
  });
});
