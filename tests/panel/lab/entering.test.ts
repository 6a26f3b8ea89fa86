import { afterEach, expect, it, vi } from 'vitest';
import { LabModel } from '../../../panel/src/lab/lab-model.js';
import { linkToken } from '../../../panel/src/lab/link-token.js';
import { keptSession } from './kept-session.js';
import { fleetStory } from './run-builder.js';

/** Of a page that nobody sees. */
const FRAMES = { isHidden: () => true, next: () => 0, cancel: () => undefined };
const TOKEN = 'a'.repeat(43);

/** A laboratory that takes tokens that begin with `a`; what it was asked for, and the streams that are open. */
function laboratory() {
  const open = new Set<AbortSignal>();
  const fetch = (path: string, init: RequestInit): Promise<Response> => {
    if (path === '/v1/sessao') {
      const { token } = JSON.parse(init.body as string) as { token: string };
      return Promise.resolve(
        token.startsWith('a')
          ? Response.json({ sessao: `of ${token}` })
          : Response.json({ codigo: 'NAO_AUTENTICADO' }, { status: 401 }),
      );
    }
    const { authorization = '' } = init.headers as Record<string, string>;
    if (authorization === 'Bearer void') return Promise.resolve(Response.json({}, { status: 401 }));
    if (path === '/v1/situacao') return Promise.resolve(Response.json({ motor: 'frota', servidores: [] }));
    const signal = init.signal!;
    open.add(signal);
    const body = new ReadableStream({
      start: (stream) => {
        stream.enqueue(new TextEncoder().encode(fleetStory().text));
        signal.addEventListener('abort', () => {
          open.delete(signal);
          stream.error(signal.reason);
        });
      },
    });
    return Promise.resolve(new Response(body));
  };
  vi.stubGlobal('fetch', fetch);
  return open;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

it('a place of the page is no token', () => {
  expect(linkToken(`#${TOKEN}`)).toBe(TOKEN);
  for (const hash of ['', '#', '#main', '#tab-file', '#/chaves/x', `#${TOKEN}%20`]) {
    expect(linkToken(hash), hash).toBeUndefined();
  }
});

it('who is in stays in by a link that is void, and is followed once by a new one', async () => {
  const open = laboratory();
  const lab = new LabModel(FRAMES, keptSession());
  await lab.enter(TOKEN);
  await vi.waitFor(() => expect(lab.phase.value).toBe('live'));
  await lab.enter(`x${TOKEN}`);
  expect(lab.phase.value).toBe('live');
  await lab.enter(`ab${TOKEN}`);
  await vi.waitFor(() => expect(lab.phase.value).toBe('live'));
  expect(open.size).toBe(1);
});

it('who is not in is told that the link was used', async () => {
  laboratory();
  const lab = new LabModel(FRAMES, keptSession());
  await lab.enter(`x${TOKEN}`);
  expect(lab.phase.value).toBe('usedLink');
});

it('a page that is loaded again goes on, also by its old link, until its session is void', async () => {
  const open = laboratory();
  const kept = keptSession();
  await new LabModel(FRAMES, kept).enter(TOKEN);
  const again = new LabModel(FRAMES, kept);
  expect(again.resume()).toBe(true);
  await vi.waitFor(() => expect(again.phase.value).toBe('live'));
  const byLink = new LabModel(FRAMES, kept);
  await byLink.enter(`x${TOKEN}`);
  await vi.waitFor(() => expect(byLink.phase.value).toBe('live'));
  expect(open.size).toBe(3);

  const old = keptSession('void');
  const late = new LabModel(FRAMES, old);
  expect(late.resume()).toBe(true);
  await vi.waitFor(() => expect(late.phase.value).toBe('ended'));
  expect(old.get()).toBeUndefined();
  expect(new LabModel(FRAMES, old).resume()).toBe(false);
});
