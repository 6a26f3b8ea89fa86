import { request as request1 } from 'node:http';
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';

/** What a server answered. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export type HttpVersion = '1.1' | '2';

/** A client of HTTP that sends targets as they are given, by either version. */
export class HttpClient {
  private session: ClientHttp2Session | undefined;

  constructor(
    private readonly port: number,
    private readonly version: HttpVersion,
  ) {}

  close(): void {
    this.session?.destroy();
  }

  ask(method: string, target: string, asked: Asked = {}): Promise<HttpReply> {
    return this.version === '2' ? this.ask2(method, target, asked) : this.ask1(method, target, asked);
  }

  get(target: string, headers: Asked['headers'] = {}): Promise<HttpReply> {
    return this.ask('GET', target, { headers });
  }

  put(target: string, body: Asked['body'], headers: Asked['headers'] = {}): Promise<HttpReply> {
    return this.ask('PUT', target, { headers, ...(body !== undefined && { body }) });
  }

  private ask1(method: string, path: string, { headers = {}, body }: Asked): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      const isChunked = body === undefined || 'transfer-encoding' in headers;
      const length = isChunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const request = request1(
        { port: this.port, host: '127.0.0.1', method, path, headers: { ...length, ...headers } },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
          response.on('error', reject).on('end', () => {
            const told = { ...response.headers, ...response.trailers };
            const flat = Object.entries(told).map(([name, value]) => [name, value?.toString()] as const);
            resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(flat), text });
          });
        },
      );
      request.on('error', reject).end(body);
    });
  }

  private ask2(method: string, path: string, { headers = {}, body }: Asked): Promise<HttpReply> {
    this.session ??= connect(`http://127.0.0.1:${this.port}`).on('error', () => undefined);
    const { session } = this;
    return new Promise((resolve, reject) => {
      const endStream = body === undefined;
      const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream });
      let text = '';
      let got: Record<string, string | undefined> = {};
      const take = (more: object): void => {
        const flat = Object.entries(more).map(([name, value]) => [name, String(value)]);
        got = { ...got, ...(Object.fromEntries(flat) as typeof got) };
      };
      stream.on('response', take).on('trailers', take).on('error', reject);
      stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      stream.on('end', () => resolve({ status: Number(got[':status']), headers: got, text }));
      if (!endStream) stream.end(body);
    });
  }
}

/** The fields of a problem document. */
export function problemIn({ status, headers, text }: HttpReply): [number, string] {
  const document = JSON.parse(text) as { readonly codigo: string; readonly status: number };
  if (document.status !== status) throw new Error(`status ${status} tells ${document.status}`);
  if (headers['content-type'] !== 'application/problem+json; charset=utf-8') throw new Error('no problem');
  return [status, document.codigo];
}
