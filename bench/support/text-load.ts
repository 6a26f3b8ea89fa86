import { connect } from 'node:net';

/** Requests of a protocol whose requests and answers are lines and counted bytes, many under way on one connection. */
export interface TextLoad {
  readonly port: number;
  readonly calls: number;
  readonly inFlight: number;
  /** Written before the first request. */
  readonly hello?: string;
  readonly request: (call: number) => string;
  /**
   * Looks at what came.
   * @param bytes what no answer before has used, one character a byte
   * @param at where the next answer begins
   * @returns where it ends, and whether it answers a request; `undefined` where more has to come
   * @throws Error at an answer that is not the right one
   */
  readonly answer: (
    bytes: string,
    at: number,
  ) => { readonly end: number; readonly counts: boolean } | undefined;
}

/** Runs the requests. @throws Error at the first answer that is not right, and when the connection breaks */
export function textLoad({ port, calls, inFlight, hello, request, answer }: TextLoad): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay();
  return new Promise((resolve, reject) => {
    let [sent, done, rest] = [0, 0, ''];
    const send = (): void => {
      let out = '';
      while (sent < calls && sent - done < inFlight) out += request(sent++);
      if (out !== '') socket.write(out, 'latin1');
    };
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the server closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      const bytes = rest + chunk.toString('latin1');
      let at = 0;
      try {
        for (let next = answer(bytes, at); next !== undefined; next = answer(bytes, at)) {
          at = next.end;
          if (next.counts) done++;
        }
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        socket.destroy();
        return;
      }
      rest = bytes.slice(at);
      if (done === calls) {
        resolve();
        socket.destroy();
      } else send();
    });
    if (hello !== undefined) socket.write(hello, 'latin1');
    send();
  });
}
