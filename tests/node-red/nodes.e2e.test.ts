import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { presentProgram, ServerProcess } from '../support/server-process.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/net.js';
import { pairArgs, TestCertificates } from '../support/certificates.js';
import { chromiumAvailable, startBrowser } from '../support/browser.js';
import { root } from '../support/e2e-build.js';
import { exampleFlow, fetchNodeRed, installNodes, NodeRed } from '../support/node-red.js';
import type { FlowNode } from '../support/node-red.js';

const missing = await fetchNodeRed();
if (missing !== undefined) {
  if (process.env['CI']) throw new Error(missing);
  process.stderr.write(`${missing}\n`);
}

/** Largest package, in bytes. */
const PACKAGE_BYTES_MAX = 80_000;
const FLEET = 'node-red';

/** Real servers, two real Node-RED, and the nodes as npm installs them. */
describe.skipIf(missing !== undefined)('the nodes in a real Node-RED', { timeout: 90_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-node-red-'));
  const nodes = join(folder, 'a');
  let fleet: ServerProcess[] = [];
  let leader: ServerProcess;
  let token: string;
  let certificates: TestCertificates;
  let brokerPort: number;
  let red: NodeRed;
  let other: NodeRed;

  const addresses = (): string => fleet.map(({ port }) => `127.0.0.1:${port}`).join(',');

  /** A flow of the package, at the servers of this test. */
  const at = (servidores: string, name = 'chaves.json', more: Record<string, unknown> = {}): FlowNode[] =>
    exampleFlow(name).map((node) => {
      if (node.type === 'kvs-servidor') return { ...node, servidores, ...more };
      if (node.type === 'mqtt-broker') return { ...node, port: String(brokerPort) };
      const { topic } = node;
      return typeof topic === 'string'
        ? { ...node, topic: topic.replace('kvs/padrao/', `kvs/${FLEET}/`) }
        : node;
    });

  const startLeader = async (): Promise<ServerProcess> => {
    const credentials = join(folder, 'credenciais.json');
    const words = ['credencial', 'cria', 'maria', '--papel', 'escrita', '--prefixo', 'casa/'];
    const made = await promisify(execFile)(process.execPath, [
      ...[presentProgram, ...words, '--arquivo', credentials],
    ]);
    token = made.stdout.trim();
    const place = `127.0.0.1:${await freePort()}`;
    const system = [
      '--lider',
      place,
      '--servidores-lider',
      place,
      '--porta-mensagem',
      place.split(':')[1] ?? '',
    ];
    const tls = pairArgs(await certificates.server('lider'));
    return ServerProcess.start({
      args: ['--motor', 'lider', ...system, '--credenciais', credentials, ...tls],
    });
  };

  beforeAll(async () => {
    const installed = installNodes(nodes);
    certificates = await TestCertificates.make();
    brokerPort = await freePort();
    const args = ['--broker-local', `127.0.0.1:${brokerPort}`, '--mqtt'];
    const member = (): Promise<ServerProcess> => ServerProcess.start({ fleet: FLEET, args });
    const servers = await Promise.all([member(), member(), startLeader()]);
    leader = servers[2];
    fleet = servers.slice(0, 2);
    await Promise.all([installed, ...fleet.map((server) => server.ready())]);
    const context = (servidores: string, more = ''): string =>
      `{ module: require('node-red-contrib-kvs-frota/contexto'), config: { servidores: '${servidores}'${more} } }`;
    const storage = `{
      default: 'frota',
      memoria: { module: 'memory' },
      frota: ${context(addresses())},
      longe: ${context(`127.0.0.1:${await freePort()}`, ', prazoMs: 300')},
    }`;
    [red, other] = await Promise.all([
      NodeRed.start(nodes, nodes, storage),
      NodeRed.start(join(folder, 'b'), nodes, storage),
    ]);
  }, 300_000);
  afterAll(async () => {
    await Promise.all([red.stop(), other.stop(), ...[...fleet, leader].map((server) => server.kill9())]);
    await certificates.remove();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('install from one small package, with texts in both languages and examples to import', async () => {
    const [tarball = ''] = (await readdir(nodes)).filter((name) => name.endsWith('.tgz'));
    expect(statSync(join(nodes, tarball)).size).toBeLessThan(PACKAGE_BYTES_MAX);
    const headers = { accept: 'application/json' };
    const sets = (await (await red.ask('/nodes', { headers })).json()) as Record<string, unknown>[];
    expect(sets).toContainEqual(
      expect.objectContaining({
        id: 'node-red-contrib-kvs-frota/kvs',
        enabled: true,
        types: [
          ...['kvs-consulta', 'kvs-grava', 'kvs-historico', 'kvs-lista', 'kvs-observa', 'kvs-servidor'],
        ],
      }),
    );
    const page = (language: string): Promise<string> =>
      red
        .ask('/nodes', { headers: { accept: 'text/html', 'accept-language': language } })
        .then((it) => it.text());
    expect(await page('pt-BR')).toContain('Lê o valor de uma chave.');
    expect(await page('en-US')).toContain('Reads the value of a key.');
    for (const name of await readdir(join(root, 'node-red/examples'))) {
      const path = `/library/examples/flows/node-red-contrib-kvs-frota/${name.replace('.json', '')}`;
      expect(await (await red.ask(path)).json()).toEqual(exampleFlow(name));
    }
  });

  it('write, read, watch, tell history and remove', async () => {
    await fleet[0]!.client.insere('casa/porta', 'aberta');
    await red.deploy(at(addresses()));
    expect(await red.hears('mudança')).toMatchObject({
      ...{ topic: 'casa/porta', payload: 'aberta', kvs: { tipo: 'presente', versao: 1 } },
    });
    const key = 'casa/sala/temperatura';
    await red.inject('ex-grava');
    expect(await red.hears('gravado')).toMatchObject({ payload: 21.5, kvs: { chave: key, versao: 1 } });
    expect(await red.hears('mudança', ({ topic }) => topic === key)).toMatchObject({
      ...{ payload: 21.5, kvs: { tipo: 'insere', valor: '21.5', versao: 1 } },
    });
    await red.inject('ex-grava');
    await red.inject('ex-le');
    expect(await red.hears('lido')).toMatchObject({
      topic: key,
      payload: 21.5,
      kvs: { versao: 2, expira: 0 },
    });
    await red.inject('ex-historico');
    const { payload, kvs } = await red.hears('versões');
    expect(payload).toMatchObject([{ versao: 1, valor: 21.5 }, { versao: 2 }]);
    expect(kvs).toEqual({ chave: key, versoes: 2 });
    await red.inject('ex-lista');
    expect(await red.hears('listadas')).toMatchObject({
      payload: [
        { chave: 'casa/porta', valor: 'aberta' },
        { chave: key, valor: 21.5, versao: 2 },
      ],
      kvs: { prefixo: 'casa/', chaves: 2, versoes: 3 },
    });
    await red.inject('ex-remove');
    expect(await red.hears('removido')).toMatchObject({ kvs: { chave: key, removidas: 2 } });
    await red.hears('mudança', ({ topic, payload: gone }) => topic === key && gone === null);
    red.forget();
    await red.inject('ex-le');
    expect(await red.hears('lido')).toMatchObject({ payload: null, kvs: { chave: key, versao: 0 } });
    expect(red.messages('erro')).toEqual([]);
  });

  it.skipIf(!chromiumAvailable())('show their forms in the editor, in its language', async () => {
    const browser = await startBrowser();
    try {
      const page = await browser.newPage({ locale: 'pt-BR' });
      const errors: string[] = [];
      page.on('pageerror', ({ message }) => errors.push(message));
      await page.goto(`http://127.0.0.1:${red.port}/`);
      const palette = page.locator('#red-ui-palette-kvs .red-ui-palette-node');
      await palette.last().waitFor({ state: 'attached' });
      expect((await palette.allInnerTexts()).map((shown) => shown.trim()).sort()).toEqual([
        ...['kvs consulta', 'kvs grava', 'kvs histórico', 'kvs lista', 'kvs observa'],
      ]);
      // The editor shows its palette before it has the flows.
      await page.waitForFunction(`RED.nodes.node('ex-grava-no') && RED.nodes.node('kvs-servidores') && true`);
      await page.evaluate(`RED.editor.edit(RED.nodes.node('ex-grava-no'))`);
      await page.locator('#node-input-operacao').selectOption({ label: 'gravar se a versão é a esperada' });
      expect(await page.locator('label[for=node-input-ttl]').innerText()).toContain('Expira (s)');
      await page.locator('#node-input-ttl').fill('60');
      await page.locator('#node-dialog-ok').click();
      expect(
        await page.evaluate(
          `(({ operacao, ttl, valid }) => [operacao, ttl, valid])(RED.nodes.node('ex-grava-no'))`,
        ),
      ).toEqual(['compara', '60', true]);
      await page.locator('#node-input-operacao').waitFor({ state: 'detached' });
      await page.evaluate(`RED.editor.edit(RED.nodes.node('ex-observa'))`);
      await page.locator('#node-input-oque').selectOption('tudo');
      await page.locator('#node-input-chave').waitFor({ state: 'hidden' });
      await page.locator('#node-dialog-cancel').click();
      await page.locator('#node-input-oque').waitFor({ state: 'detached' });
      await page.evaluate(`RED.editor.editConfig('', 'kvs-servidor', 'kvs-servidores')`);
      expect(await page.locator('#node-config-input-token').getAttribute('type')).toBe('password');
      // A form that slides in is filled only then.
      await eventually('the files of TLS are asked for', async () => {
        await page.evaluate(`$('#node-config-input-tls').prop('checked', true).trigger('change')`);
        return page.locator('#node-config-input-ca').isVisible();
      });
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  it('hand every failure to Catch nodes, with its code', async () => {
    await red.inject('ex-soma');
    expect(await red.hears('erro')).toMatchObject({
      ...{
        error: { code: 'NAO_SUPORTADO', source: { type: 'kvs-grava' } },
        kvs: { codigo: 'NAO_SUPORTADO' },
      },
    });
    red.forget();
    await red.deploy(at(`127.0.0.1:${await freePort()}`, 'chaves.json', { prazoMs: '400' }));
    await red.inject('ex-le');
    await red.hears('erro', ({ kvs, error }) => {
      const { type } = (error as { source: { type: string } }).source;
      return type === 'kvs-consulta' && (kvs as { codigo: string }).codigo === 'SEM_SERVIDOR';
    });
    await red.hears('erro', ({ error }) => JSON.stringify(error).includes('kvs-observa'));
    await red.hears('estado', ({ status }) => (status as { fill: string }).fill === 'red');
    // What is wrong with a form is said in the same way.
    red.forget();
    await red.deploy(at('127.0.0.1'));
    await red.inject('ex-le');
    expect(await red.hears('erro', ({ kvs }) => JSON.stringify(kvs).includes('CONFIGURACAO'))).toBeDefined();
  });

  it('use TLS and a user, keep the token out of the flow file, and compare where the engine does', async () => {
    const server = `127.0.0.1:${leader.port}`;
    const tls = { tls: true, ca: certificates.ca };
    const fails = async (code: string, more: Record<string, unknown>): Promise<void> => {
      red.forget();
      await red.deploy(at(server, 'chaves.json', more));
      await red.inject('ex-le');
      await red.hears('erro', ({ kvs }) => (kvs as { codigo: string }).codigo === code);
    };
    await fails('NAO_AUTENTICADO', tls);
    await fails('TLS_RECUSADO', { credentials: { token } });
    await fails('TLS_RECUSADO', { tls: true, ca: certificates.strangerCa });
    red.forget();
    await red.deploy(at(server, 'chaves.json', { ...tls, credentials: { token } }));
    for (const total of [1, 2]) {
      await red.inject('ex-soma');
      await red.hears('contado', ({ payload }) => payload === total);
    }
    // A user of `casa/` sees nothing of others.
    red.forget();
    await red.deploy(
      at(server, 'chaves.json', { ...tls, credentials: { token } }).map((node) =>
        node.id === 'ex-le-no' ? { ...node, chave: 'caixa/1' } : node,
      ),
    );
    await red.inject('ex-le');
    await red.hears('erro', ({ kvs }) => (kvs as { codigo: string }).codigo === 'NAO_AUTORIZADO');
    const secret = token.split('.')[1] ?? '';
    expect(secret.length).toBeGreaterThan(20);
    for (const name of ['flows.json', 'flows_cred.json']) {
      expect(readFileSync(join(nodes, name), 'utf8')).not.toContain(secret);
    }
    expect(await (await red.ask('/flows')).text()).not.toContain(secret);
    expect(red.lines.join('\n')).not.toContain(secret);
  });

  it('share the global context between instances, and see it change', async () => {
    const context = exampleFlow('contexto.json');
    await Promise.all([red.deploy(context), other.deploy(context)]);
    await red.inject('ctx-poe');
    await red.hears('posto');
    await other.inject('ctx-le');
    const room = { nome: 'sala', luzes: ['ON', 'OFF'] };
    expect(await other.hears('lido do contexto')).toMatchObject({ payload: [room, 'ON', null] });
    await other.inject('ctx-parte');
    await other.hears('mudado');
    red.forget();
    await red.inject('ctx-le');
    expect(await red.hears('lido do contexto')).toMatchObject({
      payload: [{ nome: 'sala', luzes: ['apagada', 'OFF'] }, 'apagada', null],
    });
    const listed = await (await red.ask('/context/global?store=frota')).json();
    expect(JSON.stringify(listed)).toContain('apagada');
  });

  it('answer with an error where no server is reached, or a value is too large for the store', async () => {
    const flows = exampleFlow('contexto.json').map((node) => {
      if (node.id === 'ctx-poe') return { ...node, payload: JSON.stringify('x'.repeat(70_000)) };
      if (node.id === 'ctx-le-fn')
        return { ...node, func: String(node['func']).replaceAll("'frota'", "'longe'") };
      return node;
    });
    red.forget();
    await red.deploy(flows);
    await red.inject('ctx-poe');
    await red.hears('erro do contexto', ({ error }) => JSON.stringify(error).includes('VALOR_LONGO'));
    await red.inject('ctx-le');
    await red.hears('erro do contexto', ({ error }) => JSON.stringify(error).includes('SEM_SERVIDOR'));
  });

  it('go on when a server is killed, and find everything after a restart of Node-RED', async () => {
    const flows = at(addresses());
    const watcher = flows.find(({ id }) => id === 'ex-observa')!;
    const shown = flows.find(({ id }) => id === 'ex-mudanca')!;
    const resumes = { id: 'retoma', oque: 'tudo', inicio: 'agora', retoma: true, wires: [['retomada']] };
    const more = [
      { ...watcher, ...resumes },
      { ...shown, id: 'retomada', name: 'retomada' },
    ];
    await red.deploy([...flows, ...more, ...exampleFlow('contexto.json'), ...at('', 'mqtt.json')]);
    await red.hears('estado', ({ status }) => (status as { text: string }).text === 'conectado');
    red.forget();
    await red.inject('mq-luz');
    await red.hears('valor por MQTT', ({ payload }) => payload === 'ON');
    await red.hears('mudança', ({ topic }) => topic === 'casa/sala/luz');
    // The one with the broker in it.
    const victim = fleet.find(({ hostsBroker }) => hostsBroker)!;
    await victim.kill9();
    red.forget();
    await red.inject('ex-grava');
    await red.hears('gravado');
    await red.hears('mudança', ({ topic }) => topic === 'casa/sala/temperatura');
    await red.inject('ctx-le');
    await red.hears('lido do contexto', ({ payload }) => JSON.stringify(payload).includes('apagada'));
    await red.hears('retomada', ({ topic }) => topic === 'casa/sala/temperatura');
    await red.stop();
    // What nobody hears.
    await fleet.find((server) => server !== victim)!.client.insere('casa/enquanto', 'isso');
    red.forget();
    await red.launch();
    await red.inject('ctx-le');
    await red.hears('lido do contexto', ({ payload }) => JSON.stringify(payload).includes('apagada'));
    await red.hears('mudança', ({ topic, kvs }) => {
      return topic === 'casa/sala/temperatura' && (kvs as { tipo: string }).tipo === 'presente';
    });
    const meanwhile = await red.hears('retomada', ({ topic }) => topic === 'casa/enquanto');
    expect(meanwhile).toMatchObject({ kvs: { tipo: 'insere', versao: 1 } });
    expect(await readFile(join(nodes, 'flows.json'), 'utf8')).toContain('kvs-observa');
  });
});
