// `npm run docs:options`: writes the tables of options and of metrics into the pages that hold them.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { METRIC_PAGES, withMetricTable } from './metric-tables.js';
import { OPTION_PAGES, withOptionTables } from './option-tables.js';

for (const { path, language } of OPTION_PAGES) {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  writeFileSync(file, withOptionTables(readFileSync(file, 'utf8'), language));
}
for (const { path, language } of METRIC_PAGES) {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  writeFileSync(file, withMetricTable(readFileSync(file, 'utf8'), language));
}
