import { afterEach, describe, expect, it } from 'vitest';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import type { Time } from '../../../src/ports/time.js';
import { RecordingLogger } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { HttpClient, problemIn } from '../../support/http-client.js';
import { HttpEvents } from '../../support/http-events.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { realTime } from '../../support/real-time.js';

const FASTER = 100;
const fast: Time = { ...realTime, after: (ms, call) => realTime.after(ms / FASTER, call) };

let doors: Doors;
let client: HttpClient;
afterEach(async () => {
  client.close();
  await doors.stop(0);
});

async function open(more: Partial<Parameters<typeof startDoors>[0]> = {}): Promise<void> {
  const options = { port: 0, engine: new MemoryEngine(), engineHealth: 'e', time: realTime };
  doors = await startDoors({ ...options, logger: new RecordingLogger(), ...more });
  client = new HttpClient(doors.port, '1.1');
}

describe('events', () => {
  it('tell what changes, and go on from a token wherever it is said', async () => {
    await open();
    await client.put('/v1/chaves/a/1', 'antes');
    const now = HttpEvents.open(doors.port, '/v1/observa?prefixo=a/');
    await eventually('now', () => now.names().includes('em-dia'));
    await client.put('/v1/chaves/a/1', 'depois');
    await client.put('/v1/chaves/b', 'fora');
    await client.ask('DELETE', '/v1/chaves/a/1?versao=1');
    await eventually('its events', () => now.names().length >= 3);
    expect(now.names()).toEqual(['em-dia', 'insere a/1 2', 'remove a/1 1']);
    expect(now.all[1]?.data).toMatchObject({ valor: 'depois', origem: 'unico', atual: true });
    const token = now.all[1]?.id ?? '';
    now.close();
    for (const [path, headers] of [
      [`/v1/observa?prefixo=a/&desde=${encodeURIComponent(token)}`, {}],
      [`/v1/observa?prefixo=a/&inicio=tudo&desde=unico.0`, { 'last-event-id': token }],
      [`/v1/observa?prefixo=a/&inicio=tudo`, { 'last-event-id': token }],
    ] as const) {
      const again = HttpEvents.open(doors.port, path, headers);
      await eventually('the rest', () => again.names().includes('em-dia'));
      expect(again.names()).toEqual(['remove a/1 1', 'em-dia']);
      again.close();
    }
    const everything = HttpEvents.open(doors.port, '/v1/observa?inicio=tudo', { 'last-event-id': '' });
    await eventually('all', () => everything.names().includes('em-dia'));
    expect(everything.names()).toEqual(['presente a/1 2', 'presente b 1', 'em-dia']);
    everything.close();
    for (const bad of ['inicio=ontem', 'chave=a&prefixo=b', 'desde=1&desde=2', 'outra'])
      expect(problemIn(await client.get(`/v1/observa?${bad}`))).toEqual([400, 'PEDIDO_INVALIDO']);
    expect((await client.ask('HEAD', '/v1/observa')).headers['content-type']).toBe('text/event-stream');
  });

  it('say that they are there, end when the reader leaves, and when the server does', async () => {
    const engine = new MemoryEngine();
    await open({ engine, time: fast });
    const [gone, stays] = ['/v1/observa?chave=', '/v1/observa'].map((path) =>
      HttpEvents.open(doors.port, path),
    );
    await eventually(
      'a comment',
      () => gone!.text.includes('\n\n:\n\n') && stays!.text.includes('\n\n:\n\n'),
    );
    expect(engine.watches.watching).toBe(2);
    gone!.close();
    await eventually('one watch', () => engine.watches.watching === 1);
    await doors.stop(5_000);
    await eventually('the end', () => stays!.isEnded);
    expect(stays!.text).toMatch(/: SERVIDOR_SAINDO\n\n$/);
    expect(engine.watches.watching).toBe(0);
  });

  it('of a reader that is too slow end with the reason', async () => {
    const engine = new MemoryEngine();
    await open({ engine });
    const events = HttpEvents.open(doors.port, '/v1/observa');
    await eventually('now', () => events.names().includes('em-dia'));
    engine.watches.endAll();
    await eventually('the end', () => events.isEnded);
    expect(events.text).toMatch(/\n: [A-Z_]+\n\n$/);
  });
});
