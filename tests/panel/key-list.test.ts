import { afterEach, describe, expect, it, vi } from 'vitest';
import { KeyList } from '../../panel/src/keys/key-list.js';
import type { LineJson } from '../../src/doors/http/schemas.js';

const line = (chave: string): LineJson => ({
  ...{ chave, valor: 'v', versao: 1, ts: 1, origem: 'a', servidor: 'a' },
  ...{ expira: 0, atual: true, irma: false, estavel: true },
});

/** A server of keys whose answers a test gives, one question after the other. */
class Server {
  readonly asked: { readonly path: string; readonly answer: (response: Response) => void }[] = [];
  /** Answers every question for one key at once. */
  hasNothing = false;
  private readonly encoder = new TextEncoder();
  private stream: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(private readonly refusal?: number) {
    vi.stubGlobal('fetch', (path: string, { signal }: RequestInit) => {
      if (path.startsWith('/v1/observa')) return Promise.resolve(this.watch(signal!));
      if (this.hasNothing && path.startsWith('/v1/chave?')) {
        return Promise.resolve(Response.json({}, { status: 404 }));
      }
      return new Promise<Response>((answer) => this.asked.push({ path, answer }));
    });
  }

  private watch(signal: AbortSignal): Response {
    if (this.refusal !== undefined)
      return Response.json({ codigo: 'X', detail: '' }, { status: this.refusal });
    return new Response(
      new ReadableStream({
        start: (stream) => {
          this.stream = stream;
          signal.addEventListener('abort', () => stream.error(signal.reason));
          this.tell('em-dia', {});
        },
      }),
    );
  }

  tell(name: string, data: object): void {
    const text = `event: ${name}\nid: t\ndata: ${JSON.stringify(data)}\n\n`;
    this.stream?.enqueue(this.encoder.encode(text));
  }

  /** The next question whose path has this in it. */
  async question(part: string): Promise<(response: Response) => void> {
    return vi.waitFor(() => {
      const at = this.asked.findIndex(({ path }) => path.includes(part));
      expect(at, part).toBeGreaterThanOrEqual(0);
      return this.asked.splice(at, 1)[0]!.answer;
    });
  }
}

const shown = ({ shown: { value } }: KeyList): (string | undefined)[] =>
  Array.from({ length: value.rows.length }, (_, at) => value.rows.at(at)?.chave);

const lists: KeyList[] = [];
function open(prefix = ''): KeyList {
  const list = new KeyList(prefix);
  lists.push(list);
  return list;
}

afterEach(() => {
  for (const list of lists.splice(0)) list.end();
  vi.unstubAllGlobals();
});

describe('the list of keys', () => {
  it('forgets a key that went while its page was on its way', async () => {
    const server = new Server();
    const list = open();
    server.hasNothing = true;
    const page = await server.question('/v1/chaves');
    const isHeard = new Promise<void>((resolve) => {
      list.onChange = () => resolve();
    });
    server.tell('remove', line('b'));
    await isHeard;
    await new Promise((resolve) => setImmediate(resolve));
    page(Response.json([line('a'), line('b')]));
    await vi.waitFor(() => expect(shown(list)).toEqual(['a']));
  });

  it('asks again for what could not be read', async () => {
    const server = new Server();
    const list = open();
    (await server.question('/v1/chaves'))(Response.json({ codigo: 'LIMITE_PEDIDOS' }, { status: 429 }));
    await vi.waitFor(() => expect(list.state.value).toBe('failed'));
    list.tryAgain();
    (await server.question('/v1/chaves'))(Response.json([line('a')]));
    await vi.waitFor(() => expect(shown(list)).toEqual(['a']));
    expect(list.error.value).toBeUndefined();
  });

  it('asks again for a row that could not be asked for', async () => {
    const server = new Server();
    const list = open();
    (await server.question('/v1/chaves'))(Response.json([line('a'), line('b')]));
    await vi.waitFor(() => expect(shown(list)).toEqual(['a', 'b']));
    server.tell('expira', line('b'));
    (await server.question('chave=b'))(Response.json({ codigo: 'LIMITE_PEDIDOS' }, { status: 429 }));
    await vi.waitFor(() => {
      list.tryAgain();
      expect(server.asked.length).toBe(1);
    });
    (await server.question('chave=b'))(Response.json({}, { status: 404 }));
    await vi.waitFor(() => expect(shown(list)).toEqual(['a']));
  });

  it('of a question that is refused whatever one does says so, and waits for nothing', async () => {
    const server = new Server(414);
    const list = open('x');
    (await server.question('/v1/chaves'))(Response.json({ codigo: 'PEDIDO_LONGO' }, { status: 414 }));
    await vi.waitFor(() => expect(list.error.value).toMatchObject({ status: 414 }));
    expect(list.live.value).toMatchObject({ status: 414 });
  });
});
