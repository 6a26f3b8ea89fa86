import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessControl } from '../../../src/security/access/control.js';
import { limits } from '../../../src/core/limits.js';
import { accessLimits } from '../../../src/security/access/limits.js';
import { mensagemDoorLimits } from '../../../src/doors/mensagem/limits.js';
import { mensagemLimits } from '../../../src/wire/mensagem/limits.js';
import { splitAddress } from '../../../src/engines/leader/role.js';
import { tokenText } from '../../../src/ports/access.js';
import { settled } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { leaderSystem } from '../../support/leader-nodes.js';
import type { LeaderSystem } from '../../support/leader-nodes.js';
import { MensagemClient } from '../../support/mensagem-client.js';
import { credential, fileOf, secretOf, TableStand } from './support.js';
import { verbs } from '../../support/verbs.js';

let stand: TableStand;
let system: LeaderSystem;
const clients: MensagemClient[] = [];

const tokenOf = (name: string): string => tokenText(name, secretOf(name));

beforeEach(async () => {
  stand = new TableStand(
    await credential('maria', 'escrita', ['a/']),
    await credential('jose', 'leitura', ['a/']),
    await credential('raiz', 'administracao'),
    await credential('srv', 'servidor'),
  );
  const access = accessControl(stand.table);
  system = await leaderSystem(3, { access, token: () => tokenOf('srv') });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await system.close();
});

async function startAll(): Promise<void> {
  await Promise.all(system.addresses.map((_, index) => system.start(index)));
  await eventually('all serve', () => system.nodes.every((node) => node.serving && node.whole));
}

async function client(server: number): Promise<MensagemClient> {
  const opened = await MensagemClient.open(system.addresses[server]!);
  clients.push(opened);
  return opened;
}

const put = (chave: string, more: object = {}): object => ({ tipo: 'PUT', chave, valor: 'v', ...more });
const get = (chave: string, more: object = {}): object => ({ tipo: 'GET', chave, timestamp: 0, ...more });

describe('Mensagem with credentials', () => {
  it('serves who is known, by the leader and by followers', async () => {
    await startAll();
    for (const server of [0, 1]) {
      const known = await client(server);
      expect(await known.ask(put('a/k', { credencial: tokenOf('maria') }))).toMatchObject({
        tipo: 'PUT_OK',
        timestamp: server + 1,
      });
      expect(await known.ask(get('a/k', { credencial: tokenOf('jose') }))).toMatchObject({
        tipo: 'GET_OK',
        valor: 'v',
      });
      expect(await known.ask(put('a/k', { credencial: tokenOf('jose'), id: 7 }))).toMatchObject({
        tipo: 'ERROR',
        codigo: 'NAO_AUTORIZADO',
        id: 7,
      });
      expect(await known.ask(put('b/k', { credencial: tokenOf('maria') }))).toMatchObject({
        codigo: 'NAO_AUTORIZADO',
      });
      expect(await known.ask(get('b/k', { credencial: tokenOf('maria') }))).toMatchObject({
        codigo: 'NAO_AUTORIZADO',
      });
      expect(await known.ask(get('a/k', { credencial: tokenOf('srv') }))).toMatchObject({
        codigo: 'NAO_AUTORIZADO',
      });
    }
    await system.settle();
    // Tokens are in nothing that is printed or logged.
    const said = JSON.stringify([system.printed, system.logger.lines, stand.logger.lines]);
    for (const name of ['maria', 'jose', 'srv']) expect(said).not.toContain(secretOf(name));
  });

  it('a client of the contract, without one, gets a clear error and nothing happens', async () => {
    await startAll();
    const { store } = system.nodes[0]!;
    const before = store.hash();
    for (const server of [0, 1]) {
      const nobody = await client(server);
      for (const message of [put('a/k'), get('a/k'), put('a/k', { credencial: null })]) {
        const answer = await nobody.ask(message);
        expect(answer).toMatchObject({ tipo: 'ERROR', codigo: 'NAO_AUTENTICADO' });
        expect(answer['mensagem']).toContain('"credencial"');
      }
    }
    expect(store.hash()).toBe(before);
    expect(system.printed.flat().filter((line) => line.startsWith('Cliente'))).toEqual([]);
  });

  it.each([
    ['until a token is known', 'jose', false],
    ['until others have a value', 'maria', true],
  ])(
    'what waits %s is not answered at once to who does not read',
    async (_, name, isFresh) => {
      await startAll();
      const credencial = tokenOf(name);
      const valor = 'v'.repeat(limits.valueBytes);
      const large = put('a/k', { valor, credencial: tokenOf('maria') });
      await (await client(0)).ask(large);
      const { host, port } = splitAddress(system.addresses[0]!);
      const deaf = connect({ host, port });
      await new Promise((resolve) => deaf.once('connect', resolve));
      const asked = mensagemDoorLimits.requests - 1;
      const reads = Array.from({ length: asked }, (__, id) => get('a/k', { id, credencial }));
      const all = isFresh ? [{ ...large, id: asked }, ...reads] : reads;
      deaf.write(all.map((message) => `${JSON.stringify(message)}\n`).join(''));
      const answered = (): number =>
        system.printed.flat().filter((line) => line.includes('GET key:a/k')).length;
      await eventually('the first are answered', () => answered() > 0);
      expect(await settled(answered)).toBeLessThan(asked / 4);
      let lines = 0;
      deaf.on('data', (piece: Buffer) => {
        for (const byte of piece) if (byte === 0x0a) lines++;
      });
      await eventually('the others when it reads', () => lines === all.length);
      deaf.destroy();
    },
    30_000,
  );

  it('whatever is wrong with a token gets one answer', async () => {
    await startAll();
    const nobody = await client(0);
    const wrong = [
      ...[tokenText('maria', 'x'), tokenText('ninguem', 'x'), '', 'x', 7, {}, [], 'x'.repeat(10_000)],
      ...[`Bearer ${tokenOf('maria')}`, tokenOf('maria').toUpperCase()],
    ];
    const answers = new Set<string>();
    for (const credencial of wrong) answers.add(JSON.stringify(await nobody.ask(put('a/k', { credencial }))));
    expect(answers.size).toBe(1);
    expect(await nobody.ask(put('a/k', { credencial: 'x' }))).toMatchObject({ codigo: 'LIMITE_TENTATIVAS' });
    expect(stand.hashes).toBe(accessLimits.attemptsPerAddress + 1);
  });

  it('whoever has not shown a token says less in a line than who has', async () => {
    await startAll();
    const long = '\u0001'.repeat(limits.valueBytes);
    const [stranger, maria] = [await client(1), await client(1)];
    const asked = put('a/k', { credencial: tokenOf('maria'), valor: long, mais: 'x'.repeat(8 * 1024) });
    expect(await maria.ask(put('a/k', { credencial: tokenOf('maria') }))).toMatchObject({ tipo: 'PUT_OK' });
    expect(await maria.ask(asked)).toMatchObject({ tipo: 'PUT_OK' });
    stranger.send(asked);
    expect(await stranger.answers(1)).toMatchObject({ tipo: 'ERROR', codigo: 'PEDIDO_INVALIDO' });
    await stranger.gone();
  });

  it('a revoked token is refused on the same connection', async () => {
    await startAll();
    const maria = await client(1);
    const asked = put('a/k', { credencial: tokenOf('maria') });
    expect(await maria.ask(asked)).toMatchObject({ tipo: 'PUT_OK' });
    stand.table.replace(fileOf(await credential('srv', 'servidor')));
    expect(await maria.ask(asked)).toMatchObject({ codigo: 'NAO_AUTENTICADO' });
  });

  it('fills what unfinished lines may hold, and the servers go on among themselves', async () => {
    await startAll();
    // As many as it takes, each with a line that is all but finished.
    const piece = Buffer.alloc(mensagemLimits.strangerLineBytes - 1, 'x');
    for (let held = 0; held <= mensagemLimits.partialBytes; held += piece.length) {
      (await client(1)).write(piece);
    }
    await eventually('one of them had no room', () => clients.some(({ closed }) => closed), 20_000);
    const value = 'v'.repeat(limits.valueBytes);
    const { engine } = system.nodes[0]!;
    const written = Array.from({ length: 64 }, (_, index) =>
      verbs(engine).insert(`a/${String(index)}`, value),
    );
    expect(await Promise.all(written)).toHaveLength(64);
    expect(system.nodes.every(({ whole }) => whole)).toBe(true);
  });
});

describe('whoever says to be a server', () => {
  const hello = (more: object = {}): readonly object[] => [
    {
      tipo: 'LEADER',
      formato: 1,
      origem: randomBytes(9).toString('base64url'),
      lider: system.addresses[0],
      seguidor: system.addresses[1],
      inicio: 2 ** 50,
      ...more,
    },
    { tipo: 'FOLLOWER', formato: 1, servidor: system.addresses[1], ...more },
  ];

  it.each([
    ['shows nothing', {}, 'NAO_AUTENTICADO'],
    ['shows something wrong', { credencial: 'kvs_srv.errado' }, 'NAO_AUTENTICADO'],
    ['shows what a client has', { credencial: tokenOf('raiz') }, 'NAO_AUTORIZADO'],
  ] as const)('and %s is refused, counted, and changes nothing', async (_what, shown, codigo) => {
    await startAll();
    const [leader, follower] = system.nodes;
    const before = follower!.store.hash();
    for (const [server, message] of [
      [1, hello(shown)[0]!],
      [0, hello(shown)[1]!],
    ] as const) {
      const stranger = await client(server);
      expect(await stranger.ask(message)).toMatchObject({ tipo: 'ERROR', codigo });
      await stranger.gone();
    }
    expect(stand.table.refusals).toMatchObject({ NAO_AUTENTICADO: 0, NAO_AUTORIZADO: 0, [codigo]: 2 });
    // The real leader has not been driven out.
    expect(follower!.whole && leader!.whole).toBe(true);
    expect(follower!.store.hash()).toBe(before);
  });

  it.each([
    ['REPLICATION', { origem: 'estranho', seq: 1, chave: 'a/k', valor: 'mal', timestamp: 1, instante: 1 }],
    ['REMOVAL', { origem: 'estranho', seq: 1, chave: 'a/k', observado: [] }],
    ['STATE_REQUEST', {}],
    ['STATE_BEGIN', { vetor: [] }],
    ['SERVING', {}],
    ['PING', {}],
    ['REPLICATION_OK', { seq: 2 ** 40 }],
  ])('%s from a stranger ends its connection', async (tipo, fields) => {
    await startAll();
    for (const server of [0, 1]) {
      const stranger = await client(server);
      expect(await stranger.ask({ tipo, ...fields })).toMatchObject({ codigo: 'NAO_AUTENTICADO' });
      await stranger.gone();
    }
    expect(stand.table.refusals.NAO_AUTENTICADO).toBe(2);
    expect(system.nodes.every(({ whole }) => whole)).toBe(true);
  });

  it.each([
    ['OPERATION', { op: 'insert', chave: 'a/k', valor: 'mal', id: 1 }],
    ['OPERATION', { op: 'removeAll', chave: 'a/k', id: 1 }],
    ['COMMIT', { guardas: [], escritas: [{ chave: 'a/k', valor: 'mal' }], id: 1 }],
  ])('%s is for servers, whatever the role of who asks', async (tipo, fields) => {
    await startAll();
    const admin = await client(0);
    const before = system.nodes[0]!.store.hash();
    for (const credencial of [undefined, tokenOf('raiz')]) {
      expect(await admin.ask({ tipo, ...fields, credencial })).toMatchObject({
        codigo: 'NAO_AUTENTICADO',
        id: 1,
      });
    }
    expect(stand.table.refusals.NAO_AUTENTICADO).toBe(2);
    expect(system.nodes[0]!.store.hash()).toBe(before);
  });

  it('with the credential of a server is believed, until that is revoked', async () => {
    await startAll();
    const [, message] = hello({ credencial: tokenOf('srv') });
    const follower = await client(0);
    expect(await follower.ask(message!)).toMatchObject({ tipo: 'FOLLOWER_OK' });
    const asked = { tipo: 'OPERATION', op: 'insert', chave: 'b/k', valor: 'v', id: 1 };
    expect(await follower.ask(asked)).toMatchObject({ tipo: 'OPERATION_OK' });
    stand.table.replace(fileOf(await credential('maria', 'escrita', ['a/'])));
    expect(await follower.ask({ ...asked, id: 2 })).toMatchObject({ codigo: 'NAO_AUTENTICADO' });
    await eventually('the servers are parted too', () => !system.nodes[0]!.whole, 20_000);
  });

  it('a server without a credential of its own does not come in', async () => {
    await system.start(0, { token: undefined });
    await system.start(1);
    await eventually('it is told so', () =>
      JSON.stringify(system.logger.lines).includes('pede uma credencial'),
    );
    expect(system.nodes[0]!.serving).toBe(false);
  });
});

describe('oversized and nested', () => {
  it('lines end or are refused, and the server goes on', async () => {
    await startAll();
    const nested = '['.repeat(100_000) + ']'.repeat(100_000);
    const objects = '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000);
    for (const line of [
      nested,
      objects,
      `{"tipo":"PUT","chave":"a/k","valor":"v","credencial":${nested}}`,
      `{"tipo":"PUT","chave":"\\ud800","valor":"v","credencial":${objects}}`,
      `{"tipo":"PUT","chave":"${'x'.repeat(5 * 1024 * 1024)}","valor":"v"}`,
    ]) {
      const attacker = await client(0);
      attacker.write(`${line}\n`);
      expect(await attacker.answers(1)).toMatchObject({ tipo: 'ERROR' });
    }
    const maria = await client(0);
    expect(await maria.ask(put('a/k', { credencial: tokenOf('maria') }))).toMatchObject({
      tipo: 'PUT_OK',
      timestamp: 1,
    });
  });
});
