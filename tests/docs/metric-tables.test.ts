import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { METRIC_PAGES, withMetricTable } from './metric-tables.js';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

const alerts = [...read('deploy/prometheus/kvs.rules.yml').matchAll(/^ +- alert: (\w+)$/gm)].map(
  ([, alert = '']) => alert,
);

describe.each(METRIC_PAGES)('$path', ({ path, language }) => {
  it('has the table of metrics as the definitions say it (npm run docs:options writes it)', () => {
    expect(read(path)).toBe(withMetricTable(read(path), language));
  });

  it('says of every alert what it means and what to do, and of no other', () => {
    const said = [...read(path).matchAll(/^\| `(Kvs\w+)` \|/gm)].map(([, alert]) => alert);
    expect(said).toEqual(alerts);
  });
});

describe('deploy/prometheus/kvs.rules.yml', () => {
  it('tests every alert where it fires and where it does not', () => {
    const tests = read('tests/metrics/kvs.rules.test.yml');
    for (const alert of alerts) {
      expect(tests).toContain(`${alert} fires'`);
      expect(tests).toContain(`${alert} stays quiet'`);
    }
  });

  it('lets every alert fire once by a real fault', () => {
    const faults = ['fleet', 'broker', 'engine', 'server'].map((name) =>
      read(`tests/metrics/${name}-alerts.e2e.test.ts`),
    );
    for (const alert of alerts) expect(faults.join('\n')).toContain(`fires('${alert}'`);
  });
});
