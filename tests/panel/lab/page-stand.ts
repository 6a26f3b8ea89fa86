import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

/** As the laboratory has it: nothing within the page runs, nothing from elsewhere loads. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Serves the built page and nothing else: what a recording is replayed on. */
export class PageStand {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** @param folder `panel` of a build */
  static async open(folder: string): Promise<PageStand> {
    const server = createServer((request, response) => void answer(folder, request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PageStand(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function answer(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://x').pathname;
  const file = path === '/' ? 'laboratorio.html' : normalize(path);
  try {
    const content = await readFile(join(folder, file));
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
    });
    response.end(content);
  } catch {
    response.writeHead(404, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ codigo: 'NAO_ENCONTRADO', title: 'não há' }));
  }
}
