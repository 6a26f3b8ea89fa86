import { METRIC_FAMILIES } from '../../src/metrics/families.js';
import type { MetricFamily } from '../../src/metrics/family.js';

type Language = 'pt' | 'en';

/** The pages whose table of metrics is generated. */
export const METRIC_PAGES: readonly { readonly path: string; readonly language: Language }[] = [
  { path: 'docs/guia/metricas.md', language: 'pt' },
  { path: 'docs/guia/en/metricas.md', language: 'en' },
];

const HEADS: Readonly<Record<Language, string>> = {
  pt: '| Métrica | Tipo | Rótulos | Onde | Diz |',
  en: '| Metric | Type | Labels | Where | Says |',
};

const EVERYWHERE: Readonly<Record<Language, string>> = { pt: 'em todos', en: 'everywhere' };

const WHERE: Readonly<Record<NonNullable<MetricFamily['of']>, Readonly<Record<Language, string>>>> = {
  frota: { pt: 'frota', en: 'fleet' },
  consenso: { pt: 'consenso', en: 'consensus' },
  lider: { pt: 'líder', en: 'leader' },
  particoes: { pt: 'partições', en: 'partitions' },
  memoria: { pt: 'frota, líder', en: 'fleet, leader' },
  disco: { pt: '`--dados`', en: '`--dados`' },
  portal: { pt: '`--portal`', en: '`--portal`' },
  mqtt: { pt: '`--mqtt`', en: '`--mqtt`' },
  tls: { pt: 'TLS', en: 'TLS' },
  credenciais: { pt: '`--credenciais`', en: '`--credenciais`' },
  linux: { pt: 'Linux', en: 'Linux' },
};

const BLOCK = /(<!-- metrics -->\n)[\s\S]*?(<!-- \/metrics -->)/;

/** A page with the table of metrics as the families say it. @throws Error if it has no place for it */
export function withMetricTable(page: string, language: Language): string {
  if (!BLOCK.test(page)) throw new Error('no <!-- metrics --> … <!-- /metrics -->');
  const rows = Object.entries<MetricFamily>(METRIC_FAMILIES).map(([name, family]) => {
    const { type, labels = [], of } = family;
    const where = of === undefined ? EVERYWHERE[language] : WHERE[of][language];
    const cells = [`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), where];
    return `| ${[...cells, family[language]].join(' | ')} |`;
  });
  const table = [HEADS[language], '|---|---|---|---|---|', ...rows].join('\n');
  return page.replace(BLOCK, (_, begin: string, end: string) => `${begin}${table}\n${end}`);
}
