import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { mosquittoAvailable } from '../../support/mosquitto.js';
import { openMqttDoor } from '../../support/mqtt-door-stand.js';
import type { MqttDoorStand } from '../../support/mqtt-door-stand.js';
import { MqttUser } from '../../support/mqtt-user.js';
import { freePort } from '../../support/net.js';
import { ServerProcess } from '../../support/server-process.js';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Real users at a real server by MQTT, on both brokers: what each may, and what it cannot get at by any trick. */

const FLEET = 'kvs/padrao/';

describe.each(['embutido', 'mosquitto'] as const)('users of the door of MQTT, broker %s', (broker) => {
  describe.skipIf(broker === 'mosquitto' && !mosquittoAvailable())('with credentials', () => {
    let here: MqttDoorStand;
    let admin: MqttUser;
    let questions = 0;
    beforeAll(async () => {
      here = await openMqttDoor(broker);
      admin = await here.connect('admin');
      expect(await admin.subscribe('kvs/padrao/#')).toBe(1);
      expect(await admin.subscribe('kvs/padrao/resposta/admin/#')).toBe(1);
    }, 90_000);
    afterAll(async () => {
      admin.end();
      await here.close();
    }, 30_000);

    /** The answer to a question, asked as somebody under its own name. */
    const ask = async (user: MqttUser, name: string, question: object): Promise<Record<string, unknown>> => {
      const place = `${name}/p${String(++questions)}`;
      await user.subscribe(`${FLEET}resposta/${name}/+`);
      expect(await user.publish(`${FLEET}pede/${place}`, JSON.stringify(question))).toBe(true);
      const start = `${FLEET}resposta/${place} `;
      const answer = (): string | undefined => user.received.find((message) => message.startsWith(start));
      await eventually(`an answer to ${JSON.stringify(question)}`, () => answer() !== undefined);
      return JSON.parse(answer()!.slice(start.length)) as Record<string, unknown>;
    };
    const as = async (name: string, question: object): Promise<Record<string, unknown>> => {
      const user = await here.connect(name);
      const answer = await ask(user, name, question);
      user.end();
      return answer;
    };
    /** Publishes as a user of a connection of its own; it may be cut for it. */
    const publish = async (name: string, topic: string, payload: string): Promise<boolean> => {
      const user = await here.connect(name);
      const taken = await user.publish(FLEET + topic, payload);
      user.end();
      return taken;
    };
    /** Waits until the server has done everything that was published before. */
    const settled = async (): Promise<void> => {
      await ask(admin, 'admin', { op: 'consulta', chave: 'loja/fim' });
    };

    it('who may write writes, and sees what comes of it', async () => {
      expect(await publish('escrita', 'grava/loja/1', 'cadeira')).toBe(true);
      await eventually('stored', async () => (await here.valueOf('loja/1')) === 'cadeira');
      expect(await as('leitura', { op: 'consulta', chave: 'loja/1' })).toMatchObject({ valor: 'cadeira' });
      expect(await publish('escrita', 'remove/loja/1', '*')).toBe(true);
      await eventually('removed', async () => (await here.valueOf('loja/1')) === undefined);
    });

    it.each([
      ['escrita', 'loja'],
      ['escrita', 'loja2'],
      ['escrita', 'outra/1'],
      ['escrita', '/loja/1'],
      ['escrita', 'loja%2F1'],
      ['escrita', 'loja%252F1'],
      ['escrita', '%6Coja/1'],
      ['escrita', '$kvs/retencao'],
      ['leitura', 'loja/2'],
      ['nada', 'loja/2'],
      ['servidor', 'loja/2'],
    ])('%s writes no %s', async (who, rest) => {
      const taken = await publish(who, `grava/${rest}`, 'além');
      if (here.isOpen) expect(taken).toBe(false);
      await settled();
      for (const key of [rest, decodeURIComponent(rest), 'loja/1', 'loja%2F1']) {
        expect(await here.valueOf(key)).toBeUndefined();
      }
    });

    it('nobody writes the servers’ own keys by topic, not even who may: by question', async () => {
      expect(await publish('admin', 'grava/$kvs/x', 'além')).toBe(true);
      await eventually('refused', () =>
        admin.received.some(
          (one) => one.startsWith(`${FLEET}recusa/$kvs/x `) && one.includes('NAO_AUTORIZADO'),
        ),
      );
      expect(await here.valueOf('$kvs/x')).toBeUndefined();
      expect(await ask(admin, 'admin', { op: 'insere', chave: '$kvs/x', valor: 'sim' })).toMatchObject({
        versao: 1,
      });
      expect(await ask(admin, 'admin', { op: 'remove', chave: '$kvs/x' })).toMatchObject({ removidas: 1 });
    });

    it.each([
      ['leitura', { op: 'insere', chave: 'loja/3', valor: 'x' }],
      ['leitura', { op: 'remove', chave: 'loja/3' }],
      ['leitura', { op: 'consulta', chave: 'loja' }],
      ['leitura', { op: 'historico', chave: 'outra/1' }],
      ['leitura', { op: 'lista' }],
      ['leitura', { op: 'lista', prefixo: 'loja' }],
      ['leitura', { op: 'lista', de: 'loja/', ate: 'p' }],
      ['escrita', { op: 'insere', chave: 'loja', valor: 'x' }],
      ['escrita', { op: 'insere', chave: '$kvs/retencao', valor: 'x' }],
      ['escrita', { op: 'remove', chave: 'outra/1' }],
      ['nada', { op: 'consulta', chave: 'loja/1' }],
      ['servidor', { op: 'consulta', chave: 'loja/1' }],
      ['servidor', { op: 'insere', chave: 'loja/1', valor: 'x' }],
    ])('%s is refused %j, as on every door', async (who, question) => {
      expect(await as(who, question)).toMatchObject({ codigo: 'NAO_AUTORIZADO' });
    });

    it('who asks in the name of another is not heard, and nobody reads the answers to another', async () => {
      const spy = await here.connect('leitura');
      for (const filter of ['resposta/#', 'resposta/escrita/#', 'resposta/+/+', '#']) {
        expect(await spy.subscribe(FLEET + filter)).toBe(here.isOpen ? 128 : 1);
      }
      const writer = await here.connect('escrita');
      await ask(writer, 'escrita', { op: 'insere', chave: 'loja/4', valor: 'segredo' });
      for (const [who, name] of [
        ['leitura', 'admin'],
        ['escrita', 'admin'],
        ['servidor', 'admin'],
      ] as const) {
        const taken = await publish(
          who,
          `pede/${name}/roubo`,
          JSON.stringify({ op: 'insere', chave: 'roubo', valor: 'x' }),
        );
        if (here.isOpen) expect(taken).toBe(false);
      }
      await ask(spy, 'leitura', { op: 'consulta', chave: 'loja/4' });
      await settled();
      expect(await here.valueOf('roubo')).toBeUndefined();
      const its = /^kvs\/padrao\/(?:resposta\/leitura|valor\/loja|espelho)/;
      expect(spy.received.filter((message) => !its.test(message))).toEqual([]);
      expect(admin.received.filter((one) => /resposta\/(?!admin\/)/.test(one.split(' ', 1)[0]!))).toEqual([]);
      for (const one of [spy, writer]) one.end();
    });

    it('values show to each what its prefixes cover, whatever filter asks for them', async () => {
      const keys = [
        'loja',
        'loja/',
        'loja/7',
        'loja/a/b',
        'loja2',
        'Loja/7',
        'outra/7',
        '/loja/7',
        'loja%2F7',
      ];
      for (const chave of keys) await ask(admin, 'admin', { op: 'insere', chave, valor: `de ${chave}` });
      const shown = (): number => admin.received.filter((one) => one.startsWith(`${FLEET}valor/`)).length;
      await eventually('all of them', () =>
        keys.every((key) => admin.received.some((one) => one.endsWith(` de ${key}`))),
      );
      expect(shown()).toBeGreaterThanOrEqual(keys.length);
      const reader = await here.connect('leitura');
      for (const filter of ['valor/#', 'valor/+', 'valor/+/#', 'valor/loja/#', '+/loja/#', 'valor/loja']) {
        expect(await reader.subscribe(FLEET + filter)).toBe(here.isOpen ? 128 : 1);
      }
      expect(await reader.subscribe(`${FLEET}valor/loja/+/#`)).toBe(1);
      await ask(reader, 'leitura', { op: 'consulta', chave: 'loja/7' });
      const seen = new Set(
        reader.received.filter((one) => / de /.test(one)).map((one) => one.replace(/^.* de /, '')),
      );
      expect([...seen].sort()).toEqual(['loja/', 'loja/7', 'loja/a/b']);
      reader.end();
    });

    it('a response topic makes no server publish anywhere else', { timeout: 30_000 }, async () => {
      await ask(admin, 'admin', { op: 'insere', chave: 'loja/4', valor: 'pedido' });
      const server = await here.connect('servidor');
      for (const filter of ['kvs/padrao/#', 'portal/#']) expect(await server.subscribe(filter)).toBe(1);
      const user = await here.connect('escrita', { protocolVersion: here.isOpen ? 4 : 5 });
      const wanted = [
        ...[
          'grava/loja/9',
          'remove/loja/4',
          'valor/loja/9',
          'espelho',
          'resposta/leitura/9',
          'mutacoes/oA',
        ].map((topic) => FLEET + topic),
        ...[
          'portal/admin/aluno/create',
          'kvs/outra/grava/x',
          'sala/luz/set',
          '$SYS/x',
          'kvs/padrao/pede/admin/9',
        ],
      ];
      for (const [index, responseTopic] of wanted.entries()) {
        const properties = here.isOpen
          ? {}
          : { properties: { responseTopic, correlationData: Buffer.from('c') } };
        await user.publish(
          `${FLEET}pede/escrita/r${String(index)}`,
          '{"op":"consulta","chave":"loja/4"}',
          properties,
        );
        const place = `${FLEET}resposta/escrita/r${String(index)}`;
        await eventually('its answer', () => server.received.some((one) => one.startsWith(place)));
      }
      // What servers say to each other tells of the key, too.
      const between = /^kvs\/padrao\/(?:mutacoes|sincronia|presenca)\/(?!oA )/;
      const said = server.received.filter((one) => one.includes('"chave":"loja/4"') && !between.test(one));
      expect(said.length).toBeGreaterThan(wanted.length);
      expect(said.filter((one) => !/^kvs\/padrao\/(?:pede|resposta)\/escrita\/r\d+ /.test(one))).toEqual([]);
      for (const one of [user, server]) one.end();
    });

    it('what is left behind by a will, or retained, is done once or not at all', async () => {
      const payload = Buffer.from('por testamento');
      for (const topic of ['grava/outra/1', 'valor/loja/1', 'resposta/leitura/1', 'pede/admin/1'] as const) {
        const will = { topic: FLEET + topic, payload, qos: 1, retain: true } as const;
        (await here.connect('escrita', { will })).breakOff();
      }
      const will = { topic: `${FLEET}grava/loja/5`, payload, qos: 1, retain: true } as const;
      (await here.connect('escrita', { will })).breakOff();
      await eventually('its own', async () => (await here.valueOf('loja/5')) === 'por testamento');
      await settled();
      expect(await here.valueOf('outra/1')).toBeUndefined();
      const seen = admin.received.filter((one) => one.endsWith('por testamento'));
      expect(seen.filter((one) => !/^kvs\/padrao\/(?:grava|valor)\/loja\/5 /.test(one))).toEqual([]);
    });

    it('a revoked user asks no more, at once', async () => {
      const nada = await here.connect('nada');
      expect(await ask(nada, 'nada', { op: 'consulta', chave: 'nenhuma/1' })).toMatchObject({
        codigo: 'CHAVE_INEXISTENTE',
      });
      await here.revoke('nada');
      if (here.isOpen) {
        expect(await nada.publish(`${FLEET}pede/nada/fim`, '{"op":"consulta","chave":"nenhuma/1"}')).toBe(
          false,
        );
      } else {
        // Mosquitto has users of its own, and lets it in.
        expect(await ask(nada, 'nada', { op: 'consulta', chave: 'nenhuma/1' })).toMatchObject({
          codigo: 'NAO_AUTENTICADO',
        });
      }
      nada.end();
    });
  });
});

describe('the door of a server with credentials, on a broker that does not ask who publishes', () => {
  it('stays closed: nothing is done, answered or shown, and the log says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-mqtt-fechada-'));
    const file = join(folder, 'credenciais.json');
    await writeFile(file, '{"formato":1,"scrypt":{"n":32768,"r":8,"p":1},"credenciais":[]}\n', {
      mode: 0o600,
    });
    const port = await freePort();
    const args = ['--mqtt', '--credenciais', file, '--broker-local', `127.0.0.1:${String(port)}`];
    const server = await ServerProcess.start({ fleet: 'fechada', args });
    try {
      await eventually('it says so', () => server.logged('porta MQTT fechada'));
      await eventually('its broker', () => server.hostsBroker);
      await server.ready();
      const stranger = await MqttUser.connect(port, undefined, undefined);
      await stranger.subscribe('kvs/fechada/#');
      const asked = '{"op":"insere","chave":"abc","valor":"x"}';
      expect(await stranger.publish('kvs/fechada/grava/abc', 'x')).toBe(true);
      expect(await stranger.publish('kvs/fechada/pede/ana/1', asked)).toBe(true);
      // Presences go on: one later something would have been said.
      const count = (): number =>
        stranger.received.filter((one) => one.startsWith('kvs/fechada/presenca/')).length;
      const before = count();
      await eventually('presences', () => count() > before, 15_000);
      expect(
        stranger.received.filter((one) => /\/(?:valor|resposta|recusa|mutacoes|espelho)/.test(one)),
      ).toEqual([]);
      stranger.end();
    } finally {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
