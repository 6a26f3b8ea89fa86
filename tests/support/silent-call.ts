import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';

/**
 * A gRPC call that reads nothing until told to, straight on HTTP/2: the gRPC library's own client takes in answers
 * without bound even if nobody reads them.
 */
export class SilentCall {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  #answered = false;

  /** @param path `/package.Service/Method` */
  constructor(port: number, path: string) {
    this.#session = connect(`http://127.0.0.1:${String(port)}`);
    this.#session.on('error', () => undefined);
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc+proto',
      te: 'trailers',
    });
    this.#stream.on('error', () => undefined);
    this.#stream.on('response', () => (this.#answered = true));
    this.#stream.pause();
  }

  /** Whether the server has begun to answer. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Sends messages, each already framed by gRPC's five bytes. Does not wait for the server to take them. */
  send(frames: Buffer): void {
    this.#stream.write(frames);
  }

  halfClose(): void {
    this.#stream.end();
  }

  /** Reads to the end; resolves with the number of bytes. */
  readAll(): Promise<number> {
    return new Promise((resolve) => {
      let bytes = 0;
      this.#stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
      this.#stream.on('close', () => {
        resolve(bytes);
      });
      this.#stream.resume();
    });
  }

  disconnect(): void {
    this.#session.destroy();
  }
}
