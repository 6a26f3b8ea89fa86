import { connect } from 'node:http2';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { accessControl } from '../../../src/security/access/control.js';
import { RecordingLogger } from '../../support/doors.js';
import { KvsClient } from '../../support/kvs-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { hasIPv6 } from '../../support/net.js';
import { getText, rawExchange } from '../../support/raw-http.js';
import { realTime } from '../../support/real-time.js';
import { TableStand } from '../../security/access/support.js';

let doors: Doors | undefined;
afterEach(() => doors?.stop(0));

async function open(more: Partial<Parameters<typeof startDoors>[0]> = {}): Promise<Doors> {
  const options = { port: 0, engine: new MemoryEngine(), engineHealth: 'kvs.frota', time: realTime };
  doors = await startDoors({ ...options, logger: new RecordingLogger(), ...more });
  return doors;
}

/** Status and, if the answer is JSON, its fields. */
async function get(path: string, named = 'localhost', host = '127.0.0.1'): Promise<[number, unknown]> {
  const text = await rawExchange({ port: doors?.port ?? 0, host }, getText(path, [`Host: ${named}`]));
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(text) ?? [];
  return [Number(status), JSON.parse(text.slice(text.indexOf('\r\n\r\n')))];
}

it('health by HTTP is that of gRPC, at each change', async () => {
  const { setServing, setEngine, setCondition } = await open({ conditions: ['kvs.disco'] });
  const names = { servidor: false, 'kvs.frota': false, 'kvs.disco': false };
  expect(await get('/saude')).toEqual([503, { bem: false, ...names }]);
  expect(await get('/pronto')).toEqual([503, { pronto: false }]);
  setServing(true);
  expect(await get('/pronto')).toEqual([200, { pronto: true }]);
  expect(await get('/saude')).toEqual([503, { bem: false, ...names, servidor: true }]);
  setEngine(true);
  setCondition('kvs.disco', true);
  const good = { servidor: true, 'kvs.frota': true, 'kvs.disco': true };
  expect(await get('/saude')).toEqual([200, { bem: true, ...good }]);
  setCondition('kvs.disco', false);
  expect(await get('/saude')).toEqual([503, { bem: false, ...good, 'kvs.disco': false }]);
  expect(await get('/pronto')).toEqual([200, { pronto: true }]);
});

it('health needs no credential where everything else does, and there is nothing else', async () => {
  const { port, setServing } = await open({ access: accessControl(new TableStand().table) });
  setServing(true);
  const client = new KvsClient(port);
  await expect(client.consulta('chave')).rejects.toThrow('UNAUTHENTICATED');
  client.close();
  expect(await get('/pronto')).toEqual([200, { pronto: true }]);
  expect((await get('/saude'))[0]).toBe(503);
  expect((await get('/kvs.KVS/Consulta'))[0]).toBe(404);
});

it('on all addresses a server answers to the one that it was reached by, and to no other', async () => {
  await open({ host: '0.0.0.0' });
  const { port } = doors!;
  expect((await get('/pronto', '127.0.0.2', '127.0.0.2'))[0]).toBe(503);
  expect((await get('/pronto', `127.0.0.2:${port}`, '127.0.0.2'))[0]).toBe(503);
  expect((await get('/pronto', '127.0.0.3', '127.0.0.2'))[0]).toBe(403);
  expect((await get('/pronto', 'localhost', '127.0.0.2'))[0]).toBe(503);
});

it('a server answers to the name that --host gives, however it is written', async () => {
  await open({ host: ['LocalHost.', '127.0.0.1'] });
  expect((await get('/pronto', 'LOCALHOST'))[0]).toBe(503);
  expect((await get('/pronto', 'outro'))[0]).toBe(403);
});

it('over IPv6 too', async () => {
  if (!(await hasIPv6())) return;
  await open();
  expect((await get('/pronto', `[::1]:${doors!.port}`, '::1'))[0]).toBe(503);
  expect((await get('/pronto', '[::2]', '::1'))[0]).toBe(403);
});

it('by HTTP/2 :authority and Host must agree, and metadata that are too large are refused in words', async () => {
  const { port } = await open();
  const session = connect(`http://localhost:${port}`);
  const ask = async (fields: Record<string, string>): Promise<[number, string]> => {
    const stream = session.request({ ':path': '/pronto', ...fields });
    const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
    let text = '';
    for await (const piece of stream.setEncoding('utf8')) text += piece as string;
    return [headers[':status'], text];
  };
  expect((await ask({}))[0]).toBe(503);
  expect((await ask({ host: `localhost:${port}` }))[0]).toBe(503);
  expect((await ask({ ':authority': 'localhost', host: 'pagina.example' }))[0]).toBe(400);
  expect((await ask({ host: 'pagina.example' }))[0]).toBe(403);
  expect((await ask({ ':authority': 'pagina.example' }))[0]).toBe(403);
  const many = Object.fromEntries(Array.from({ length: 55 }, (_, n) => [`x-${n}`, '1']));
  expect(await ask(many)).toEqual([431, expect.stringContaining('campos')]);
  expect((await ask({ ...many, ':method': 'HEAD' }))[0]).toBe(431);
  session.destroy();
});
