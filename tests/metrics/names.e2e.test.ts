import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRIC_FAMILIES } from '../../src/metrics/families.js';
import type { MetricFamily } from '../../src/metrics/family.js';
import { pairArgs, TestCertificates } from '../support/certificates.js';
import { DataFolder } from '../support/data-folder.js';
import { root } from '../support/e2e-build.js';
import { eventually } from '../support/eventually.js';
import { kvs } from '../support/kvs-program.js';
import { freePort } from '../support/net.js';
import { prometheusAvailable, promtool } from '../support/prometheus.js';
import { ServerProcess } from '../support/server-process.js';

/** What Prometheus adds to every series. */
const OWN_LABELS = ['job', 'instance', 'le', 'alertname', 'alertstate'];

interface Shown {
  readonly text: string;
  /** Names of families. */
  readonly families: ReadonlySet<string>;
}

/** Servers of every engine, with everything that adds metrics. */
describe('/metrics of real servers', { timeout: 60_000 }, () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  const shown: Record<'frota' | 'consenso' | 'lider' | 'seguidor' | 'particoes', Shown> = Object.create(
    null,
  ) as never;

  beforeAll(async () => {
    const files = await TestCertificates.make();
    const folder = await DataFolder.open();
    cleanups.push(
      () => files.remove(),
      () => folder.remove(),
    );
    const credentials = join(files.folder, 'credenciais.json');
    const make = async (name: string, role: string): Promise<string> =>
      (await kvs(['credencial', 'cria', name, '--papel', role, '--arquivo', credentials])).stdout.trim();
    const token = await make('dona', 'administracao');
    // Off loopback the embedded broker asks for users.
    const secret = (await make('frota1', 'servidor')).split('.')[1] ?? '';
    const login = join(files.folder, 'frota1.txt');
    await writeFile(login, `frota1:${secret}\n`, { mode: 0o600 });
    const ca = readFileSync(files.ca);
    const pair = await files.server('servidor');
    const member = [
      ...['--broker-local', `0.0.0.0:${await freePort()}`, '--broker-credenciais', login],
      ...['--credenciais', credentials, ...pairArgs(pair), '--tls-ca', files.ca],
    ];
    const [leader, follower] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const system = ['--motor', 'lider', '--lider', leader];
    const others = ['--servidores-lider', leader, '--servidores-lider', follower];
    const door = (address: string): string[] => ['--porta-mensagem', address.split(':')[1] ?? ''];
    const started = [
      open({
        fleet: 'nomes',
        args: [...member, ...folder.args, '--portal', 'admin', '--mqtt'],
        security: { ca, token },
      }),
      open({ args: ['--motor', 'consenso', '--replicas', '127.0.0.1:1'] }),
      open({ args: [...system, ...others, ...door(leader)] }),
      open({ args: [...system, ...others, ...door(follower)] }),
      open({ args: ['--motor', 'particoes', '--particoes', '127.0.0.1:1'] }),
    ];
    const servers = await Promise.all(started);
    const [fleet, consensus, first, second, partitions] = servers as [
      ServerProcess,
      ServerProcess,
      ServerProcess,
      ServerProcess,
      ServerProcess,
    ];
    // A peer, so that there is a lag of one.
    await open({
      fleet: 'nomes',
      args: member,
      security: { ca, token },
    });
    await first.ready();
    await fleet.ready();
    await fleet.client.insere('chave', 'valor');
    await first.client.insere('chave', 'valor');
    shown.frota = await eventually('the fleet shows its peer', async () => {
      const page = await scrape(fleet.port, { ca, token });
      return page.families.has('kvs_peer_lag_seconds') ? page : undefined;
    });
    shown.consenso = await scrape(consensus.port);
    shown.lider = await scrape(first.port);
    shown.seguidor = await scrape(second.port);
    shown.particoes = await scrape(partitions.port);
  }, 60_000);
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, 30_000);

  const open = async (options: Parameters<typeof ServerProcess.start>[0]): Promise<ServerProcess> => {
    const server = await ServerProcess.start(options);
    cleanups.push(async () => {
      if (server.running) await server.kill9();
    });
    return server;
  };

  it.skipIf(!prometheusAvailable())('are taken by promtool without a remark', () => {
    for (const { text } of Object.values(shown)) {
      expect(promtool(['check', 'metrics'], text)).toEqual({ code: 0, said: '' });
    }
  });

  it('has each metric where the table says so, and there alone', () => {
    const families = Object.entries<MetricFamily>(METRIC_FAMILIES);
    const of = (...kinds: readonly MetricFamily['of'][]): string[] =>
      families
        .filter(([name, family]) => kinds.includes(family.of) && !name.startsWith('kvs_door_call'))
        .map(([name]) => name);
    const has = ({ families: found }: Shown): string[] =>
      [...found].filter((name) => !name.startsWith('kvs_door_call')).sort();
    const everywhere = [undefined, 'linux'] as const;
    const fleet = ['frota', 'memoria', 'disco', 'portal', 'mqtt', 'tls', 'credenciais'] as const;
    expect(has(shown.frota)).toEqual(of(...everywhere, ...fleet).sort());
    // Its one replica is not there, so its quota is not known.
    const quota = ['kvs_limit_used', 'kvs_limit_max'];
    const consensus = of(...everywhere, 'consenso').filter((name) => !quota.includes(name));
    expect(has(shown.consenso)).toEqual(consensus.sort());
    const partitions = of(...everywhere, 'particoes').filter((name) => !quota.includes(name));
    expect(has(shown.particoes)).toEqual(partitions.sort());
    const leader = of(...everywhere, 'lider', 'memoria');
    expect([...new Set([...has(shown.lider), ...has(shown.seguidor)])].sort()).toEqual(leader.sort());
  });

  it('counts the calls of each door', () => {
    expect(shown.frota.text).toMatch(
      /^kvs_door_calls_total\{door="grpc",operation="\/kvs\.KVS\/Insere",outcome="OK"\} 1$/m,
    );
    const count =
      /^kvs_door_call_duration_seconds_count\{door="grpc",operation="\/kvs\.KVS\/Insere",outcome="OK"\} 1$/m;
    expect(shown.lider.text).toMatch(count);
  });

  it.each(['deploy/prometheus/kvs.rules.yml', 'deploy/grafana/kvs-frota.json'])(
    '%s names no metric and no label that does not exist',
    (path) => {
      const text = readFileSync(join(root, path), 'utf8').replaceAll('\\"', '"');
      const exist = new Set(Object.values(shown).flatMap(({ families }) => [...families]));
      const names = [...text.matchAll(/\b(kvs_[a-z0-9_]+)(?:\{([^}]*)\})?/g)];
      expect(names.length).toBeGreaterThan(30);
      for (const [, name = '', selector = ''] of names) {
        const family = name.replace(/_(bucket|sum|count)$/, '');
        const isHistogram = (METRIC_FAMILIES as Record<string, MetricFamily>)[family]?.type === 'histogram';
        const known = isHistogram && family !== name ? family : name;
        expect([...exist], `${name} in ${path}`).toContain(known);
        const { labels = [] }: MetricFamily = (METRIC_FAMILIES as Record<string, MetricFamily>)[
          known
        ] as MetricFamily;
        for (const [, label] of selector.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)) {
          expect([...OWN_LABELS, ...labels], `${label} of ${name} in ${path}`).toContain(label);
        }
      }
    },
  );

  it('is a dashboard that Grafana can read: panels that do not overlap, with one query or more each', () => {
    const dashboard = JSON.parse(readFileSync(join(root, 'deploy/grafana/kvs-frota.json'), 'utf8')) as {
      readonly panels: readonly {
        readonly id: number;
        readonly type: string;
        readonly targets?: readonly { readonly expr: string }[];
        readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
      }[];
    };
    const taken = new Set<string>();
    for (const { type, targets = [], gridPos } of dashboard.panels) {
      if (type !== 'row') expect(targets.length).toBeGreaterThan(0);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`)).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

/** What a server shows; over TLS with a token, if that is what it asks for. */
async function scrape(
  port: number,
  security?: { readonly ca: Buffer; readonly token: string },
): Promise<Shown> {
  const text = await new Promise<string>((resolve, reject) => {
    const options = {
      ...{ host: '127.0.0.1', port, path: '/metrics', agent: false },
      ...(security && {
        ...{ ca: security.ca, servername: 'localhost' },
        headers: { authorization: `Bearer ${security.token}` },
      }),
    };
    const request = (security ? getSecure : getPlain)(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${String(response.statusCode)}: ${body}`));
      });
    });
    request.on('error', reject);
  });
  return { text, families: new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name)) };
}
