import { afterEach, describe, expect, it } from 'vitest';
import { newRequestId } from '../../../src/client/request-id.js';
import { TestFleet } from '../../support/e2e-fleet.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { HttpClient, problemIn } from '../../support/http-client.js';
import type { HttpReply } from '../../support/http-client.js';
import { HttpEvents } from '../../support/http-events.js';
import { freePort } from '../../support/net.js';
import { ServerProcess } from '../../support/server-process.js';

/** The HTTP door of real servers, two of each engine. */

const PATIENCE = { timeout: 240_000 };
const NEW_SESSION = { 'x-kvs-sessao': 'nova' };
const RANDOM_KEY = '4f3b1c9a-9a00-4abc-8def-0123456789ab';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Two = readonly [HttpClient, HttpClient];
type PairOfServers = readonly [ServerProcess, ServerProcess];

/** Repeats what a server of a busy machine was too late to begin. */
class PatientClient extends HttpClient {
  override ask(...asked: Parameters<HttpClient['ask']>): Promise<HttpReply> {
    return eventually('an answer other than 503', async () => {
      const reply = await super.ask(...asked);
      return reply.status !== 503 && reply;
    });
  }
}

const clientsOf = ([a, b]: PairOfServers): Two => [
  new PatientClient(a.port, '1.1'),
  new PatientClient(b.port, '1.1'),
];

async function startAll(each: readonly (readonly string[])[]): Promise<PairOfServers> {
  const servers = await Promise.all(each.map((args) => ServerProcess.start({ args })));
  for (const server of servers) cleanups.push(() => server.kill9());
  await Promise.all(servers.map((server) => server.ready()));
  return servers as unknown as PairOfServers;
}

const place = ({ status, text }: HttpReply): unknown => {
  const { versao, ts, valor } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  return { status, versao, ts, valor };
};
const versions = async (client: HttpClient, key: string, headers = {}): Promise<number[]> =>
  (JSON.parse((await client.get(`/v1/historico/${key}`, headers)).text) as { versao: number }[]).map(
    ({ versao }) => versao,
  );

/** Written and removed at one, seen at the other by whoever brings the session. */
async function seesOwnWrites([a, b]: Two): Promise<void> {
  const put = await a.put('/v1/chaves/sessao', 'um', NEW_SESSION);
  expect(put.status).toBe(201);
  const session = (reply: HttpReply): Record<string, string> => ({
    'x-kvs-sessao': reply.headers['x-kvs-sessao'] ?? '',
  });
  const got = await b.get('/v1/chaves/sessao', session(put));
  expect([got.status, got.text]).toEqual([200, 'um']);
  const removed = await b.ask('DELETE', '/v1/chaves/sessao', { headers: session(got) });
  expect(removed.status).toBe(204);
  expect(problemIn(await a.get('/v1/chaves/sessao', session(removed)))).toEqual([404, 'CHAVE_INEXISTENTE']);
}

async function compares([a, b]: Two): Promise<void> {
  const put = (client: HttpClient, value: string, match: Record<string, string>): Promise<HttpReply> =>
    client.put('/v1/chaves/condicao', value, match);
  const first = await put(a, 'um', { 'if-none-match': '*', ...NEW_SESSION });
  expect([first.status, first.headers['etag']]).toEqual([201, '"1"']);
  expect(problemIn(await put(b, 'outro', { 'if-none-match': '*' }))).toEqual([412, 'VERSAO_OUTRA']);
  expect(problemIn(await put(b, 'outro', { 'if-match': '"2"' }))).toEqual([412, 'VERSAO_OUTRA']);
  const second = await put(b, 'dois', { 'if-match': '"1"' });
  expect([second.status, second.headers['etag']]).toEqual([201, '"2"']);
  expect(problemIn(await put(a, 'outro', { 'if-match': '"1"' }))).toEqual([412, 'VERSAO_OUTRA']);
  const remove = (client: HttpClient, match: string): Promise<HttpReply> =>
    client.ask('DELETE', '/v1/chaves/condicao', { headers: { 'if-match': match } });
  expect(problemIn(await remove(a, '"1"'))).toEqual([412, 'VERSAO_OUTRA']);
  expect((await remove(a, '"2"')).status).toBe(204);
}

/** The same id again, there and elsewhere, as a client repeats it that does not count. */
async function writesOnce([a, b]: Two, id: string): Promise<void> {
  const key = `/v1/chaves/${id}`;
  const headers = { 'idempotency-key': id };
  const first = await a.put(key, 'valor', { ...headers, ...NEW_SESSION });
  expect([first.status, first.headers['idempotency-key']]).toEqual([201, id]);
  const session = { 'x-kvs-sessao': first.headers['x-kvs-sessao'] ?? '' };
  expect(place(await a.put(key, 'valor', headers))).toEqual(place(first));
  expect(place(await b.put(key, 'valor', { ...headers, ...session }))).toEqual(place(first));
  expect(problemIn(await b.put(key, 'outro', headers))).toEqual([422, 'PEDIDO_REPETIDO']);
  for (const client of [a, b]) expect(await versions(client, id, session)).toEqual([1]);
}

/** A reader that goes from one server to the other while both are written to. */
async function goesOn(servers: PairOfServers, clients: Two): Promise<void> {
  const [a, b] = servers;
  const path = '/v1/observa?prefixo=evento';
  const put = (nth: number): Promise<HttpReply> => clients[nth % 2]!.put(`/v1/chaves/evento${nth}`, 'v');
  const before = HttpEvents.open(a.port, path);
  await eventually('it listens', () => before.names().includes('em-dia'));
  for (let nth = 0; nth < 10; nth++) expect((await put(nth)).status).toBe(201);
  await eventually('some came', () => before.all.length > 5);
  before.close();
  const heard = before.all;
  const last = heard.at(-1)?.id ?? '';
  expect(last).not.toBe('');
  for (let nth = 10; nth < 20; nth++) expect((await put(nth)).status).toBe(201);
  const after = HttpEvents.open(b.port, path, { 'last-event-id': last });
  const told = (): string[] =>
    [...heard, ...after.all]
      .filter(({ event }) => event !== 'em-dia')
      .map(({ data }) => String(data['chave']));
  await eventually('the rest came', () => told().length >= 20);
  // What is written last comes last, so a repeated one would have come before.
  await clients[1].put('/v1/chaves/evento-fim', 'v');
  await eventually('the end came', () => told().includes('evento-fim'));
  after.close();
  const all = Array.from({ length: 20 }, (_, nth) => `evento${nth}`);
  expect(told().sort()).toEqual([...all, 'evento-fim'].sort());
  expect(after.names().filter((name) => name.startsWith('recomeca'))).toEqual([]);
}

describe('by HTTP', () => {
  it('a fleet keeps sessions, confirmations, request ids and watches', PATIENCE, async () => {
    const port = await freePort();
    const fleet = await TestFleet.open({
      url: `mqtt://127.0.0.1:${port}`,
      args: ['--broker-local', `127.0.0.1:${port}`],
      stop: () => Promise.resolve(),
    });
    cleanups.push(() => fleet.close());
    const servers = (await fleet.addReady(2)) as unknown as PairOfServers;
    const clients = clientsOf(servers);
    const [a, b] = clients;
    await fleet.converged();
    await seesOwnWrites(clients);
    for (const match of [{ 'if-match': '"1"' }, { 'if-none-match': '*' }]) {
      expect(problemIn(await a.put('/v1/chaves/k', 'v', match))).toEqual([501, 'NAO_SUPORTADO']);
      expect(problemIn(await b.ask('DELETE', '/v1/chaves/k', { headers: match }))).toEqual([
        ...[501, 'NAO_SUPORTADO'],
      ]);
    }
    const confirmed = await a.put('/v1/chaves/k', 'v', { 'x-kvs-confirmacao': '1' });
    expect([confirmed.status, confirmed.headers['etag']]).toEqual([201, `"1@${servers[0].origin}"`]);
    expect((await b.get('/v1/chaves/k')).text).toBe('v');
    const partly = await a.put('/v1/chaves/k', 'v', {
      ...{ 'x-kvs-confirmacao': '2', 'x-kvs-confirmacao-prazo': '100' },
    });
    expect([...problemIn(partly), partly.headers['x-kvs-versao']]).toEqual([504, 'CONFIRMACAO_PARCIAL', '2']);

    // Servers that have just begun do not know whether it is a repeat.
    for (const client of clients) {
      await eventually('it remembers', async () => {
        const reply = await client.put('/v1/chaves/memoria', 'v', { 'idempotency-key': newRequestId() });
        return reply.status === 201;
      });
    }
    for (const id of [newRequestId(), RANDOM_KEY]) await writesOnce(clients, id);
    await goesOn(servers, clients);

    const id = { 'idempotency-key': newRequestId() };
    expect((await a.put('/v1/chaves/repetida', 'v', id)).status).toBe(201);
    for (const server of servers) await server.kill9();
    await Promise.all(servers.map((server) => server.restart()));
    await Promise.all(servers.map((server) => server.ready()));
    // Nobody knows it any more, and it began before either.
    expect(problemIn(await b.put('/v1/chaves/repetida', 'v', id))).toEqual([504, 'RESULTADO_DESCONHECIDO']);
    expect(await versions(b, 'repetida')).toEqual([]);
  });

  it.skipIf(!etcdAvailable())(
    'consensus compares, and keeps sessions, request ids and watches',
    PATIENCE,
    async () => {
      const cluster = await startEtcd({ members: 1 });
      cleanups.push(() => cluster.stop());
      const args = ['--motor', 'consenso', ...cluster.addresses.flatMap((one) => ['--replicas', one])];
      const servers = await startAll([args, args]);
      const clients = clientsOf(servers);
      await seesOwnWrites(clients);
      await compares(clients);
      for (const id of [newRequestId(), RANDOM_KEY]) await writesOnce(clients, id);
      await goesOn(servers, clients);
    },
  );

  it('the leader engine compares, and keeps sessions and watches', PATIENCE, async () => {
    const [leader, follower] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const system = ['--motor', 'lider', '--lider', leader];
    const all = [leader, follower].flatMap((one) => ['--servidores-lider', one]);
    const servers = await startAll(
      [leader, follower].map((one) => [...system, ...all, '--porta-mensagem', one.split(':')[1] ?? '']),
    );
    const clients = clientsOf(servers);
    await seesOwnWrites(clients);
    await compares(clients);
    const id = { 'idempotency-key': newRequestId() };
    expect(problemIn(await clients[0].put('/v1/chaves/k', 'v', id))).toEqual([501, 'NAO_SUPORTADO']);
    await goesOn(servers, clients);
  });
});
