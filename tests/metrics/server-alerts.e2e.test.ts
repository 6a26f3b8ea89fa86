import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairArgs, TestCertificates } from '../support/certificates.js';
import { endsWithTest } from '../support/children.js';
import { eventually } from '../support/eventually.js';
import { KvsClient } from '../support/kvs-client.js';
import { kvs } from '../support/kvs-program.js';
import { freePort } from '../support/net.js';
import { Prometheus, prometheusAvailable } from '../support/prometheus.js';
import { ServerProcess } from '../support/server-process.js';

/** So little memory that a test can fill it. */
const LITTLE = { NODE_OPTIONS: '--max-old-space-size=128 --max-semi-space-size=1' };
/** `Consulta` of the key `chave`, as one message of gRPC. */
const QUERY = Buffer.from('00000000070a056368617665', 'hex');

/** One server with TLS and credentials, which Prometheus has to show too, and one with little memory. */
describe.skipIf(!prometheusAvailable())('alerts about any server', { timeout: 90_000 }, () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  let files: TestCertificates;
  let guarded: ServerProcess;
  let laden: ServerProcess;
  let prometheus: Prometheus;
  const at = ({ port }: ServerProcess): string => `127.0.0.1:${port}`;

  const open = async (
    options: Pick<Parameters<typeof ServerProcess.start>[0], 'security' | 'env'> & {
      readonly args: readonly string[];
    },
  ): Promise<ServerProcess> => {
    const broker = ['--broker-local', `127.0.0.1:${await freePort()}`];
    const server = await ServerProcess.start({ ...options, args: [...broker, ...options.args] });
    cleanups.push(async () => {
      if (server.running) await server.kill9();
    });
    await server.ready();
    return server;
  };

  beforeAll(async () => {
    files = await TestCertificates.make();
    cleanups.push(() => files.remove());
    const credentials = join(files.folder, 'credenciais.json');
    const made = await kvs([
      'credencial',
      'cria',
      'vigia',
      '--papel',
      'leitura',
      '--prefixo',
      'nada/',
      '--arquivo',
      credentials,
    ]);
    expect(made.code).toBe(0);
    const token = made.stdout.trim();
    const tokenFile = join(files.folder, 'vigia.token');
    await writeFile(tokenFile, token);
    const pair = await files.server('servidor', undefined, 5);
    [guarded, laden] = await Promise.all([
      open({
        args: ['--credenciais', credentials, ...pairArgs(pair)],
        security: { ca: readFileSync(files.ca), token },
      }),
      open({ args: [], env: LITTLE }),
    ]);
    prometheus = await Prometheus.start({
      'kvs-guardado': {
        targets: [at(guarded)],
        more: [
          'scheme: https',
          `tls_config: { ca_file: '${files.ca}', server_name: localhost }`,
          `authorization: { credentials_file: '${tokenFile}' }`,
        ],
      },
      'kvs-cheio': { targets: [at(laden)] },
      'sem-token': {
        targets: [at(guarded)],
        more: ['scheme: https', `tls_config: { ca_file: '${files.ca}', server_name: localhost }`],
      },
    });
    cleanups.push(() => prometheus.stop());
    await prometheus.scrapes(2);
  }, 60_000);
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, 30_000);

  it.concurrent('a certificate of five days; Prometheus needs a token where gRPC does', async () => {
    await prometheus.fires('KvsCertificadoVence', { instance: at(guarded) });
    const isRefused = async (): Promise<boolean> => (await prometheus.value('up{job="sem-token"}')) === 0;
    await eventually('a scrape without a token is refused', isRefused, 30_000);
  });

  it.concurrent('somebody who tries tokens, and somebody who speaks without TLS', async () => {
    const instance = at(guarded);
    const guess = async (): Promise<void> => {
      const client = new KvsClient(guarded.port, undefined, {
        ...{ ca: readFileSync(files.ca), token: 'kvs_vigia.errado' },
      });
      await client.consulta('chave').catch(() => undefined);
      client.close();
    };
    await repeatedly(guess, () => prometheus.fires('KvsAcessoRecusado', { instance }));
    await repeatedly(
      () => speakPlainly(guarded.port),
      () => prometheus.fires('KvsRecusas', { instance }),
    );
  });

  it.concurrent('more calls than one processor answers; then nearly all of the memory in use', async () => {
    const instance = at(laden);
    const body = join(files.folder, 'consulta');
    await writeFile(body, QUERY);
    const load = spawn(
      'h2load',
      [
        ...['-c8', '-m32', '-D60', '-d', body, '-H', 'content-type: application/grpc', '-H', 'te: trailers'],
        `http://${instance}/kvs.KVS/Consulta`,
      ],
      { stdio: 'ignore' },
    );
    endsWithTest(load);
    await prometheus.fires('KvsSemFolga', { instance });
    load.kill('SIGKILL');
    let next = 0;
    // What is in use falls whenever garbage is collected: the server is filled until the alert has fired, and in small
    // steps, since V8 ends a process that collects more than it works once four fifths are in use.
    const fill = async (): Promise<void> => {
      if ((await memoryInUse(instance)) > 0.8) return new Promise((resolve) => setTimeout(resolve, 50));
      const more = Array.from({ length: 5 }, () => [`chave${next++}`, 'x'.repeat(30_000)] as const);
      await laden.client.insereVarias(more);
    };
    await repeatedly(fill, () => prometheus.fires('KvsMemoria', { instance }));
  });
});

/** Does something again and again while something else is waited for. */
async function repeatedly(act: () => Promise<void>, wait: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const acting = async (): Promise<void> => {
    while (!over.signal.aborted) await act();
  };
  await Promise.all([wait().finally(() => over.abort()), acting()]);
}

/** What a server uses at this moment of the memory that it may use. */
async function memoryInUse(address: string): Promise<number> {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return value('kvs_process_heap_used_bytes') / value('kvs_process_heap_max_bytes');
}

/** A client that expects no TLS. Resolves once the server has closed the connection. */
function speakPlainly(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve();
    });
    socket.resume().write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  });
}
