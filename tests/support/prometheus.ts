import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endsWithTest } from './children.js';
import { root } from './e2e-build.js';
import { eventually } from './eventually.js';
import { freePort } from './net.js';

const rulesFile = join(root, 'deploy/prometheus/kvs.rules.yml');

/** Servers that are compared with each other, by the names of the jobs. */
export type ScrapeJobs = Readonly<Record<string, ScrapeJob>>;

interface ScrapeJob {
  /** `host:port` of each. */
  readonly targets: readonly string[];
  /** What is beside the targets, in the lines of a job. */
  readonly more?: readonly string[];
}

/** One series of an instant query. */
interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** An alert that fired, and where. */
type Fired = readonly [alert: string, labels: Readonly<Record<string, string>>];

/**
 * Whether Prometheus is installed. Says so in one line if it is not.
 * @throws Error if it is missing where nothing may be skipped (`CI=true`)
 */
export function prometheusAvailable(): boolean {
  if (spawnSync('prometheus', ['--version']).status === 0) return true;
  if (process.env['CI'] === 'true')
    throw new Error('prometheus is not installed, and with CI=true nothing is skipped');
  process.stderr.write('SKIPPED: prometheus is not installed (Debian: apt-get install prometheus)\n');
  return false;
}

/** What `promtool` says of its arguments and input. */
export function promtool(
  args: readonly string[],
  input = '',
): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, cwd: root, encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

/**
 * The shipped rules with shorter durations, and nothing else changed: a test cannot wait for minutes. What is looked back
 * on is longer than some scrapes, and a lag counts when it is more than the pace of presences.
 */
export function hastened(rules: string): string {
  const windows: Readonly<Record<string, string>> = { '5m': '10s', '15m': '40s', '1h': '120s' };
  return rules
    .replace(/^( *for:) \S+$/gm, '$1 1s')
    .replace(/\[(\w+)\]/g, (_, window: string) => `[${windows[window] ?? `?${window}`}]`)
    .replace(/ offset 5m/g, ' offset 10s')
    .replace('kvs_peer_lag_seconds > 30', 'kvs_peer_lag_seconds > 5');
}

/** A real Prometheus that scrapes every second, with the shipped rules made faster. */
export class Prometheus {
  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly child: ChildProcess,
  ) {}

  static async start(jobs: ScrapeJobs): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-prometheus-'));
    const port = await freePort();
    await writeFile(join(folder, 'rules.yml'), hastened(await readFile(rulesFile, 'utf8')));
    const scrapes = Object.entries(jobs).flatMap(([job, { targets, more = [] }]) => [
      `  - job_name: ${job}`,
      ...more.map((line) => `    ${line}`),
      `    static_configs: [{ targets: [${targets.map((target) => `'${target}'`).join(', ')}] }]`,
    ]);
    const config = [
      'global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }',
      'rule_files: [rules.yml]',
      'scrape_configs:',
      ...scrapes,
    ];
    await writeFile(join(folder, 'prometheus.yml'), `${config.join('\n')}\n`);
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    endsWithTest(child);
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)));
    const prometheus = new Prometheus(folder, port, child);
    await eventually(
      'Prometheus is ready',
      async () => {
        if (child.exitCode !== null) throw new Error(`prometheus ended: ${errors}`);
        return (await fetch(prometheus.url('-/ready'))).ok;
      },
      30_000,
    );
    return prometheus;
  }

  /** An instant query. */
  async query(expression: string): Promise<readonly Sample[]> {
    const response = await fetch(this.url(`api/v1/query?query=${encodeURIComponent(expression)}`));
    const body = (await response.json()) as {
      readonly error?: string;
      readonly data?: {
        readonly result: readonly {
          readonly metric: Readonly<Record<string, string>>;
          readonly value: readonly [number, string];
        }[];
      };
    };
    if (body.data === undefined) throw new Error(`${expression}: ${body.error ?? response.status}`);
    return body.data.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  /** The one value of an expression; `undefined` if there is none. */
  async value(expression: string): Promise<number | undefined> {
    return (await this.query(expression))[0]?.value;
  }

  /** Every alert that has fired so far, whether it still does or not. */
  async fired(): Promise<readonly Fired[]> {
    const samples = await this.query('max_over_time(ALERTS{alertstate="firing"}[1h])');
    return samples.map(({ metric }) => [metric['alertname'] ?? '', metric]);
  }

  /** Waits until every server of every job was scraped. */
  async scrapes(count: number): Promise<void> {
    await eventually(
      `${count} servers are scraped`,
      async () => (await this.value('count(up == 1)')) === count,
      60_000,
    );
  }

  /** Waits until an alert fires, or has fired, with these labels. */
  async fires(alert: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    await eventually(
      `${alert} fires: ${JSON.stringify(labels)}`,
      async () => {
        const fired = await this.fired();
        const isIt = ([name, has]: Fired): boolean =>
          name === alert && Object.entries(labels).every(([label, value]) => has[label] === value);
        if (!fired.some(isIt))
          throw new Error(`fired so far: ${[...new Set(fired.map(([name]) => name))].join(', ')}`);
        return true;
      },
      60_000,
    );
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  private url(path: string): string {
    return `http://127.0.0.1:${this.port}/${path}`;
  }
}
