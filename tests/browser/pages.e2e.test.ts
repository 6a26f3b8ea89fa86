import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumAvailable, startBrowser } from '../support/browser.js';
import { pairArgs, TestCertificates } from '../support/certificates.js';
import { askEtcd } from '../support/etcd-client.js';
import { etcdAvailable, startEtcd } from '../support/etcd.js';
import type { EtcdCluster } from '../support/etcd.js';
import { eventually } from '../support/eventually.js';
import { MensagemClient } from '../support/mensagem-client.js';
import { MqttUser } from '../support/mqtt-user.js';
import { freePort } from '../support/net.js';
import { ServerProcess } from '../support/server-process.js';
import { fromForeignPage, fromReboundPage, seen } from './attempts.js';
import type { Outcome, Target } from './attempts.js';

/** What docs/SECURITY.md says under "Pages in a browser", tried with one. */
const available = chromiumAvailable();
const KEY = 'guardada';
const VALUE = 'valor guardado';
const WAIT_MS = 60_000;

let browser: Browser;

beforeAll(async () => {
  if (available) browser = await startBrowser();
}, WAIT_MS);
afterAll(() => (available ? browser.close() : undefined));

/** Both kinds of page, at a port that must let neither see anything. */
async function assertBlind(target: Target): Promise<void> {
  await assertForeignBlind(target);
  expect(seen(await fromReboundPage(browser, target))).toEqual([]);
}

async function assertForeignBlind(target: Target): Promise<void> {
  const outcomes: Outcome[] = await fromForeignPage(browser, target, target.tls);
  expect(outcomes.length).toBeGreaterThan(5);
  expect(seen(outcomes)).toEqual([]);
}

/** `Insere` of key and value as gRPC sends it, in the frame that a call has. */
function insertFrame(key: string, value: string): string {
  const field = (tag: string, text: string): string => `${tag}${String.fromCharCode(text.length)}${text}`;
  const message = field('\n', key) + field('\x12', value);
  return `\0\0\0\0${String.fromCharCode(message.length)}${message}`;
}

/** Where the data are by HTTP. */
const DATA_PATHS = [`/v1/chaves/${KEY}`, '/v1/lote', '/v1/observa?inicio=tudo', '/v1/pagina.js'];
const LINE = JSON.stringify({ chave: KEY, valor: 'da pagina' });

/** What a refused page may see of the server's answer, by a script or in a frame. */
const REFUSED = /^(403 )?(este servidor não se chama|\{"type":"about:blank","title":"Forbidden")/;

/** What a client of HTTP/2 begins with: a page would have to get it to the front of its connection. */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** CONNECT and a retained PUBLISH of MQTT 3.1.1. */
const CONNECT_AND_PUBLISH =
  '\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06pagina' + '\x31\x0f\x00\x06pagina' + 'gravada';

describe.skipIf(!available)('a page in a browser on this machine, against a fleet server', () => {
  describe.each([
    ['sem TLS', false],
    ['com TLS', true],
  ])('%s', (_, tls) => {
    let files: TestCertificates;
    let server: ServerProcess;
    let brokerPort: number;

    beforeAll(async () => {
      files = await TestCertificates.make();
      brokerPort = await freePort();
      const pair = await files.server('servidor');
      const args = tls ? [...pairArgs(pair), '--tls-ca', files.ca] : [];
      const broker = `${tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${brokerPort}`;
      const security = tls ? { security: { ca: await readFile(files.ca) } } : {};
      server = await ServerProcess.start({
        fleet: `paginas-${String(tls)}`,
        args: ['--broker-local', broker, ...args],
        ...security,
      });
      await server.ready();
      await eventually('its broker', () => server.hostsBroker && server.logged('conectado ao broker'));
      await server.client.insere(KEY, VALUE);
    }, WAIT_MS);
    afterAll(async () => {
      await server.kill9();
      await files.remove();
    });

    it('reads nothing and writes nothing through the gRPC door', { timeout: WAIT_MS }, async () => {
      const frame = insertFrame(KEY, 'da pagina');
      const target = {
        port: server.port,
        tls,
        paths: ['/kvs.KVS/Insere', '/', ...DATA_PATHS],
        bodies: [frame, PREFACE, LINE],
        elements: true,
      };
      await assertForeignBlind(target);
      // What calls itself by another name is turned away, whatever it asks for; within TLS it is nobody's name.
      const rebound = seen(await fromReboundPage(browser, target));
      const isRefused = ({ outcome }: Outcome): boolean => REFUSED.test(outcome);
      expect(rebound.filter((one) => !isRefused(one))).toEqual([]);
      expect(rebound.length > target.paths.length).toBe(!tls);
      if (tls) {
        // Who clicks through the warning of the certificate speaks HTTP/2 under that name, and gRPC too if it may.
        const trusting = seen(await fromReboundPage(browser, target, true));
        expect(trusting.filter((one) => !isRefused(one))).toEqual([]);
        expect(trusting.filter(({ attempt }) => attempt.includes('application/grpc')).length).toBeGreaterThan(
          5,
        );
      }
      expect(await server.client.consulta(KEY)).toMatchObject({ versao: 1, valor: VALUE });
    });

    it(
      'is opened by whoever types its address: the panel, which runs by its own policy',
      { timeout: WAIT_MS },
      async () => {
        const context = await browser.newContext({ ignoreHTTPSErrors: true });
        const page = await context.newPage();
        const base = `${tls ? 'https' : 'http'}://127.0.0.1:${server.port}`;
        const errors: string[] = [];
        page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
        const opened = await page.goto(`${base}/`);
        expect(opened?.status()).toBe(200);
        expect(opened?.headers()['content-security-policy']).toContain("script-src 'self'");
        await page.waitForSelector('#app > *');
        expect(errors).toEqual([]);
        const protocol = 'performance.getEntriesByType("navigation")[0].nextHopProtocol';
        expect(await page.evaluate(protocol)).toBe(tls ? 'h2' : 'http/1.1');
        await page.goto(`${base}/pronto`);
        expect(await page.innerText('body')).toContain('"pronto": true');
        await context.close();
      },
    );

    it('cannot connect to the embedded broker or publish on it', { timeout: WAIT_MS }, async () => {
      await assertBlind({ ...{ port: brokerPort, tls }, paths: ['/mqtt'], bodies: [CONNECT_AND_PUBLISH] });
      const user = await MqttUser.connect(brokerPort, tls ? files.ca : undefined, undefined);
      await user.subscribe('pagina');
      // Retained messages come before what is published after the subscription.
      await user.publish('pagina', 'marco');
      await eventually('the mark', () => user.received.length > 0);
      expect(user.received).toEqual(['pagina marco']);
      user.end();
    });
  });
});

describe.skipIf(!available)('a page in a browser on this machine, against the leader system', () => {
  it('reads nothing and writes nothing through the Mensagem door', { timeout: WAIT_MS }, async () => {
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const args = ['--motor', 'lider', '--lider', address, '--servidores-lider', address];
    const server = await ServerProcess.start({ args: [...args, '--porta-mensagem', String(port)] });
    await server.ready();
    const client = await MensagemClient.open(address);
    await client.ask({ tipo: 'PUT', chave: KEY, valor: VALUE });
    const put = `\n${JSON.stringify({ tipo: 'PUT', chave: KEY, valor: 'da pagina' })}\n`;
    await assertBlind({ port, tls: false, paths: ['/'], bodies: [put] });
    expect(await client.ask({ tipo: 'GET', chave: KEY })).toMatchObject({ valor: VALUE, timestamp: 1 });
    client.close();
    await server.kill9();
  });
});

describe.skipIf(!available || !etcdAvailable())(
  'a page in a browser on this machine, against the replicas',
  () => {
    const key = Buffer.from(KEY);
    let cluster: EtcdCluster;
    let member: { readonly client: number; readonly peer: number; readonly address: string };

    beforeAll(async () => {
      cluster = await startEtcd({ members: 1 });
      const [address = ''] = cluster.addresses;
      await askEtcd(address, 'KV/Put', { key, value: Buffer.from(VALUE) });
      const { members } = await askEtcd(address, 'Cluster/MemberList');
      const peer = new URL(members[0]!.peerURLs[0]!).port;
      member = { address, client: Number(address.split(':')[1]), peer: Number(peer) };
    }, WAIT_MS);
    afterAll(() => cluster.stop());

    const everything = { key: Buffer.of(0), range_end: Buffer.of(0) };
    const bodies = [
      { key: key.toString('base64') },
      { key: key.toString('base64'), value: Buffer.from('da pagina').toString('base64') },
      { key: 'AA==', range_end: 'AA==' },
    ].map((body) => JSON.stringify(body));
    const unchanged = async (): Promise<void> => {
      const { header, kvs } = await askEtcd(member.address, 'KV/Range', everything);
      expect(kvs.map(({ value }) => value.toString())).toEqual([VALUE]);
      // Nothing was written but the one value.
      expect(header.revision).toBe('2');
    };

    it('reads nothing and writes nothing through the port for servers', { timeout: WAIT_MS }, async () => {
      const paths = [
        ...['/v3/kv/range', '/v3/kv/put', '/v3/kv/deleterange', '/v3beta/kv/range', '/v2/keys/x'],
        ...['/health', '/metrics', '/version', '/debug/vars', '/debug/pprof/heap', '/config/local/log'],
      ];
      const target = { port: member.client, tls: false, paths, bodies };
      expect(seen(await fromForeignPage(browser, target, false))).toEqual([]);
      // What calls itself by another name is turned away, whatever it asks for.
      const rebound = seen(await fromReboundPage(browser, target));
      expect(rebound.filter(({ outcome }) => !outcome.startsWith('421 '))).toEqual([]);
      expect(rebound.length).toBeGreaterThan(paths.length);
      await unchanged();
    });

    it(
      'reads nothing and changes nothing through the port for other replicas, when it comes from another site',
      { timeout: WAIT_MS },
      async () => {
        const paths = [
          ...['/members', '/raft', '/raft/probing', '/raft/snapshot', '/raft/stream/message/1'],
          ...['/leases', '/leases/internal', '/version', '/members/promote/1', '/downgrade/enabled'],
        ];
        const target = { port: member.peer, tls: false, paths, bodies };
        expect(seen(await fromForeignPage(browser, target, false))).toEqual([]);
        await unchanged();
      },
    );
  },
);
