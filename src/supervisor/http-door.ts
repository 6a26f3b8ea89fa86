import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { KvsError } from '../core/errors.js';
import { headerBytes, headerProblem } from '../doors/port/header-bounds.js';
import { portLimits } from '../doors/port/limits.js';
import { PROTECTION } from '../doors/http/entrance.js';
import type { HttpAnswer } from '../doors/http/exchange.js';
import { httpLimits } from '../doors/http/limits.js';
import { originProblem } from '../doors/http/origin.js';
import { HttpRefusal, problemOf, tooLongTarget } from '../doors/http/problems.js';
import { repeated } from '../doors/http/repeated.js';
import { requestTarget } from '../doors/http/target.js';
import { actionOf } from './action.js';
import { EventStream } from './event-stream.js';
import type { ShownLaboratory } from './laboratory.js';
import { supervisorLimits } from './limits.js';
import type { LaboratorySessions } from './sessions.js';

interface HttpDoorDeps {
  readonly laboratory: ShownLaboratory;
  /** What somebody types to start such a laboratory: a page without a session says it. */
  readonly command: string;
  readonly sessions: LaboratorySessions;
  /** A file of the page; `undefined`: there is none of this path. */
  readonly pageAt: (path: string, headers: IncomingMessage['headers']) => HttpAnswer | undefined;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** The port of the laboratory's page: on this machine only, for pages of this origin only, with a session. */
export class LaboratoryHttp {
  private readonly server: Server;
  private readonly streams = new Set<EventStream>();
  private actions = 0;

  constructor(private readonly deps: HttpDoorDeps) {
    this.server = createServer(
      {
        maxHeaderSize: portLimits.headerBytes + httpLimits.targetBytes,
        ...{ headersTimeout: httpLimits.headersMs, requestTimeout: httpLimits.answerMs },
        keepAliveTimeout: httpLimits.idleMs,
      },
      (request, response) => {
        void this.serve(request, response);
      },
    );
    this.server.maxHeadersCount = portLimits.headerFields;
    this.server.maxConnections = supervisorLimits.connections;
  }

  /** @param port 0: the system chooses @returns the port @throws KvsError PORTA_EM_USO */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => {
        const code = error.code === 'EADDRINUSE' ? 'PORTA_EM_USO' : 'CONFIGURACAO';
        reject(
          new KvsError(code, `não consigo atender na porta ${port}: ${error.message}`, { cause: error }),
        );
      });
      this.server.listen(port, '127.0.0.1', () => {
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  async close(): Promise<void> {
    for (const stream of this.streams) stream.end();
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    try {
      const path = pathOf(request);
      const answer = await this.answer(request, response, path);
      if (answer !== undefined) respond(request, response, answer);
    } catch (thrown) {
      respond(request, response, problemOf(KvsError.from(thrown)));
    }
  }

  /** @returns `undefined` where the answer goes on by itself */
  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    { path, query }: { readonly path: string; readonly query: string | undefined },
  ): Promise<HttpAnswer | undefined> {
    const { laboratory, sessions, pageAt } = this.deps;
    const { method = '', headers } = request;
    if (!path.startsWith('/v1/')) {
      const page = pageAt(path, headers);
      if (page === undefined) throw new HttpRefusal(404, `não há nada em ${repeated(path)}`);
      assertMethod(method, ['GET', 'HEAD']);
      return page;
    }
    if (path === '/v1/sessao') {
      assertMethod(method, ['POST']);
      const { token } = Object(await bodyOf(request)) as { readonly token?: unknown };
      if (typeof token !== 'string') throw new KvsError('PEDIDO_INVALIDO', 'falta o campo "token", um texto');
      return json({ sessao: sessions.open(token) });
    }
    if (path === '/v1/comando') {
      assertMethod(method, ['GET', 'HEAD']);
      return json({ comando: this.deps.command });
    }
    sessions.assertSession(headers.authorization);
    switch (path) {
      case '/v1/situacao':
        assertMethod(method, ['GET', 'HEAD']);
        return json(laboratory.situation());
      case '/v1/gravacao':
        assertMethod(method, ['GET', 'HEAD']);
        sendRecording(laboratory, method, response);
        return undefined;
      case '/v1/eventos':
        assertMethod(method, ['GET']);
        this.stream(response, firstOf(query));
        return undefined;
      case '/v1/acao':
        assertMethod(method, ['POST']);
        return this.act(request);
      default:
        throw new HttpRefusal(404, `não há nada em ${repeated(path)}`);
    }
  }

  private async act(request: IncomingMessage): Promise<HttpAnswer> {
    const action = actionOf(await bodyOf(request));
    if (this.actions >= supervisorLimits.actions) {
      throw new KvsError('LIMITE_PEDIDOS', 'ações demais ao mesmo tempo: espere as de antes');
    }
    this.actions++;
    try {
      return json(await this.deps.laboratory.act(action));
    } finally {
      this.actions--;
    }
  }

  private stream(response: ServerResponse, from: number): void {
    if (this.streams.size >= supervisorLimits.streams) {
      throw new KvsError('LIMITE_PEDIDOS', `já há ${supervisorLimits.streams} páginas abertas`);
    }
    response.writeHead(200, { ...PROTECTION, 'content-type': LINES });
    const stream: EventStream = new EventStream(response, this.deps.laboratory, from);
    this.streams.add(stream);
    response.once('close', () => {
      stream.end();
      this.streams.delete(stream);
    });
    stream.begin();
  }
}

const LINES = 'application/x-ndjson; charset=utf-8';

/** @throws HttpRefusal 400, 403, 414, 431 */
function pathOf({ url = '', rawHeaders, headers, socket }: IncomingMessage): {
  readonly path: string;
  readonly query: string | undefined;
} {
  if (url.length > httpLimits.targetBytes) throw tooLongTarget();
  const bounds = headerProblem(rawHeaders.length / 2, headerBytes(rawHeaders));
  if (bounds !== undefined) throw new HttpRefusal(431, bounds);
  const target = requestTarget(url, rawHeaders);
  if (target === undefined)
    throw new HttpRefusal(400, 'o pedido diz a quem se dirige (Host) de duas maneiras');
  const { host, path, query } = target;
  const { origin, 'sec-fetch-site': site } = headers;
  const from = { host, origin, fetchSite: site?.toString(), localAddress: socket.localAddress };
  const problem = originProblem(from, NO_NAMES);
  if (problem !== undefined) throw new HttpRefusal(403, problem, {}, 'NAO_AUTORIZADO');
  return { path, query };
}

function assertMethod(method: string, allowed: readonly string[]): void {
  if (allowed.includes(method)) return;
  const allow = allowed.join(', ');
  throw new HttpRefusal(405, `aqui há ${allow}, e não ${repeated(method)}`, { allow });
}

/** @throws KvsError PEDIDO_INVALIDO */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > supervisorLimits.actionBytes) {
      throw new HttpRefusal(413, `o pedido passa de ${supervisorLimits.actionBytes} bytes`, {
        connection: 'close',
      });
    }
    pieces.push(piece);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces)));
  } catch {
    throw new KvsError('PEDIDO_INVALIDO', 'esperado JSON em UTF-8');
  }
}

/** The number of the first event that is wanted. @throws KvsError PEDIDO_INVALIDO */
function firstOf(query: string | undefined): number {
  const [, text] = /^desde=(\d{1,9})$/.exec(query ?? 'desde=1') ?? [];
  if (text === undefined) throw new KvsError('PEDIDO_INVALIDO', 'esperado ?desde=N, o número de um evento');
  return Math.max(1, Number(text));
}

/** The recording as it is now, at the pace at which it is taken: it may be hundreds of MiB. */
function sendRecording(laboratory: ShownLaboratory, method: string, response: ServerResponse): void {
  const { headerLine, lines, startedMs } = laboratory.recording();
  const name = `laboratorio-${new Date(startedMs).toISOString().slice(0, 19).replace(/[:T]/g, '-')}.jsonl`;
  response.writeHead(200, {
    ...PROTECTION,
    ...{ 'content-type': LINES, 'content-disposition': `attachment; filename="${name}"` },
  });
  if (method === 'HEAD') response.end();
  else pipeline(Readable.from(pieces(headerLine, lines), { highWaterMark: 1 }), response, () => undefined);
}

/** Lines joined to pieces of a good size. What is added meanwhile is left out. */
function* pieces(headerLine: string, lines: readonly string[]): Generator<string> {
  const { length } = lines;
  let text = headerLine;
  for (let at = 0; at < length; at++) {
    text += lines[at] ?? '';
    if (text.length < supervisorLimits.streamBytes) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

function json(value: object): HttpAnswer {
  return {
    status: 200,
    fields: { 'content-type': 'application/json; charset=utf-8' },
    body: `${JSON.stringify(value)}\n`,
  };
}

function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { status, fields, body = '' }: HttpAnswer,
): void {
  // The rest of a body that nobody wants is dropped.
  request.resume();
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { ...PROTECTION, ...fields, 'content-length': length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
