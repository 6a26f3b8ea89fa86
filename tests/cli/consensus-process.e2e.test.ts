import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdAvailable, startEtcd } from '../support/etcd.js';
import type { EtcdCluster } from '../support/etcd.js';
import { eventually } from '../support/eventually.js';
import { connect } from '../support/kvs-client.js';
import { freePort } from '../support/net.js';
import { run, start } from './program.js';
import type { Program } from './program.js';

const WAIT_MS = 30_000;
const running: Program[] = [];

async function serve(replicas: readonly string[], ...words: string[]) {
  const port = await freePort();
  const addresses = replicas.flatMap((address) => ['--replicas', address]);
  const program = start(['servidor', String(port), '--motor', 'consenso', ...addresses, ...words]);
  running.push(program);
  return { program, port };
}

const HEALTH = ['', 'kvs.KVS', 'KeyValueStore', 'kvs.consenso'];

/** Waits until the server as a whole, its doors, and its link to the replicas are in these states. */
async function healthBecomes(port: number, whole: string, link: string): Promise<void> {
  const client = connect(port);
  const wanted = [whole, whole, whole, link].join();
  try {
    const settled = async (): Promise<boolean> =>
      (await Promise.all(HEALTH.map((name) => client.health(name)))).join() === wanted;
    await eventually(`health ${wanted}`, settled, WAIT_MS);
  } finally {
    client.close();
  }
}

const logged = (program: Program, text: string): Promise<unknown> =>
  eventually(`log: ${text}`, () => program.stderr().includes(text), WAIT_MS);

afterAll(() => {
  for (const { process } of running) process.kill('SIGKILL');
});

describe('a server whose replicas are not there', () => {
  it('opens its doors, says that it does not serve, refuses within the deadline, and shuts down cleanly', async () => {
    const { program, port } = await serve([`127.0.0.1:${await freePort()}`], '--prazo-consenso', '600');
    await logged(program, 'as réplicas não respondem com maioria');
    await healthBecomes(port, 'NOT_SERVING', 'NOT_SERVING');
    const put = await run(['cliente', '--porta', String(port), 'put', '--chave', 'a', '--valor', 'b']);
    expect(put).toMatchObject({ code: 5, stdout: '' });
    expect(put.stderr).toMatch(/^kvs: o servidor em \S+ não atende agora: as réplicas[^\n]+\n$/);
    program.process.kill('SIGTERM');
    expect(await program.exit).toBe(0);
    expect(program.stdout()).toBe('');
    expect(program.stderr()).toContain('saindo: deixando as réplicas');
  });
});

describe.skipIf(!etcdAvailable())('a server on replicas', () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startEtcd({ members: 1 });
  });
  afterAll(() => cluster.stop());

  it('names the engine and the replicas in one line; its health follows the majority, unless it reads locally', async () => {
    const linear = await serve(cluster.addresses);
    const local = await serve(cluster.addresses, '--leitura', 'local');
    await linear.program.says('servidor pronto');
    await local.program.says('servidor pronto');
    const address = cluster.addresses.join();
    expect(linear.program.stdout()).toBe(
      `servidor pronto em 127.0.0.1:${linear.port} | motor: consenso | réplicas: ${address} | leitura: linear\n`,
    );
    expect(local.program.stdout()).toContain('leitura: local\n');
    await healthBecomes(linear.port, 'SERVING', 'SERVING');
    await healthBecomes(local.port, 'SERVING', 'SERVING');

    await cluster.members[0]?.kill9();
    await healthBecomes(linear.port, 'NOT_SERVING', 'NOT_SERVING');
    await healthBecomes(local.port, 'SERVING', 'NOT_SERVING');

    await cluster.heal();
    await healthBecomes(linear.port, 'SERVING', 'SERVING');
    await healthBecomes(local.port, 'SERVING', 'SERVING');
    // Ready is said once.
    expect(linear.program.stdout().match(/servidor pronto/g)).toHaveLength(1);
    const put = await run(['cliente', '--porta', String(linear.port), 'put', '--chave', 'a', '--valor', 'b']);
    expect(put.code).toBe(0);
    const get = await run(['cliente', '--porta', String(linear.port), '-o', 'consulta', '-k', 'aaa']);
    expect(get.code).toBe(3);
  });
});
